"""The desk of a new referral or return request."""

from flask import abort

from app.db.session import db
from app.places.queries import DeskRow, find_desk, list_desks
from app.web.access import principal


def get_own_desk(code: str | None, preferred: str = "") -> DeskRow:
    """Return the account's desk of a code, 404 if it is not its own.

    Without a code return the account's desk `preferred`, else its first.
    """
    session, scope = db.session(), principal().scope
    if code:
        desk = find_desk(session, scope, code)
    else:
        own = find_desk(session, scope, preferred) if preferred else None
        desk = own or next(iter(list_desks(session, scope)), None)
    if desk is None:
        abort(404)
    return desk
