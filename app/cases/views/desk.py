"""The desk at which somebody is referred or a return request is opened."""

from flask import abort

from app.db.session import db
from app.places.queries import DeskRow, find_desk, list_desks
from app.web.access import principal


def own_desk(code: str | None, rather: str = "") -> DeskRow:
    """The account's desk of that code, 404 where it is not its own; without one `rather`, else its first."""
    session, scope = db.session(), principal().scope
    if code:
        found = find_desk(session, scope, code)
    else:
        preferred = find_desk(session, scope, rather) if rather else None
        found = preferred or next(iter(list_desks(session, scope)), None)
    if found is None:
        abort(404)
    return found
