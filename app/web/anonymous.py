"""Who asks without a session, or without a database that could tell whose session it is."""

from dataclasses import dataclass

from flask import g

from app.web.access import Principal


@dataclass(frozen=True)
class Nobody(Principal):
    """Who asks without a session: may nothing and sees nothing, and answers every question that a page asks."""

    account_id: int = 0
    username: str = ""
    role: str = ""
    permissions: frozenset[str] = frozenset()
    is_authenticated: bool = False
    is_active: bool = False
    is_anonymous: bool = True


def ask_nobody() -> None:
    """From here on this request is nobody's, unless it is known already whose: the database is not asked for it."""
    if "_login_user" not in g:
        g._login_user = Nobody()
