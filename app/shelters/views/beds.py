"""The beds of shelters as JSON, and the changes that their coordinators make."""

from typing import Any

from flask import Response, abort, jsonify, request, url_for
from flask_babel import gettext

from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.places.vocabulary import programme
from app.shelters.actions import beds as actions
from app.shelters.actions import shelters
from app.shelters.forms.beds import parse_accepting, parse_bed_update
from app.shelters.queries.beds import list_beds_of_country
from app.shelters.queries.shelters import ShelterRow, find_own, list_in_country
from app.shelters.rules import Beds
from app.shelters.schemas.answers import SheltersAnswer
from app.shelters.views.blueprint import blueprint
from app.web.access import Scope, allow, principal
from app.web.openapi.answers import ErrorAnswer, NothingAnswer
from app.web.openapi.describe import describe
from app.web.pages import flash_message, redirect_or_json
from app.web.relative_time import utc_iso
from app.web.requests import is_form, read_json, safe_redirect_target, wants_json
from app.web.responses import error_response

QUERY = {"country": "ISO 3166-1 alpha-3; without it the account's own country."}


@blueprint.get("/shelters.json")
@allow("see_shelters")
@describe(answers={200: SheltersAnswer, 404: ErrorAnswer}, query=QUERY)
def shelters_json() -> Response:
    """Return the shelters of a country and their beds (outside.md, Shelters and referrals)."""
    country = _requested_country(principal().scope)
    beds = list_beds_of_country(db.session(), country)
    rows = list_in_country(db.session(), country)
    return jsonify({"shelters": [_shelter_json(row, beds.get(row.id, [])) for row in rows]})


def _requested_country(scope: Scope) -> str:
    country = request.args.get("country") or scope.home_country
    is_in_scope = scope.programme or country in {scope.home_country, *scope.countries}
    if country not in programme() or not is_in_scope:
        abort(404)
    return country


def _shelter_json(shelter: ShelterRow, beds: list[Beds]) -> dict[str, Any]:
    is_own = shelter.id in principal().scope.shelters
    return {
        "code": shelter.code,
        "name": None if shelter.is_protected and not is_own else shelter.name,
        "protected": shelter.is_protected,
        "accepting": shelter.is_accepting,
        "beds": [_beds_json(row) for row in beds],
    }


def _beds_json(beds: Beds) -> dict[str, Any]:
    names = ("category", "capacity", "blocked", "occupied", "held", "free")
    values = {name: getattr(beds, name) for name in names}
    return {**values, "confirmed_at": utc_iso(beds.confirmed_at)}


@blueprint.post("/shelters/<code>/beds")
@allow("answer_referrals")
def set_beds(code: str) -> Any:
    """Change and confirm one category of an own shelter."""
    shelter = _get_own_or_404(code)
    raw: dict[str, Any] = _form_fields() if is_form() else read_json()
    bed_update, errors = parse_bed_update(raw)
    account_id = principal().account_id
    errors = errors or actions.set_beds(db.session(), account_id, shelter, bed_update)
    if errors:
        return _errors_response(errors)
    if not wants_json():
        return _back()
    return jsonify(_current_beds_json(shelter, bed_update.category))


def _form_fields() -> dict[str, Any]:
    return {name: request.form[name] for name in request.form if name not in ("csrf_token", "next")}


def _current_beds_json(shelter: ShelterRow, category: str) -> dict[str, Any]:
    rows = list_beds_of_country(db.session(), shelter.country)[shelter.id]
    return _beds_json(next(row for row in rows if row.category == category))


@blueprint.post("/shelters/<code>/confirm")
@allow("answer_referrals")
@describe(answers={200: NothingAnswer})
def confirm(code: str) -> Any:
    """Confirm that every number of an own shelter is still right."""
    actions.confirm(db.session(), principal().account_id, _get_own_or_404(code))
    return _back()


@blueprint.post("/shelters/<code>/accepting")
@allow("answer_referrals")
def set_accepting(code: str) -> Any:
    """Set whether an own shelter accepts people: `accepting` true or false, by form 1 or 0."""
    shelter = _get_own_or_404(code)
    accepting, errors = parse_accepting(_form_fields() if is_form() else read_json())
    if errors:
        return _errors_response(errors)
    shelters.set_accepting(db.session(), principal().account_id, shelter, accepting)
    message = gettext("The desks see it now.")
    return jsonify({"accepting": accepting}) if wants_json() else _back(message)


def _get_own_or_404(code: str) -> ShelterRow:
    shelter = find_own(db.session(), principal().scope, code)
    if shelter is None:
        abort(404)
    return shelter


def _back(message: str = "") -> Response:
    flash_message(message or gettext("The beds are up to date."))
    inbox = url_for("referrals.inbox")
    return redirect_or_json(safe_redirect_target(request.form.get("next"), inbox))


def _errors_response(errors: list[FieldError]) -> Any:
    return errors_response(errors) if wants_json() else error_response(422, errors[0].message)
