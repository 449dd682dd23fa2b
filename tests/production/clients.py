"""Programs that speak to an installation over https, and the people they sign in as."""

import http.client
import os
import pwd
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask

from app import create_app
from app.db.session import db
from config import read_settings
from tests.factories.records import make_account, make_desk
from tests.production import certificates
from tests.production.operator import HOST, Installation
from tests.server import Client


@dataclass
class SecureClient(Client):
    """A program with a session of its own, which trusts the test authority alone."""

    authority: Path = Path()
    timeout: float = 60

    def connection(self) -> http.client.HTTPConnection:
        trusted = ssl.create_default_context(cafile=str(self.authority))
        return http.client.HTTPSConnection(HOST, self.port, timeout=self.timeout, context=trusted)


def client_of(made: Installation) -> SecureClient:
    """A program that nobody is signed in with."""
    return SecureClient(made.port, authority=certificates.authority(made.root.parent).certificate)


def settings_of(made: Installation) -> dict[str, str]:
    """The settings of an installation, as its units read them."""
    lines = (made.root / "etc/ventanilla/ventanilla.env").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: text for name, _, text in pairs}


@contextmanager
def inside(made: Installation) -> Iterator[Flask]:
    """The app with the installation's keys and database but asked without its proxy, to put something there."""
    own = read_settings(settings_of(made))
    near = {"environment": "development", "proxy_hops": 0, "runtime_directory": str(made.root)}
    app = create_app(replace(own, **near))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    account = pwd.getpwnam("ventanilla")
    for path in (made.root / "var/lib/ventanilla").glob("ventanilla.sqlite*"):
        os.chown(path, account.pw_uid, account.pw_gid)


def people_of(made: Installation) -> None:
    """Puts two desks with `ana` and `eva`, their supervisor `susana`, `rita` (regional) and `adela` (admin) there."""
    with inside(made):
        here, near = make_desk("HND-01"), make_desk("HND-02")
        make_account("ana", "desk_staff", (here,))
        make_account("eva", "desk_staff", (near,))
        make_account("susana", "supervisor", countries=("HND",))
        make_account("rita", "regional")
        make_account("adela", "admin")
