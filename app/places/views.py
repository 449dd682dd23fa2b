"""Pages on which an admin opens, changes and closes desks."""

from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, url_for
from flask_babel import gettext

from app import clock
from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.places import actions, forms, queries, rules
from app.places.queries import EVERYWHERE, DeskRow
from app.places.vocabulary import DESK_STATES, programme
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, page, flash_message
from app.web.requests import wants_json

blueprint = Blueprint("places", __name__)


@blueprint.get("/desks")
@allow("configure")
def desks() -> Response:
    """Every desk, country by country, and whether it is open today."""
    every = queries.list_desks(db.session(), EVERYWHERE)
    countries = [(code, list(own)) for code, own in groupby(every, lambda desk: desk.country)]
    states = {desk.id: _state(desk) for desk in every}
    number_open = sum(state == "open" for state in states.values())
    facts: dict[str, Any] = {"states": states, "number_open": number_open}
    return page("places/desks.html", DESK_STATES=DESK_STATES, countries=countries, **facts)


def _state(desk: DeskRow) -> str:
    return rules.state_on(desk.opened_on, desk.closed_on, clock.today_at(desk.time_zone))


@blueprint.get("/desks/new")
@allow("configure")
def new() -> Response:
    """The page that opens a desk."""
    return _new_page(forms.NewDeskForm(opened_on=clock.now().date()), [])


@blueprint.post("/desks/new")
@allow("configure")
def open_new() -> Response:
    """Opens the desk, or the page again with what was typed and what is wrong."""
    form = forms.NewDeskForm.from_request()
    errors = form.field_errors()
    if not errors:
        errors = actions.open_desk(db.session(), principal().account_id, form.fields())
    if errors:
        return _again(errors) or _new_page(form, errors)
    flash_message(gettext("The desk is open."))
    return redirect_or_json(url_for("places.desks"))


def _new_page(form: forms.NewDeskForm, errors: list[FieldError]) -> Response:
    facts = {
        "areas": forms.areas_by_country(list(programme())),
        "countries": forms.country_choices(),
    }
    return _form_page("places/new.html", form, errors, **facts)


def _form_page(template: str, form: Any, errors: list[FieldError], **facts: Any) -> Response:
    wrong: dict[str, str] = {}
    for error in errors:
        wrong.setdefault(error.field, error.message)
    zones = sorted({country.time_zone for country in programme().values()})
    shared = {"modalities": forms.modality_choices(), "zones": zones, "now": {}}
    return page(template, _status(errors), form=form, wrong=wrong, **{**shared, **facts})


def _status(errors: list[FieldError]) -> int:
    if any(error.code == "stale" for error in errors):
        return 409
    return 422 if errors else 200


def _again(errors: list[FieldError]) -> Response | None:
    if not wants_json():
        return None
    answer = errors_response(errors)
    answer.status_code = _status(errors)
    return answer


@blueprint.get("/desks/<code>")
@allow("configure")
def desk(code: str) -> Response:
    """The page that changes or closes a desk."""
    found = _desk(code)
    return _desk_page(found, forms.form_of(found), [])


def _desk(code: str) -> DeskRow:
    found = queries.find_desk(db.session(), EVERYWHERE, code)
    if found is None:
        abort(404)
    return found


def _desk_page(shown: DeskRow, form: Any, errors: list[FieldError], closing: str = "") -> Response:
    facts = {"desk": shown, "state": _state(shown), "areas": forms.area_choices(shown.country)}
    if _status(errors) == 409 and not closing:
        facts |= {"now": forms.stored_now(form, shown)}
    words = {"DESK_STATES": DESK_STATES, "closing": closing}
    return _form_page("places/desk.html", form, errors, **words, **facts)


@blueprint.post("/desks/<code>")
@allow("configure")
def change(code: str) -> Response:
    """Changes the desk; refuses where it was changed since the page was opened."""
    found, form = _desk(code), forms.ChangedDeskForm.from_request()
    errors, by = form.field_errors(), principal().account_id
    if not errors:
        fields = form.fields_in(found.country)
        errors = actions.change_desk(db.session(), by, found, form.version.data, fields)
    if errors:
        return _again(errors) or _desk_page(found, form, errors)
    flash_message(gettext("The desk was changed."))
    return redirect_or_json(url_for("places.desks"))


@blueprint.post("/desks/<code>/close")
@allow("configure")
def close(code: str) -> Response:
    """Sets the desk's last day."""
    found, form = _desk(code), forms.ClosingForm.from_request()
    errors, by = form.field_errors(), principal().account_id
    if not errors:
        day, version = form.closed_on.data, form.version.data
        errors = actions.close_desk(db.session(), by, found, version, day)
    if errors:
        typed = form.closed_on.input_value()
        return _again(errors) or _desk_page(found, forms.form_of(found), errors, typed)
    flash_message(gettext("The desk's last day is set."))
    return redirect_or_json(url_for("places.desks"))
