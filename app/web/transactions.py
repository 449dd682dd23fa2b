"""Runs a request as one transaction, and again if it lost a race inside the database."""

import logging
import random
import time
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request, session
from flask.globals import request_ctx

from app.db.faults import RETRYABLE, classify_error, is_disconnect
from app.db.session import has_committed, rollback_or_invalidate

log = logging.getLogger("ventanilla")
MAX_RUNS = 3
MAX_PAUSE = 0.05
"""Seconds; random before each run, so that two colliding requests do not collide again."""


def run_transaction(run: Callable[[], Response]) -> Response:
    """Return the response of a transaction, run at most MAX_RUNS times, each from the beginning as if the first.

    It is run again only if nothing of it was stored and the request can be read twice: see `_may_run_again`.
    """
    initial_globals = dict(vars(_globals()))
    has_committed.set(False)
    for number in range(1, MAX_RUNS):
        try:
            return run()
        except Exception as error:
            if not _may_run_again(error):
                raise
            _reset_request(error, initial_globals)
        time.sleep(random.uniform(0, MAX_PAUSE) * number)  # noqa: S311 - no secret
    return run()


def _may_run_again(error: Exception) -> bool:
    """Whether the transaction was rolled back and can be repeated.

    An independent transaction of the request (the count of a wrong password) stays and must not be repeated; an
    uploaded file can be read only once.
    """
    has_lost = classify_error(error).kind in RETRYABLE or is_disconnect(error)
    return has_lost and not has_committed.get() and not _has_files()


def _has_files() -> bool:
    # Only the object behind the proxy shows what was parsed so far.
    return bool(vars(request._get_current_object()).get("files"))  # type: ignore[attr-defined]


def _reset_request(error: Exception, initial_globals: dict[str, Any]) -> None:
    """Reset all that the run left in this request: transaction, `g`, session, flashed messages."""
    fault = classify_error(error)
    log.info("database", extra={"fields": {"kind": fault.kind, "code": fault.code, "again": True}})
    rollback_or_invalidate()
    request_globals = vars(_globals())
    request_globals.clear()
    request_globals.update(initial_globals)
    stored_session = current_app.session_interface.open_session(current_app, request)
    session.clear()
    session.update(stored_session or {})
    request_ctx.flashes = None


def _globals() -> Any:
    return g._get_current_object()
