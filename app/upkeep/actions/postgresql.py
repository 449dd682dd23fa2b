"""Calls pg_dump and pg_restore; a password never stands on a command line."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from sqlalchemy import Engine

from app.upkeep.rules import Refused

PLACES = Path("/usr/lib/postgresql")


def program(name: str) -> str:
    """The path of a PostgreSQL program: PATH's, else the newest installed; Refused without."""
    found = shutil.which(name)
    if found:
        return found
    installed = [path for path in PLACES.glob(f"*/bin/{name}") if path.parts[-3].isdecimal()]
    if not installed:
        raise Refused(f"{name} is not installed: it comes with PostgreSQL's client programs.")
    return str(max(installed, key=lambda path: int(path.parts[-3])))


def run(engine: Engine, command: Sequence[str], **instead: Any) -> None:
    """Runs a PostgreSQL program on the engine's database; Refused with its last line."""
    _, named = engine.dialect.create_connect_args(engine.url)
    options = {option.keyword.decode() for option in Conninfo.get_defaults()}
    named = {key: value for key, value in {**named, **instead}.items() if key in options}
    password = named.pop("password", None)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    call([*command, f"--dbname={make_conninfo(**named)}"], environment)


def call(command: Sequence[str], environment: dict[str, str] | None = None) -> None:
    """Runs a program; Refused with the last line it said where it fails."""
    done = subprocess.run(  # noqa: S603 - our own words and the settings of the operator
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Refused(f"{Path(command[0]).name} failed: {said}")
