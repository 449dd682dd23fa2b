"""Access control: the principal of a request, its scope, and the permission that every view must declare."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

from flask import Flask, Response, abort, g, has_request_context, make_response, request
from flask_limiter import Limiter, RequestLimit
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect

from app.db import session
from app.db.connections import read_only
from app.privacy.network_addresses import rate_limit_network
from app.web import rate_limits
from app.web.cross_site import refuse_cross_site
from app.web.device_auth import current_device
from app.web.metrics import may_scrape
from app.web.permissions import PERMISSIONS
from app.web.security_events import report_event
from app.web.transactions import run_transaction

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LIMITS_STORAGE = f"{rate_limits.SCHEME}://"
csrf = CSRFProtect()


def client_address() -> str:
    """Return the address by which requests are limited; `local` if the request came through a local socket."""
    return rate_limit_network(request.remote_addr if has_request_context() else None) or "local"


def _report_exceeded_limit(_: RequestLimit) -> None:
    report_event("too_many_requests")


limiter = Limiter(client_address, storage_uri=LIMITS_STORAGE, on_breach=_report_exceeded_limit)
login_manager = LoginManager()
login_manager.session_protection = None
CSRF_EXEMPT = frozenset({"enrolling", "enrolled_device", "scrape_metrics"})
"""Permissions of requests that carry a secret themselves: no other site can send it, so no CSRF token is needed."""


@dataclass(frozen=True)
class Scope:
    """What an account may see of personal rows: desks and shelters by id, countries by alpha-3, or all figures.

    `home_country` is the country whose number and date formats the account gets; it grants nothing.
    `desks_version` is the sum of all desks' versions at this request: cached desks are valid until it changes.
    """

    desks: frozenset[int] = frozenset()
    countries: frozenset[str] = frozenset()
    programme: bool = False
    shelters: frozenset[int] = frozenset()
    home_country: str = ""
    number_locale: str = ""
    desks_version: int | None = None


@dataclass(frozen=True)
class Principal:
    """Who acts: account, role, permissions and scope at the time of this request."""

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
    """No account is signed in, or the session has ended."""


def principal() -> Principal:
    """Return the signed-in account; raises NotSignedIn if there is none."""
    if not current_user.is_authenticated:
        raise NotSignedIn
    return current_user._get_current_object()  # type: ignore[no-any-return]


def allow(
    permission: str, *, audited: bool = False, max_bytes: int | None = None
) -> Callable[..., Any]:
    """Declare the permission of a view and run it as one transaction; `audited` marks a read that records an entry.

    Order of checks: authentication (401), permission (403), CSRF (400; not for CSRF_EXEMPT). A response below 400 is
    committed. A transaction that lost a race inside the database is run again from the start.
    `max_bytes` lets this view accept a larger body than the default.
    """
    declared = PERMISSIONS[permission].code

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(**arguments: Any) -> Response:
            if request.method in SAFE_METHODS:
                return run_transaction(partial(_read, declared, view, arguments, audited))
            if max_bytes is not None:
                request.max_content_length = max_bytes
            return run_transaction(partial(_change, declared, view, arguments))

        guarded.permission = declared  # type: ignore[attr-defined]
        return guarded

    return decorate


def _read(
    permission: str, view: Callable[..., Any], arguments: dict[str, Any], audited: bool
) -> Response:
    with read_only():
        _authorize(permission)
        finish = session.commit_audited_read if audited else session.commit
        return _respond(view, arguments, finish)


def _change(permission: str, view: Callable[..., Any], arguments: dict[str, Any]) -> Response:
    _authorize(permission)
    if permission not in CSRF_EXEMPT:
        csrf.protect()
        refuse_cross_site()
    with session.write_transaction():
        return _respond(view, arguments, session.commit)


def _authorize(permission: str) -> None:
    if permission == "enrolled_device":
        current_device()
    if permission == "scrape_metrics" and not may_scrape():
        abort(404)
    if permission == "public" or permission in CSRF_EXEMPT:
        if request.method not in SAFE_METHODS:
            current_user._get_current_object()  # loaded now: later it would end the transaction of the view
        return
    account = principal()
    if permission != "signed_in" and not account.may(permission):
        report_event("right_refused", account_id=account.account_id)
        abort(403)


def _respond(
    view: Callable[..., Any], arguments: dict[str, Any], finish: Callable[[], None]
) -> Response:
    response = make_response(view(**arguments))
    if response.status_code < 400:
        finish()
    else:
        session.db.session.rollback()
    return response


def require_declared_permissions(app: Flask) -> None:
    """Raise RuntimeError if a view does not declare its permission: there is no default."""
    for endpoint, view in app.view_functions.items():
        if endpoint != "static" and not hasattr(view, "permission"):
            raise RuntimeError(f"{endpoint} does not declare its permission")


def request_account_id() -> int | None:
    """Return the account id of this request for the log, without a query."""
    return getattr(g.get("_login_user"), "account_id", 0) or None
