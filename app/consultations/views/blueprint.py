"""The blueprint that both files of views share, and how they draw the page of a consultation."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, abort, request

from app.base import clock, language
from app.base.access import principal
from app.base.answers import request_settings
from app.base.database import Record, db
from app.base.lists import (
    AGE_BANDS,
    KNOWN_AGES,
    REPEAT_CONTACTS,
    SEXES,
    SHORT_AGES,
    SHORT_SEXES,
    SITUATIONS,
    SPECIAL_NATIONALITIES,
    UNKNOWN_AGES,
)
from app.base.pages import page
from app.base.problems import PROBLEMS, Problem
from app.consultations import queries, vocabulary
from app.consultations.forms import page as shown_page
from app.consultations.forms import words
from app.consultations.forms.page import Choices, Shown
from app.consultations.rules.content import ATTACHED
from app.places.queries import DeskRow, find_desk, list_desks

blueprint = Blueprint("consultations", __name__, url_prefix="/consultations")
WORDS: dict[str, Any] = {
    "v": vocabulary,
    "ATTACHED": ATTACHED,
    "PROBLEMS": PROBLEMS,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "KNOWN_AGES": KNOWN_AGES,
    "UNKNOWN_AGES": UNKNOWN_AGES,
    "SHORT_AGES": SHORT_AGES,
    "SHORT_SEXES": SHORT_SEXES,
    "SITUATIONS": SITUATIONS,
    "REPEAT_CONTACTS": REPEAT_CONTACTS,
    "SPECIAL_NATIONALITIES": SPECIAL_NATIONALITIES,
}
CAMERA = "geolocation=(), microphone=(), camera=(self)"
"""Only here may the page itself use the camera: to scan a visitor card."""
USUAL_COOKIE = "usual"


def own_desk(code: str | None) -> DeskRow:
    """The account's desk of that code, or its first; 404 where it is not its own or it has none."""
    session, scope = db.session(), principal().scope
    found = (
        find_desk(session, scope, code) if code else next(iter(list_desks(session, scope)), None)
    )
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
    answer = page(
        "consultations/form.html",
        status,
        choices=choices,
        shown=shown,
        wrong=wrong,
        placed=_places(len(shown.groups)),
        tally_id=uuid4(),
        **_options(choices),
        **WORDS,
        **facts,
    )
    answer.headers["Permissions-Policy"] = CAMERA
    return answer


def _places(groups: int) -> set[str]:
    plain = (
        "desk",
        "id",
        "card",
        "held_on",
        "topics",
        "main_topic",
        "outcomes",
        "flags",
        "reason",
        "groups",
    )
    inside = ("persons", "nationality", "repeat_contact")
    return {*plain, *(f"groups.{n}.{name}" for n in range(groups) for name in inside)}


def _options(choices: Choices) -> dict[str, Any]:
    own = [(code, language.language(code)) for code in choices.languages]
    spoken = [pair for pair in language.spoken(language.selected()) if pair not in own]
    return {
        "world": language.world(language.selected()),
        "spoken": own + spoken,
        "channels": words.pairs(vocabulary.CHANNELS),
        "modalities": words.pairs(vocabulary.MODALITIES),
        "travel_groups": words.pairs(vocabulary.TRAVEL_GROUPS),
        "situations": words.pairs(SITUATIONS),
    }


def place_of(field: str) -> str:
    """Where on the page a field's problem stands: `groups.0.persons.1.n` at `groups.0.persons`."""
    parts = field.split(".")
    if parts[0] == "groups":
        return ".".join(parts[:3]) if len(parts) > 1 else "groups.0.persons"
    return parts[0]


def desk_of(raw: dict[str, Any]) -> DeskRow:
    """The own desk that a form was filled in at; the account's first where it names none of its own."""
    code = raw.get("desk")
    found = find_desk(db.session(), principal().scope, code) if isinstance(code, str) else None
    return found or own_desk(None)


def row_of(consultation_id: Any) -> Record:
    """The consultation within the account's scope; 404 where there is none or it is somebody else's."""
    row = queries.find_consultation(db.session(), principal().scope, consultation_id)
    if row is None:
        abort(404)
    return row


def row_to_change(consultation_id: Any) -> Record:
    """The same row, held until the request ends."""
    row = queries.find_to_change(db.session(), principal().scope, consultation_id)
    if row is None:
        abort(404)
    return row
