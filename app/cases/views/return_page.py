"""Draws the page on which a return request is opened, and the one that names the request there is already."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from app.cases.forms.returns import Shown, offered_nationalities
from app.codelists.shared_codelists import (
    AGE_BANDS,
    KNOWN_AGES,
    SEXES,
    SHORT_AGES,
    SHORT_SEXES,
    SPECIAL_NATIONALITIES,
    UNKNOWN_AGES,
)
from app.db.session import db
from app.field_errors import FIELD_ERRORS
from app.i18n import language
from app.places.queries import DeskRow, list_desks
from app.returns import vocabulary
from app.returns.queries.requests import RequestRow
from app.web.access import principal
from app.web.pages import page

WORDS: dict[str, Any] = {
    "v": vocabulary,
    "FIELD_ERRORS": FIELD_ERRORS,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "KNOWN_AGES": KNOWN_AGES,
    "UNKNOWN_AGES": UNKNOWN_AGES,
    "SHORT_AGES": SHORT_AGES,
    "SHORT_SEXES": SHORT_SEXES,
    "SPECIAL_NATIONALITIES": SPECIAL_NATIONALITIES,
}


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
