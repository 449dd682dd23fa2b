"""Calls pg_dump, pg_restore and psql; a password never stands on a command line."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from sqlalchemy import Engine

from app.ops.rules import Refused

PLACES = Path("/usr/lib/postgresql")
PSQL = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse")


def program(name: str) -> str:
    """The path of a PostgreSQL program: PATH's, else the newest installed; Refused without."""
    found = shutil.which(name)
    if found:
        return found
    installed = [path for path in PLACES.glob(f"*/bin/{name}") if path.parts[-3].isdecimal()]
    if not installed:
        raise Refused(f"{name} is not installed: it comes with PostgreSQL's client programs.")
    return str(max(installed, key=lambda path: int(path.parts[-3])))


def dump(engine: Engine, target: Path, snapshot: str, server: dict[str, Any]) -> None:
    """Writes a dump of a snapshot from the server that gave it; Refused with the last line said."""
    address, environment = _address(engine, **server)
    command = [program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges"]
    command += ["--no-password", f"--snapshot={snapshot}", f"--file={target}", address]
    with TemporaryFile() as said:
        code = subprocess.run(command, env=environment, stderr=said, check=False).returncode  # noqa: S603 - our own words
        _refuse_failed("pg_dump", code, said)


def list_tables(pieces: Iterator[bytes]) -> set[str]:
    """The names of the tables that a dump makes; Refused if this server's programs cannot read it."""
    with TemporaryFile() as listed, TemporaryFile() as said:
        command = [program("pg_restore"), "--list"]
        with subprocess.Popen(  # noqa: S603 - our own words
            command, stdin=subprocess.PIPE, stdout=listed, stderr=said
        ) as reader:
            _feed(reader, pieces)
        _refuse_failed("pg_restore", reader.returncode, said)
        listed.seek(0)
        lines = [line.decode().split() for line in listed if not line.startswith(b";")]
    return {words[5] for words in lines if words[3:4] == ["TABLE"] and words[4] != "DATA"}


def restore(engine: Engine, pieces: Iterator[bytes], last: str) -> None:
    """Runs a dump and then further statements as one transaction; Refused with the error's line.

    COMMIT is the last word: whatever ends before it, a killed process too, leaves nothing.
    """
    address, environment = _address(engine)
    script = [program("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
    command = [program("psql"), *PSQL, "--no-password", "--output=/dev/null", address]
    with TemporaryFile() as psql_said, TemporaryFile() as reader_said:
        with subprocess.Popen(  # noqa: S603 - our own words and the settings of the operator
            command, env=environment, stdin=subprocess.PIPE, stderr=psql_said
        ) as psql:
            assert psql.stdin is not None  # noqa: S101 - a pipe was asked for
            code = _pass_on(script, pieces, psql.stdin, reader_said)
            with suppress(BrokenPipeError):
                psql.stdin.write(b"" if code else f"{last}COMMIT;\n".encode())
            with suppress(BrokenPipeError):
                psql.stdin.close()
        _refuse_failed("psql", psql.returncode, psql_said)
        _refuse_failed("pg_restore", code, reader_said)


def _pass_on(script: list[str], pieces: Iterator[bytes], out: IO[bytes], said: IO[bytes]) -> int:
    with suppress(BrokenPipeError):
        out.write(b"BEGIN;\n")
        out.flush()
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=out, stderr=said) as reader:  # noqa: S603 - our own words
        _feed(reader, pieces)
    return reader.returncode


def _feed(reader: subprocess.Popen[bytes], pieces: Iterator[bytes]) -> None:
    assert reader.stdin is not None  # noqa: S101 - a pipe was asked for
    with suppress(BrokenPipeError):
        for piece in pieces:
            reader.stdin.write(piece)
    with suppress(BrokenPipeError):
        reader.stdin.close()


def _refuse_failed(name: str, code: int, said: IO[bytes]) -> None:
    if code:
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
        raise Refused(f"{name} failed, nothing was kept: {(lines or ['no reason given'])[-1]}")


def _address(engine: Engine, **instead: Any) -> tuple[str, dict[str, str]]:
    """The option that names the engine's database, and the environment that holds its password."""
    _, named = engine.dialect.create_connect_args(engine.url)
    options: Sequence[str] = [option.keyword.decode() for option in Conninfo.get_defaults()]
    named = {key: value for key, value in {**named, **instead}.items() if key in options}
    password = named.pop("password", None)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    return f"--dbname={make_conninfo(**named)}", environment
