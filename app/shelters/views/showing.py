"""Draws the list of shelters and the page of one, whole, for those who configure them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Response, abort

from app import clock
from app.db.session import db
from app.field_errors import Problem, refuse
from app.places import forms as places
from app.places.vocabulary import programme
from app.shelters import rules
from app.shelters.forms import offered
from app.shelters.forms.shelter import BedsForm, form_of
from app.shelters.queries.beds import list_beds
from app.shelters.queries.coordinators import list_coordinators
from app.shelters.queries.shelters import ShelterRow, find_shelter, list_all
from app.shelters.rules import Beds
from app.shelters.vocabulary import BED_CATEGORIES, SHELTER_STATES, SHELTER_TYPES
from app.web.pages import page
from app.web.requests import wants_json

WORDS: dict[str, Any] = {
    "BED_CATEGORIES": BED_CATEGORIES,
    "SHELTER_STATES": SHELTER_STATES,
    "SHELTER_TYPES": SHELTER_TYPES,
}


@dataclass(frozen=True)
class Line:
    """One shelter in the list: its state, its places, and since when its oldest number stands."""

    shelter: ShelterRow
    state: str
    free: int
    capacity: int
    counted_at: datetime | None
    is_stale: bool


def list_page() -> Response:
    """Every shelter, country by country."""
    every = list_all(db.session())
    beds = list_beds(db.session(), [one.id for one in every])
    lines = [_line(one, beds.get(one.id, [])) for one in every]
    countries = [(c, list(own)) for c, own in groupby(lines, lambda line: line.shelter.country)]
    number_open = sum(line.state != "closed" for line in lines)
    return page("shelters/list.html", countries=countries, number_open=number_open, **WORDS)


def _line(shelter: ShelterRow, beds: list[Beds]) -> Line:
    free, capacity = sum(one.free for one in beds), sum(one.capacity for one in beds)
    counted_at = min((one.confirmed_at for one in beds), default=None)
    is_stale = counted_at is not None and rules.is_stale(counted_at, clock.now())
    return Line(shelter, _state(shelter), free, capacity, counted_at, is_stale)


def _state(shelter: ShelterRow) -> str:
    today = clock.today_at(shelter.time_zone)
    return rules.state_on(shelter.is_accepting, shelter.closed_on, today)


def new_page(form: Any, problems: list[Problem]) -> Response:
    """The page that opens a shelter, with what was typed and what is wrong."""
    facts = {
        "areas": places.areas_by_country(list(programme())),
        "countries": places.country_choices(),
    }
    return _form_page("shelters/new.html", form, problems, **facts)


def shelter_page(
    shelter: ShelterRow, problems: list[Problem], form: Any = None, **typed: Any
) -> Response:
    """The page of one shelter; `form` is what was typed of the shelter itself, `typed` what elsewhere on the page."""
    beds = list_beds(db.session(), [shelter.id]).get(shelter.id, [])
    facts: dict[str, Any] = {"shelter": shelter, "state": _state(shelter), "beds": beds, **WORDS}
    facts["areas"] = places.area_choices(shelter.country)
    facts["coordinators"] = list_coordinators(db.session(), shelter.country)
    if form is not None and status(problems) == 409:
        facts["now"] = offered.stored_now(form, shelter)
    typed = {"closing": "", "bed_form": BedsForm(), **typed}
    return _form_page("shelters/shelter.html", form or form_of(shelter), problems, **facts, **typed)


def _form_page(template: str, form: Any, problems: list[Problem], **facts: Any) -> Response:
    wrong: dict[str, str] = {}
    for problem in problems:
        wrong.setdefault(problem.field, problem.sentence)
    zones = sorted({country.time_zone for country in programme().values()})
    shared = {"zones": zones, "now": {}, "offered": offered.choices(form.languages.data or ())}
    return page(template, status(problems), form=form, wrong=wrong, **{**shared, **facts})


def status(problems: list[Problem]) -> int:
    """The status of a page with these problems: 200, 409 where somebody was faster, else 422."""
    if any(problem.code == "stale" for problem in problems):
        return 409
    return 422 if problems else 200


def again(problems: list[Problem]) -> Response | None:
    """The answer to a program that sent something wrong, None where a page is wanted."""
    if not wants_json():
        return None
    answer = refuse(problems)
    answer.status_code = status(problems)
    return answer


def shelter_of(code: str) -> ShelterRow:
    """The shelter of a code; 404 where there is none."""
    found = find_shelter(db.session(), code)
    if found is None:
        abort(404)
    return found
