"""Makes a file appear whole or not at all, and turns errors of the disk or the database into one sentence."""

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

from app.db.session import CommitOutcomeUnknown
from app.ops.rules import OperationRefused

PREFIX = ".ventanilla-"
FULL = (errno.ENOSPC, errno.EDQUOT)
MARGIN = 2**20
"""Bytes that stay free in addition to those that are written."""


@contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """Create a folder in a directory, for this process and user alone, and remove it afterwards.

    Folders that killed processes left there are removed too: a living one holds a lock on its folder.
    """
    with ExitStack() as stack:
        with locked_directory(directory):
            _remove_abandoned(directory)
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=directory))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            with suppress(OSError):
                stack.enter_context(_lock(folder, fcntl.LOCK_EX))
        yield folder


@contextmanager
def locked_directory(directory: Path) -> Iterator[None]:
    """Let one process at a time change the contents of a directory; a network disk may not support locks."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_lock(directory, fcntl.LOCK_EX))
        yield


def _remove_abandoned(directory: Path) -> None:
    for folder in directory.glob(f"{PREFIX}*/"):
        with suppress(OSError), _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(folder)


@contextmanager
def _lock(directory: Path, mode: int) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, mode)
        yield
    finally:
        os.close(handle)


def fsync(path: Path) -> None:
    """Wait until a file or directory is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def require_free_space(directory: Path, needed: int) -> None:
    """Raise OperationRefused if a directory's disk has fewer bytes free than will be written."""
    free = shutil.disk_usage(directory).free
    if free < needed + MARGIN:
        raise OperationRefused(
            f"The disk of {directory} has {free // 2**20} MB free and {(needed + MARGIN) // 2**20} MB "
            "are needed: nothing was written."
        )


@contextmanager
def errors_as_refusals(folder: Path) -> Iterator[None]:
    """Turn errors of a folder's disk and of the database into OperationRefused."""
    try:
        yield
    except OSError as error:
        raise OperationRefused(_disk_sentence(folder, error)) from error
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        wrong = f"The database file is not sound or cannot be used: {error}."
        raise OperationRefused(_disk_full_sentence(folder) if full else wrong) from error
    except CommitOutcomeUnknown as error:
        raise OperationRefused("A standby did not confirm the change: nothing was kept.") from error
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise OperationRefused(f"The database cannot be used: {reason}.") from error


def _disk_sentence(folder: Path, error: OSError) -> str:
    if error.errno in FULL:
        return _disk_full_sentence(folder)
    return f"{error.filename or folder} cannot be used: {error.strerror}."


def _disk_full_sentence(folder: Path) -> str:
    return f"The disk of {folder} is full: nothing was kept."
