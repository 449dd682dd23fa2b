"""Runs pg_dump, pg_restore and psql; a password is never on a command line."""

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

from app.ops.rules import OperationRefused

INSTALLATIONS = Path("/usr/lib/postgresql")
PSQL = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse")


def program(name: str) -> str:
    """Return the path of a PostgreSQL program: PATH's, else the newest installed; raise OperationRefused without."""
    on_path = shutil.which(name)
    if on_path:
        return on_path
    installed = [path for path in INSTALLATIONS.glob(f"*/bin/{name}") if path.parts[-3].isdecimal()]
    if not installed:
        raise OperationRefused(
            f"{name} is not installed: it comes with PostgreSQL's client programs."
        )
    return str(max(installed, key=lambda path: int(path.parts[-3])))


def dump(engine: Engine, target: Path, snapshot: str, server: dict[str, Any]) -> None:
    """Write a dump of a snapshot from the server that exported it; OperationRefused has pg_dump's last line."""
    address, environment = _address(engine, **server)
    command = [program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges"]
    command += ["--no-password", f"--snapshot={snapshot}", f"--file={target}", address]
    with TemporaryFile() as errors:
        code = subprocess.run(command, env=environment, stderr=errors, check=False).returncode  # noqa: S603 - a fixed command
        _refuse_failed("pg_dump", code, errors)


def list_tables(chunks: Iterator[bytes]) -> set[str]:
    """Return the names of the tables in a dump; raise OperationRefused if this machine's programs cannot read it."""
    with TemporaryFile() as listed, TemporaryFile() as errors:
        command = [program("pg_restore"), "--list"]
        with subprocess.Popen(  # noqa: S603 - a fixed command
            command, stdin=subprocess.PIPE, stdout=listed, stderr=errors
        ) as reader:
            _feed(reader, chunks)
        _refuse_failed("pg_restore", reader.returncode, errors)
        listed.seek(0)
        lines = [line.decode().split() for line in listed if not line.startswith(b";")]
    return {words[5] for words in lines if words[3:4] == ["TABLE"] and words[4] != "DATA"}


def restore(engine: Engine, chunks: Iterator[bytes], final: str) -> None:
    """Run a dump and then the `final` statements as one transaction; OperationRefused has the error's line.

    COMMIT is the last statement: a process that ends before it, also if it is killed, leaves nothing.
    """
    address, environment = _address(engine)
    script = [program("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
    command = [program("psql"), *PSQL, "--no-password", "--output=/dev/null", address]
    with TemporaryFile() as psql_errors, TemporaryFile() as restore_errors:
        with subprocess.Popen(  # noqa: S603 - a fixed command and the settings of the operator
            command, env=environment, stdin=subprocess.PIPE, stderr=psql_errors
        ) as psql:
            assert psql.stdin is not None  # noqa: S101 - a pipe was asked for
            code = _copy_script(script, chunks, psql.stdin, restore_errors)
            with suppress(BrokenPipeError):
                psql.stdin.write(b"" if code else f"{final}COMMIT;\n".encode())
            with suppress(BrokenPipeError):
                psql.stdin.close()
        _refuse_failed("psql", psql.returncode, psql_errors)
        _refuse_failed("pg_restore", code, restore_errors)


def _copy_script(
    script: list[str], chunks: Iterator[bytes], out: IO[bytes], errors: IO[bytes]
) -> int:
    with suppress(BrokenPipeError):
        out.write(b"BEGIN;\n")
        out.flush()
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=out, stderr=errors) as reader:  # noqa: S603 - a fixed command
        _feed(reader, chunks)
    return reader.returncode


def _feed(reader: subprocess.Popen[bytes], chunks: Iterator[bytes]) -> None:
    assert reader.stdin is not None  # noqa: S101 - a pipe was asked for
    with suppress(BrokenPipeError):
        for chunk in chunks:
            reader.stdin.write(chunk)
    with suppress(BrokenPipeError):
        reader.stdin.close()


def _refuse_failed(name: str, code: int, errors: IO[bytes]) -> None:
    if code:
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
        raise OperationRefused(
            f"{name} failed, nothing was kept: {(lines or ['no reason given'])[-1]}"
        )


def _address(engine: Engine, **overrides: Any) -> tuple[str, dict[str, str]]:
    """Return the option that names the engine's database, and the environment that holds its password."""
    _, arguments = engine.dialect.create_connect_args(engine.url)
    options: Sequence[str] = [option.keyword.decode() for option in Conninfo.get_defaults()]
    arguments = {key: value for key, value in {**arguments, **overrides}.items() if key in options}
    password = arguments.pop("password", None)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    return f"--dbname={make_conninfo(**arguments)}", environment
