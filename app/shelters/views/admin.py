"""Pages on which an admin opens, changes and closes shelters, says how many beds they have and who coordinates them."""

from typing import Any

from flask import Response, url_for
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FieldError
from app.shelters.actions import coordinators, shelters
from app.shelters.actions.beds import BedUpdate
from app.shelters.forms import shelter as forms
from app.shelters.queries.shelters import ShelterRow
from app.shelters.views.blueprint import blueprint
from app.shelters.views.pages import json_errors, list_page, new_page, get_shelter_or_404, shelter_page
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, flash_message


@blueprint.get("/shelters", endpoint="list")
@allow("configure")
def list_shelters() -> Response:
    """Every shelter, country by country, with its state, its places and how fresh they are."""
    return list_page()


@blueprint.get("/shelters/new")
@allow("configure")
def new() -> Response:
    """The page that opens a shelter."""
    return new_page(forms.NewShelterForm(), [])


@blueprint.post("/shelters/new")
@allow("configure")
def open_new() -> Response:
    """Opens the shelter, or the page again with what was typed and what is wrong."""
    form = forms.NewShelterForm.from_request()
    opened: str | list[FieldError] = form.field_errors()
    if not opened:
        opened = shelters.open_shelter(db.session(), principal().account_id, form.fields())
    if not isinstance(opened, str):
        return json_errors(opened) or new_page(form, opened)
    flash_message(gettext("The shelter is open. Now say how many beds it has and who coordinates it."))
    return redirect_or_json(url_for("shelters.one", code=opened))


@blueprint.get("/shelters/<code>")
@allow("configure")
def one(code: str) -> Response:
    """The page that changes a shelter, its beds and its coordinators, or closes it."""
    return shelter_page(get_shelter_or_404(code), [])


@blueprint.post("/shelters/<code>")
@allow("configure")
def change(code: str) -> Response:
    """Changes the shelter; refuses where it was changed since the page was opened."""
    found, form = get_shelter_or_404(code), forms.ChangedShelterForm.from_request()
    errors, by = form.field_errors(), principal().account_id
    if not errors:
        fields = form.fields_in(found.country)
        errors = shelters.change_shelter(db.session(), by, found, form.version.data, fields)
    if errors:
        return json_errors(errors) or shelter_page(found, errors, form)
    flash_message(gettext("The shelter was changed."))
    return redirect_or_json(url_for("shelters.list"))


@blueprint.post("/shelters/<code>/close")
@allow("configure")
def close(code: str) -> Response:
    """Sets the shelter's last day."""
    found, form = get_shelter_or_404(code), forms.ShelterClosingForm.from_request()
    errors, by = form.field_errors(), principal().account_id
    if not errors:
        day, version = form.closed_on.data, form.version.data
        errors = shelters.close_shelter(db.session(), by, found, version, day)
    if errors:
        return json_errors(errors) or shelter_page(found, errors, closing=form.closed_on.input_value())
    flash_message(gettext("The shelter's last day is set."))
    return redirect_or_json(url_for("shelters.list"))


@blueprint.post("/shelters/<code>/categories")
@allow("configure")
def set_capacity(code: str) -> Response:
    """Says how many places of a category there are; who is in them is said by the shelter itself."""
    found, form = get_shelter_or_404(code), forms.BedsForm.from_request()
    errors, by = form.field_errors(), principal().account_id
    if not errors:
        errors = shelters.set_capacity(db.session(), by, found, _said(form))
    if errors:
        return json_errors(errors) or shelter_page(found, errors, bed_form=form)
    return _back_to(found, gettext("The beds are up to date."))


def _said(form: forms.BedsForm) -> BedUpdate:
    category, reason = str(form.category.data), form.reason.data or ""
    return BedUpdate(category, form.capacity.data, reason=reason, is_confirmed=False)


@blueprint.post("/shelters/<code>/coordinators")
@allow("configure")
def change_coordinators(code: str) -> Response:
    """Gives the shelter to coordinators and takes it from others, from their next request on."""
    found, form = get_shelter_or_404(code), forms.CoordinatorsForm.from_request()
    errors: list[FieldError] = form.field_errors()
    if not errors:
        who: dict[str, Any] = {"added": form.added, "removed": form.removed}
        by = principal().account_id
        errors = coordinators.change_coordinators(db.session(), by, found, **who)
    if errors:
        return json_errors(errors) or shelter_page(found, errors)
    return _back_to(found, gettext("The coordinators are up to date."))


def _back_to(shelter: ShelterRow, done: str) -> Response:
    flash_message(done)
    return redirect_or_json(url_for("shelters.one", code=shelter.code))
