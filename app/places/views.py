"""Pages for admins to open, change and close desks."""

from functools import partial
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

from app import clock
from app.db.session import db
from app.field_errors import FieldError
from app.places import actions, forms, queries, rules
from app.places.queries import ALL_DESKS, DeskRow
from app.places.vocabulary import DESK_STATES, programme
from app.web.access import allow, principal
from app.web.form_errors import (
    error_status,
    messages_by_field,
    respond_to_form,
)
from app.web.pages import PageVariables, flash_message, redirect_or_json, render_page

blueprint = Blueprint("places", __name__)


@blueprint.get("/desks")
@allow("configure")
def desks() -> Response:
    """Show every desk by country, and whether it is open today."""
    all_desks = queries.list_desks(db.session(), ALL_DESKS)
    groups = groupby(all_desks, lambda desk: desk.country)
    countries = [(code, list(country_desks)) for code, country_desks in groups]
    states = {desk.id: _state(desk) for desk in all_desks}
    number_open = sum(state == "open" for state in states.values())
    context: PageVariables = {"countries": countries, "states": states, "number_open": number_open}
    return render_page("places/desks.html", DESK_STATES=DESK_STATES, **context)


def _state(desk: DeskRow) -> str:
    return rules.state_on(desk.opened_on, desk.closed_on, clock.today_at(desk.time_zone))


@blueprint.get("/desks/new")
@allow("configure")
def new() -> Response:
    """Show the form of a new desk."""
    return _new_page(forms.NewDeskForm(opened_on=clock.now().date()), [])


@blueprint.post("/desks/new")
@allow("configure")
def open_new() -> AnyResponse:
    """Open the desk, or show the form again with its values and errors."""
    form = forms.NewDeskForm.from_request()
    return respond_to_form(
        form,
        lambda: actions.open_desk(db.session(), principal().account_id, form.fields()),
        done=partial(_back_to_list, gettext("The desk is open.")),
        page=partial(_new_page, form),
    )


def _back_to_list(message: str, _: None) -> Response:
    flash_message(message)
    return redirect_or_json(url_for("places.desks"))


def _new_page(form: forms.NewDeskForm, errors: list[FieldError]) -> Response:
    context = {
        "areas": forms.areas_by_country(list(programme())),
        "countries": forms.country_choices(),
    }
    return _form_page("places/new.html", form, errors, **context)


def _form_page(template: str, form: Any, errors: list[FieldError], **context: Any) -> Response:
    zones = sorted({country.time_zone for country in programme().values()})
    shared = {"modalities": forms.modality_choices(), "zones": zones, "stored": {}}
    status, messages = error_status(errors), messages_by_field(errors)
    return render_page(template, status, form=form, errors=messages, **{**shared, **context})


@blueprint.get("/desks/<code>")
@allow("configure")
def desk(code: str) -> Response:
    """Show the forms that change or close a desk."""
    row = _get_desk(code)
    return _desk_page(row, forms.form_of(row), [])


def _get_desk(code: str) -> DeskRow:
    row = queries.find_desk(db.session(), ALL_DESKS, code)
    if row is None:
        abort(404)
    return row


def _desk_page(row: DeskRow, form: Any, errors: list[FieldError], *, closing: str = "") -> Response:
    context = {"desk": row, "state": _state(row), "areas": forms.area_choices(row.country)}
    if error_status(errors) == 409 and not closing:
        context |= {"stored": forms.stored_values(form, row)}
    context |= {"DESK_STATES": DESK_STATES, "closing": closing}
    return _form_page("places/desk.html", form, errors, **context)


@blueprint.post("/desks/<code>")
@allow("configure")
def change(code: str) -> AnyResponse:
    """Change the desk; 409 if it was changed since the page was opened."""
    row, form = _get_desk(code), forms.ChangedDeskForm.from_request()
    account_id = principal().account_id
    return respond_to_form(
        form,
        lambda: actions.change_desk(
            db.session(), account_id, row, form.version.data, form.fields_in(row.country)
        ),
        done=partial(_back_to_list, gettext("The desk was changed.")),
        page=partial(_desk_page, row, form),
    )


@blueprint.post("/desks/<code>/close")
@allow("configure")
def close(code: str) -> AnyResponse:
    """Set the desk's last day."""
    row, form = _get_desk(code), forms.PlaceClosingForm.from_request()
    account_id, day, version = principal().account_id, form.closed_on, form.version
    return respond_to_form(
        form,
        lambda: actions.close_desk(db.session(), account_id, row, version.data, day.data),
        done=partial(_back_to_list, gettext("The desk's last day is set.")),
        page=partial(_desk_page, row, forms.form_of(row), closing=day.input_value()),
    )
