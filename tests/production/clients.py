"""Clients of an installation over https, and the accounts they sign in as."""

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
    """A client with its own session, which trusts only the test authority."""

    authority: Path = Path()
    timeout: float = 60

    def connection(self) -> http.client.HTTPConnection:
        trusted = ssl.create_default_context(cafile=str(self.authority))
        return http.client.HTTPSConnection(HOST, self.port, timeout=self.timeout, context=trusted)


def client_of(installation: Installation) -> SecureClient:
    """Return a client that is not signed in."""
    return SecureClient(
        installation.port, authority=certificates.authority(installation.root.parent).certificate
    )


def settings_of(installation: Installation) -> dict[str, str]:
    """Return the settings of an installation, as its units read them."""
    lines = (installation.root / "etc/ventanilla/ventanilla.env").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: text for name, _, text in pairs}


@contextmanager
def inside(installation: Installation) -> Iterator[Flask]:
    """Yield the app with the installation's keys and database but without its proxy, to store something there."""
    own = read_settings(settings_of(installation))
    near = {
        "environment": "development",
        "proxy_hops": 0,
        "runtime_directory": str(installation.root),
    }
    app = create_app(replace(own, **near))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    account = pwd.getpwnam("ventanilla")
    for path in (installation.root / "var/lib/ventanilla").glob("ventanilla.sqlite*"):
        os.chown(path, account.pw_uid, account.pw_gid)


def add_accounts(installation: Installation) -> None:
    """Create two desks with `ana` and `eva`, their supervisor `susana`, `rita` (regional) and `adela` (admin)."""
    with inside(installation):
        here, near = make_desk("HND-01"), make_desk("HND-02")
        make_account("ana", "desk_staff", (here,))
        make_account("eva", "desk_staff", (near,))
        make_account("susana", "supervisor", countries=("HND",))
        make_account("rita", "regional")
        make_account("adela", "admin")
