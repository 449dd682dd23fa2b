"""Draws the page on which a return request is opened, and the one that names the request there is already."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort

from app.base import language
from app.base.access import principal
from app.base.database import db
from app.base.lists import (
    AGE_BANDS,
    KNOWN_AGES,
    SEXES,
    SHORT_AGES,
    SHORT_SEXES,
    SPECIAL_NATIONALITIES,
    UNKNOWN_AGES,
)
from app.base.pages import page
from app.base.problems import PROBLEMS
from app.cases.forms.returning import Shown, offered_nationalities
from app.places.queries import DeskRow, find_desk, list_desks
from app.returns import vocabulary
from app.returns.queries.requests import RequestRow

WORDS: dict[str, Any] = {
    "v": vocabulary,
    "PROBLEMS": PROBLEMS,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "KNOWN_AGES": KNOWN_AGES,
    "UNKNOWN_AGES": UNKNOWN_AGES,
    "SHORT_AGES": SHORT_AGES,
    "SHORT_SEXES": SHORT_SEXES,
    "SPECIAL_NATIONALITIES": SPECIAL_NATIONALITIES,
}


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


def asking_page(
    desk: DeskRow, shown: Shown, wrong: Mapping[str, str], status: int = 200
) -> Response:
    """The page with its answers, what the desk usually meets, and what is wrong."""
    session, scope = db.session(), principal().scope
    return page(
        "cases/new_return.html",
        status,
        desk=desk,
        desks=list_desks(session, scope),
        shown=shown,
        wrong=wrong,
        party=shown.party,
        nationalities=offered_nationalities(session, scope, desk, shown),
        world=language.world(language.selected()),
        **WORDS,
    )


def requested_page(already: RequestRow) -> Response:
    """409: the consultation has a return request; which one, and how far it is."""
    return page("cases/requested.html", 409, already=already, **WORDS)
