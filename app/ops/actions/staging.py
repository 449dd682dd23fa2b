"""Makes a file appear whole or not at all, and puts what the disk or the database refuses into one sentence."""

import errno
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from app.db.session import Unacknowledged
from app.ops.rules import Refused

PREFIX = ".ventanilla-"
FULL = (errno.ENOSPC, errno.EDQUOT)
MARGIN = 2**20
"""Bytes that stay free beside what is written."""


@contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """A folder in a directory, for this process and user alone, gone afterwards.

    What a killed process left there goes too: a living one holds a lock on its folder.
    """
    with ExitStack() as stack:
        with locked(directory):
            _sweep(directory)
            place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=directory))
            stack.callback(shutil.rmtree, place, ignore_errors=True)
            with suppress(OSError):
                stack.enter_context(_lock(place, fcntl.LOCK_EX))
        yield place


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Lets one process at a time change what lies in a directory; a network disk may not know locks."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_lock(directory, fcntl.LOCK_EX))
        yield


def _sweep(directory: Path) -> None:
    for place in directory.glob(f"{PREFIX}*/"):
        with suppress(OSError), _lock(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(place)


@contextmanager
def _lock(directory: Path, how: int) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    """Returns when a file or directory is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse_lack_of_space(directory: Path, needed: int) -> None:
    """Raises Refused if a directory's disk has fewer bytes free than will be written."""
    free = shutil.disk_usage(directory).free
    if free < needed + MARGIN:
        raise Refused(
            f"The disk of {directory} has {free // 2**20} MB free and {(needed + MARGIN) // 2**20} MB "
            "are needed: nothing was written."
        )


@contextmanager
def in_one_sentence(place: Path) -> Iterator[None]:
    """Turns what the disk of a place or the database refuses into Refused."""
    try:
        yield
    except OSError as error:
        raise Refused(_said_of_disk(place, error)) from error
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        wrong = f"The database file is not sound or cannot be used: {error}."
        raise Refused(_full(place) if full else wrong) from error
    except Unacknowledged as error:
        raise Refused("A standby did not confirm the change: nothing was kept.") from error
    except DBAPIError as error:
        said = str(error.orig).strip().partition("\n")[0]
        raise Refused(f"The database cannot be used: {said}.") from error


def _said_of_disk(place: Path, error: OSError) -> str:
    if error.errno in FULL:
        return _full(place)
    return f"{error.filename or place} cannot be used: {error.strerror}."


def _full(place: Path) -> str:
    return f"The disk of {place} is full: nothing was kept."
