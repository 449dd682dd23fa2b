"""Loads the stored database of the former release into an empty one."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

FOLDER = Path(__file__).parent
ANSWERS = FOLDER / "answers.json"


def load(url: str) -> None:
    """Fill an empty database of either kind; it stands at the migration of its release."""
    kind = url.partition("+")[0].partition(":")[0]
    script = gzip.decompress((FOLDER / f"{kind}.sql.gz").read_bytes()).decode()
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
        return
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(script)
