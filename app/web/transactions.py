"""Runs a request's transaction, and once more if it lost a race inside the database that nobody needs to hear of."""

import logging
import random
import time
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request, session
from flask.globals import request_ctx

from app.db.faults import RETRYABLE, fault_of, is_disconnect
from app.db.session import abandon, has_committed

log = logging.getLogger("ventanilla")
MOST_RUNS = 3
LONGEST_PAUSE = 0.05
"""Seconds; drawn anew before each run, so that two that met do not meet again."""


def run_transaction(run: Callable[[], Response]) -> Response:
    """The answer of a transaction; it is run at most MOST_RUNS times, each from the beginning and as if the first.

    Again only if nothing of it was kept and nothing was read that cannot be read twice: see `_may_run_again`.
    """
    before = dict(vars(_globals()))
    has_committed.set(False)
    for number in range(1, MOST_RUNS):
        try:
            return run()
        except Exception as error:
            if not _may_run_again(error):
                raise
            _put_back(error, before)
        time.sleep(random.uniform(0, LONGEST_PAUSE) * number)  # noqa: S311 - no secret
    return run()


def _may_run_again(error: Exception) -> bool:
    """Whether the transaction is undone and harmless to repeat.

    What was committed on the way (the count of a wrong password) stays; it must not happen twice. A file that was sent
    is read once.
    """
    is_lost = fault_of(error).kind in RETRYABLE or is_disconnect(error)
    return is_lost and not has_committed.get() and not _has_files()


def _has_files() -> bool:
    # Only the request behind the proxy knows what was read of it so far.
    return bool(vars(request._get_current_object()).get("files"))  # type: ignore[attr-defined]


def _put_back(error: Exception, before: dict[str, Any]) -> None:
    """Takes back all that the run left in this request: transaction, globals, session, notices."""
    fault = fault_of(error)
    log.info("database", extra={"fields": {"kind": fault.kind, "code": fault.code, "again": True}})
    abandon()
    kept = vars(_globals())
    kept.clear()
    kept.update(before)
    opened = current_app.session_interface.open_session(current_app, request)
    session.clear()
    session.update(opened or {})
    request_ctx.flashes = None


def _globals() -> Any:
    return g._get_current_object()
