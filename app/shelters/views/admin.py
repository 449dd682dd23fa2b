"""Pages on which an admin opens, changes and closes shelters and sets their beds and coordinators."""

from collections.abc import Callable
from functools import partial

from flask import Response, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

from app.db.session import db
from app.places.forms import PlaceClosingForm
from app.shelters.actions import coordinators, shelters
from app.shelters.actions.beds import BedUpdate
from app.shelters.forms import shelter as forms
from app.shelters.queries.shelters import ShelterRow
from app.shelters.views.blueprint import blueprint
from app.shelters.views.pages import (
    get_shelter_or_404,
    list_page,
    new_page,
    shelter_page,
)
from app.web.access import allow, principal
from app.web.form_errors import respond_to_form
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
def open_new() -> AnyResponse:
    """Open a shelter, or show the form again with its errors."""
    form = forms.NewShelterForm.from_request()
    account_id = principal().account_id
    return respond_to_form(
        form,
        lambda: shelters.open_shelter(db.session(), account_id, form.fields()),
        done=_opened,
        page=partial(new_page, form),
    )


def _opened(code: str) -> Response:
    message = gettext("The shelter is open. Now enter how many beds it has and who coordinates it.")
    return _done(message, url_for("shelters.detail", code=code))


def _done(message: str, path: str, _: object = None) -> Response:
    flash_message(message)
    return redirect_or_json(path)


@blueprint.get("/shelters/<code>")
@allow("configure")
def detail(code: str) -> Response:
    """Show the page that changes or closes a shelter and sets its beds and coordinators."""
    return shelter_page(get_shelter_or_404(code), [])


@blueprint.post("/shelters/<code>")
@allow("configure")
def change(code: str) -> AnyResponse:
    """Change a shelter; 409 if it was changed since the page was opened."""
    shelter, form = get_shelter_or_404(code), forms.ChangedShelterForm.from_request()
    account_id = principal().account_id
    return respond_to_form(
        form,
        lambda: shelters.change_shelter(
            db.session(), account_id, shelter, form.version.data, form.fields_in(shelter.country)
        ),
        done=partial(_done, gettext("The shelter was changed."), url_for("shelters.list")),
        page=partial(shelter_page, shelter, form=form),
    )


@blueprint.post("/shelters/<code>/close")
@allow("configure")
def close(code: str) -> AnyResponse:
    """Set a shelter's last day."""
    shelter, form = get_shelter_or_404(code), PlaceClosingForm.from_request()
    account_id, day, version = principal().account_id, form.closed_on, form.version
    return respond_to_form(
        form,
        lambda: shelters.close_shelter(db.session(), account_id, shelter, version.data, day.data),
        done=partial(_done, gettext("The shelter's last day is set."), url_for("shelters.list")),
        page=partial(shelter_page, shelter, closing=day.input_value()),
    )


@blueprint.post("/shelters/<code>/categories")
@allow("configure")
def set_capacity(code: str) -> AnyResponse:
    """Set how many beds a category has; how many are occupied is for the shelter itself to report."""
    shelter, form = get_shelter_or_404(code), forms.BedsForm.from_request()
    account_id = principal().account_id
    return respond_to_form(
        form,
        lambda: shelters.set_capacity(db.session(), account_id, shelter, _bed_update(form)),
        done=_back_to(shelter, gettext("The beds are up to date.")),
        page=partial(shelter_page, shelter, bed_form=form),
    )


def _bed_update(form: forms.BedsForm) -> BedUpdate:
    category, reason = str(form.category.data), form.reason.data or ""
    return BedUpdate(category, form.capacity.data, reason=reason, is_confirmed=False)


def _back_to(shelter: ShelterRow, message: str) -> Callable[[None], Response]:
    return partial(_done, message, url_for("shelters.detail", code=shelter.code))


@blueprint.post("/shelters/<code>/coordinators")
@allow("configure")
def change_coordinators(code: str) -> AnyResponse:
    """Assign a shelter to coordinators and remove it from others, from their next request on."""
    shelter, form = get_shelter_or_404(code), forms.CoordinatorsForm.from_request()
    account_id = principal().account_id
    return respond_to_form(
        form,
        lambda: coordinators.change_coordinators(
            db.session(), account_id, shelter, form.added, form.removed
        ),
        done=_back_to(shelter, gettext("The coordinators are up to date.")),
        page=partial(shelter_page, shelter),
    )
