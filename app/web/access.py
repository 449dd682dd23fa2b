"""Who is asking, what they may do, and the mark that every view must carry."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

from flask import Flask, Response, abort, g, has_request_context, make_response, request
from flask_limiter import Limiter, RequestLimit
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect

from app.db import session
from app.db.connections import reading
from app.privacy.network_addresses import counted_address
from app.web import rate_limits
from app.web.cross_site import refuse_other_sites
from app.web.device_auth import device
from app.web.metrics import may_scrape
from app.web.permissions import PERMISSIONS
from app.web.security_events import report_event
from app.web.transactions import run_transaction

READING = frozenset({"GET", "HEAD", "OPTIONS"})
LIMITS_STORAGE = f"{rate_limits.SCHEME}://"
csrf = CSRFProtect()


def caller_address() -> str:
    """The address of this request as tries are counted by it; `local` if it came through a socket of the machine."""
    return counted_address(request.remote_addr if has_request_context() else None) or "local"


def _report_breach(_: RequestLimit) -> None:
    report_event("too_many_requests")


limiter = Limiter(caller_address, storage_uri=LIMITS_STORAGE, on_breach=_report_breach)
login_manager = LoginManager()
login_manager.session_protection = None
BY_CREDENTIAL = frozenset({"enrolling", "enrolled_device", "scrape_metrics"})
"""What is asked with a secret that the request itself carries: no other site can send it, so no token is needed."""


@dataclass(frozen=True)
class Scope:
    """What an account may see of rows about people: desks and shelters by id, countries by alpha-3, or all figures.

    `home` is the country whose way of writing numbers and dates the account reads; it grants nothing.
    `desks_as_of` is the sum of all desks' versions at this request: while it stands, what was read of them stands.
    """

    desks: frozenset[int] = frozenset()
    countries: frozenset[str] = frozenset()
    programme: bool = False
    shelters: frozenset[int] = frozenset()
    home: str = ""
    number_locale: str = ""
    desks_as_of: int | None = None


@dataclass(frozen=True)
class Principal:
    """Who is asking: account, role, permissions and scope, as they stand at this request."""

    account_id: int
    username: str
    role: str
    permissions: frozenset[str]
    scope: Scope = field(default_factory=Scope)
    locale: str = "es"
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False
    session_id: str = ""

    def get_id(self) -> str:
        return self.session_id

    def may(self, permission: str) -> bool:
        return permission in self.permissions


class NotSignedIn(Exception):
    """Nobody is signed in, or the session has ended."""


def principal() -> Principal:
    """The signed-in account; raises NotSignedIn where there is none."""
    if not current_user.is_authenticated:
        raise NotSignedIn
    return current_user._get_current_object()  # type: ignore[no-any-return]


def allow(
    permission: str, *, audited: bool = False, most_bytes: int | None = None
) -> Callable[..., Any]:
    """States who may call a view and runs it as one transaction; `audited` marks a reading that leaves an entry.

    Order: who (401), may they (403), did they mean it (CSRF, 400; not where a credential is sent).
    A view that answers below 400 is committed. One that lost a race inside the database is run again from the start.
    `most_bytes` lets this view take a larger body than all others.
    """
    stated = PERMISSIONS[permission].code

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(**arguments: Any) -> Response:
            if request.method in READING:
                return run_transaction(partial(_read, stated, view, arguments, audited))
            if most_bytes is not None:
                request.max_content_length = most_bytes
            return run_transaction(partial(_change, stated, view, arguments))

        guarded.permission = stated  # type: ignore[attr-defined]
        return guarded

    return mark


def _read(
    permission: str, view: Callable[..., Any], arguments: dict[str, Any], audited: bool
) -> Response:
    with reading():
        _admit(permission)
        finish = session.commit_audited_read if audited else session.commit
        return _answer(view, arguments, finish)


def _change(permission: str, view: Callable[..., Any], arguments: dict[str, Any]) -> Response:
    _admit(permission)
    if permission not in BY_CREDENTIAL:
        csrf.protect()
        refuse_other_sites()
    with session.write_transaction():
        return _answer(view, arguments, session.commit)


def _admit(permission: str) -> None:
    if permission == "enrolled_device":
        device()
    if permission == "scrape_metrics" and not may_scrape():
        abort(404)
    if permission == "public" or permission in BY_CREDENTIAL:
        if request.method not in READING:
            current_user._get_current_object()  # now: later it would end the change's transaction
        return
    asking = principal()
    if permission != "signed_in" and not asking.may(permission):
        report_event("right_refused", account_id=asking.account_id)
        abort(403)


def _answer(
    view: Callable[..., Any], arguments: dict[str, Any], finish: Callable[[], None]
) -> Response:
    answer = make_response(view(**arguments))
    if answer.status_code < 400:
        finish()
    else:
        session.db.session.rollback()
    return answer


def require_declared_permissions(app: Flask) -> None:
    """Stops the start where a view does not state its permission: there is no default."""
    for endpoint, view in app.view_functions.items():
        if endpoint != "static" and not hasattr(view, "permission"):
            raise RuntimeError(f"{endpoint} does not state who may call it")


def request_account_id() -> int | None:
    """The account id of this request for the log, without asking the database again."""
    return getattr(g.get("_login_user"), "account_id", 0) or None
