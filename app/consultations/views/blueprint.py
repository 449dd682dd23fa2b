"""The blueprint that both files of views share, and how they draw the page of a consultation."""

from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy import Row

from app.base import clock
from app.base.access import principal
from app.base.answers import request_settings
from app.base.database import db
from app.base.lists import AGE_BANDS, KNOWN_AGES, REPEAT_CONTACTS, SEXES, SHORT_AGES, SITUATIONS
from app.base.lists import SPECIAL_NATIONALITIES, UNKNOWN_AGES, countries_of_the_world, languages
from app.base.pages import page
from app.base.problems import Problem
from app.consultations import queries, vocabulary
from app.consultations.forms import page as shown_page
from app.consultations.forms.page import Choices, Shown
from app.places.queries import DeskRow, find_desk, list_desks

blueprint = Blueprint("consultations", __name__, url_prefix="/consultations")
WORDS: dict[str, Any] = {
    "v": vocabulary,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "KNOWN_AGES": KNOWN_AGES,
    "UNKNOWN_AGES": UNKNOWN_AGES,
    "SHORT_AGES": SHORT_AGES,
    "SITUATIONS": SITUATIONS,
    "REPEAT_CONTACTS": REPEAT_CONTACTS,
    "SPECIAL_NATIONALITIES": SPECIAL_NATIONALITIES,
}
USUAL_COOKIE = "usual"


def own_desk(code: str | None) -> DeskRow:
    """The account's desk of that code, or its first; 404 where it is not its own or it has none."""
    session, scope = db.session(), principal().scope
    found = find_desk(session, scope, code) if code else next(iter(list_desks(session, scope)), None)
    if found is None:
        abort(404)
    return found


def choices_at(desk: DeskRow) -> Choices:
    """What the desk offers today."""
    today = clock.today_at(desk.time_zone)
    start = request_settings().reporting_year_start
    return shown_page.choices(db.session(), principal().scope, desk, today, start)


def remembered() -> dict[str, str]:
    """Channel and modality of the last consultation on this device."""
    channel, _, modality = request.cookies.get(USUAL_COOKIE, "").partition(".")
    right = channel in vocabulary.CHANNELS and modality in vocabulary.MODALITIES
    return {"channel": channel, "modality": modality} if right else {}


def form_page(
    choices: Choices, shown: Shown, problems: list[Problem], status: int = 200, **facts: Any
) -> Response:
    """The page of a consultation with its answers and problems."""
    wrong: dict[str, str] = {}
    for problem in problems:
        wrong.setdefault(place_of(problem.field), problem.sentence)
    return page(
        "consultations/form.html",
        status,
        choices=choices,
        shown=shown,
        wrong=wrong,
        world=sorted(countries_of_the_world()),
        spoken=languages(),
        **WORDS,
        **facts,
    )


def place_of(field: str) -> str:
    """Where on the page a field's problem stands: `groups.0.persons.1.n` at `groups.0.persons`."""
    parts = field.split(".")
    if parts[0] == "groups":
        return ".".join(parts[:3]) if len(parts) > 1 else "groups.0.persons"
    return parts[0]


def row_of(consultation_id: Any) -> Row[Any]:
    """The consultation within the account's scope; 404 where there is none or it is somebody else's."""
    row = queries.find_consultation(db.session(), principal().scope, consultation_id)
    if row is None:
        abort(404)
    return row
