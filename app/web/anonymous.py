"""The principal of requests without a session, or whose session cannot be looked up."""

from dataclasses import dataclass

from flask import g

from app.web.access import Principal


@dataclass(frozen=True)
class AnonymousPrincipal(Principal):
    """The principal without a session: no permission and an empty scope, so that pages need no special case."""

    account_id: int = 0
    username: str = ""
    role: str = ""
    permissions: frozenset[str] = frozenset()
    is_authenticated: bool = False
    is_active: bool = False
    is_anonymous: bool = True


def use_anonymous_principal() -> None:
    """Treat the rest of this request as anonymous unless its principal is loaded already: no query is made for it."""
    if "_login_user" not in g:
        g._login_user = AnonymousPrincipal()
