"""Renders the list of shelters and the page of one, for admins."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Response, abort

from app import clock
from app.db.session import db
from app.field_errors import FieldError
from app.places import forms as places
from app.places.vocabulary import programme
from app.shelters import rules
from app.shelters.forms import options
from app.shelters.forms.shelter import BedsForm, form_for
from app.shelters.queries.beds import list_beds
from app.shelters.queries.coordinators import list_coordinators
from app.shelters.queries.shelters import ShelterRow, find_shelter, list_all
from app.shelters.rules import Beds
from app.shelters.vocabulary import BED_CATEGORIES, SHELTER_STATES, SHELTER_TYPES
from app.web.form_errors import error_status, messages_by_field
from app.web.pages import PageVariables, render_page

CODELISTS: PageVariables = {
    "BED_CATEGORIES": BED_CATEGORIES,
    "SHELTER_STATES": SHELTER_STATES,
    "SHELTER_TYPES": SHELTER_TYPES,
}


@dataclass(frozen=True)
class ShelterListRow:
    """A shelter in the list: its state, its beds, and when its oldest number was confirmed."""

    shelter: ShelterRow
    state: str
    free: int
    capacity: int
    counted_at: datetime | None
    is_stale: bool


def list_page() -> Response:
    """Render the list of every shelter by country."""
    shelters = list_all(db.session())
    beds = list_beds(db.session(), [shelter.id for shelter in shelters])
    rows = [_list_row(shelter, beds.get(shelter.id, [])) for shelter in shelters]
    by_country = groupby(rows, lambda row: row.shelter.country)
    countries = [(country, list(country_rows)) for country, country_rows in by_country]
    n_open = sum(row.state != "closed" for row in rows)
    return render_page("shelters/list.html", countries=countries, n_open=n_open, **CODELISTS)


def _list_row(shelter: ShelterRow, beds: list[Beds]) -> ShelterListRow:
    free, capacity = sum(row.free for row in beds), sum(row.capacity for row in beds)
    counted_at = min((row.confirmed_at for row in beds), default=None)
    is_stale = counted_at is not None and rules.is_stale(counted_at, clock.now())
    return ShelterListRow(shelter, _state(shelter), free, capacity, counted_at, is_stale)


def _state(shelter: ShelterRow) -> str:
    today = clock.today_at(shelter.time_zone)
    return rules.state_on(shelter.is_accepting, shelter.closed_on, today)


def new_page(form: Any, errors: list[FieldError]) -> Response:
    """Render the form of a new shelter with its errors."""
    values = {
        "areas": places.areas_by_country(list(programme())),
        "countries": places.country_choices(),
    }
    return _form_page("shelters/new.html", form, errors, **values)


def shelter_page(
    shelter: ShelterRow, errors: list[FieldError], *, form: Any = None, **other_forms: Any
) -> Response:
    """Render the page of a shelter; `other_forms` are `closing` and `bed_form` as typed, if they have errors."""
    beds = list_beds(db.session(), [shelter.id]).get(shelter.id, [])
    values: PageVariables = {"shelter": shelter, "state": _state(shelter), "beds": beds}
    values["areas"] = places.area_choices(shelter.country)
    values["coordinators"] = list_coordinators(db.session(), shelter.country)
    if form is not None and error_status(errors) == 409:
        values["stored"] = options.stored_values(form, shelter)
    values |= {"closing": "", "bed_form": BedsForm(), **CODELISTS, **other_forms}
    return _form_page("shelters/shelter.html", form or form_for(shelter), errors, **values)


def _form_page(template: str, form: Any, errors: list[FieldError], **values: Any) -> Response:
    zones = sorted({country.time_zone for country in programme().values()})
    form_options = options.form_options(form.languages.data or ())
    shared = {"zones": zones, "stored": {}, "options": form_options}
    status, messages = error_status(errors), messages_by_field(errors)
    return render_page(template, status, form=form, wrong=messages, **{**shared, **values})


def get_shelter_or_404(code: str) -> ShelterRow:
    """Return a shelter by its code; raises 404 if there is none."""
    shelter = find_shelter(db.session(), code)
    if shelter is None:
        abort(404)
    return shelter
