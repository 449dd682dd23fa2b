"""Pages on which an admin opens, changes and closes shelters and sets their beds and coordinators."""

from flask import Response, url_for
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FieldError
from app.places.forms import PlaceClosingForm
from app.shelters.actions import coordinators, shelters
from app.shelters.actions.beds import BedUpdate
from app.shelters.forms import shelter as forms
from app.shelters.queries.shelters import ShelterRow
from app.shelters.views.blueprint import blueprint
from app.shelters.views.pages import (
    get_shelter_or_404,
    json_errors,
    list_page,
    new_page,
    shelter_page,
)
from app.web.access import allow, principal
from app.web.pages import flash_message, redirect_or_json


@blueprint.get("/shelters", endpoint="list")
@allow("configure")
def list_shelters() -> Response:
    """List every shelter by country, with its state, its beds and when they were confirmed."""
    return list_page()


@blueprint.get("/shelters/new")
@allow("configure")
def new() -> Response:
    """Show the form of a new shelter."""
    return new_page(forms.NewShelterForm(), [])


@blueprint.post("/shelters/new")
@allow("configure")
def open_new() -> Response:
    """Open a shelter, or show the form again with its errors."""
    form = forms.NewShelterForm.from_request()
    result: str | list[FieldError] = form.field_errors()
    if not result:
        result = shelters.open_shelter(db.session(), principal().account_id, form.fields())
    if not isinstance(result, str):
        return json_errors(result) or new_page(form, result)
    flash_message(
        gettext("The shelter is open. Now enter how many beds it has and who coordinates it.")
    )
    return redirect_or_json(url_for("shelters.detail", code=result))


@blueprint.get("/shelters/<code>")
@allow("configure")
def detail(code: str) -> Response:
    """Show the page that changes or closes a shelter and sets its beds and coordinators."""
    return shelter_page(get_shelter_or_404(code), [])


@blueprint.post("/shelters/<code>")
@allow("configure")
def change(code: str) -> Response:
    """Change a shelter; 409 if it was changed since the page was opened."""
    shelter, form = get_shelter_or_404(code), forms.ChangedShelterForm.from_request()
    errors, account_id = form.field_errors(), principal().account_id
    if not errors:
        fields = form.fields_in(shelter.country)
        errors = shelters.change_shelter(
            db.session(), account_id, shelter, form.version.data, fields
        )
    if errors:
        return json_errors(errors) or shelter_page(shelter, errors, form)
    flash_message(gettext("The shelter was changed."))
    return redirect_or_json(url_for("shelters.list"))


@blueprint.post("/shelters/<code>/close")
@allow("configure")
def close(code: str) -> Response:
    """Set a shelter's last day."""
    shelter, form = get_shelter_or_404(code), PlaceClosingForm.from_request()
    errors, account_id = form.field_errors(), principal().account_id
    if not errors:
        day, version = form.closed_on.data, form.version.data
        errors = shelters.close_shelter(db.session(), account_id, shelter, version, day)
    if errors:
        closing = form.closed_on.input_value()
        return json_errors(errors) or shelter_page(shelter, errors, closing=closing)
    flash_message(gettext("The shelter's last day is set."))
    return redirect_or_json(url_for("shelters.list"))


@blueprint.post("/shelters/<code>/categories")
@allow("configure")
def set_capacity(code: str) -> Response:
    """Set how many beds a category has; how many are occupied is for the shelter itself to report."""
    shelter, form = get_shelter_or_404(code), forms.BedsForm.from_request()
    errors, account_id = form.field_errors(), principal().account_id
    if not errors:
        errors = shelters.set_capacity(db.session(), account_id, shelter, _bed_update(form))
    if errors:
        return json_errors(errors) or shelter_page(shelter, errors, bed_form=form)
    return _back_to(shelter, gettext("The beds are up to date."))


def _bed_update(form: forms.BedsForm) -> BedUpdate:
    category, reason = str(form.category.data), form.reason.data or ""
    return BedUpdate(category, form.capacity.data, reason=reason, is_confirmed=False)


@blueprint.post("/shelters/<code>/coordinators")
@allow("configure")
def change_coordinators(code: str) -> Response:
    """Assign a shelter to coordinators and remove it from others, from their next request on."""
    shelter, form = get_shelter_or_404(code), forms.CoordinatorsForm.from_request()
    errors: list[FieldError] = form.field_errors()
    if not errors:
        session, account_id = db.session(), principal().account_id
        errors = coordinators.change_coordinators(
            session, account_id, shelter, form.added, form.removed
        )
    if errors:
        return json_errors(errors) or shelter_page(shelter, errors)
    return _back_to(shelter, gettext("The coordinators are up to date."))


def _back_to(shelter: ShelterRow, message: str) -> Response:
    flash_message(message)
    return redirect_or_json(url_for("shelters.detail", code=shelter.code))
