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
from app.shelters.views.blueprint import blueprint
from app.web.access import Scope, allow, principal
from app.web.pages import redirect_or_json, flash_message
from app.web.requests import is_form, safe_redirect_target, read_json, wants_json
from app.web.responses import error_response as plain_problem


@blueprint.get("/shelters.json")
@allow("see_shelters")
def shelters_json() -> Response:
    """The shelters of a country and what is free in them (outside.md, Shelters and referrals)."""
    country = _country(principal().scope)
    beds = list_beds_of_country(db.session(), country)
    every = list_in_country(db.session(), country)
    return jsonify({"shelters": [_as_json(one, beds.get(one.id, [])) for one in every]})


def _country(scope: Scope) -> str:
    asked = request.args.get("country") or scope.home
    if asked not in programme() or not (scope.programme or asked in {scope.home, *scope.countries}):
        abort(404)
    return asked


def _as_json(shelter: ShelterRow, beds: list[Beds]) -> dict[str, Any]:
    own = shelter.id in principal().scope.shelters
    return {
        "code": shelter.code,
        "name": None if shelter.is_protected and not own else shelter.name,
        "protected": shelter.is_protected,
        "accepting": shelter.is_accepting,
        "beds": [_beds_json(one) for one in beds],
    }


def _beds_json(one: Beds) -> dict[str, Any]:
    names = ("category", "capacity", "blocked", "occupied", "held", "free")
    said = {name: getattr(one, name) for name in names}
    return said | {"confirmed_at": one.confirmed_at.strftime("%Y-%m-%dT%H:%M:%SZ")}


@blueprint.post("/shelters/<code>/beds")
@allow("answer_referrals")
def set_beds(code: str) -> Any:
    """Changes one category of an own shelter and confirms it."""
    shelter = _own(code)
    raw: dict[str, Any] = _form() if is_form() else read_json()
    said, errors = parse_bed_update(raw)
    errors = errors or actions.set_beds(db.session(), principal().account_id, shelter, said)
    if errors:
        return _wrong(errors)
    return _back() if not wants_json() else jsonify(_stands(shelter, said.category))


def _form() -> dict[str, Any]:
    return {name: request.form[name] for name in request.form if name not in ("csrf_token", "next")}


def _stands(shelter: ShelterRow, category: str) -> dict[str, Any]:
    every = list_beds_of_country(db.session(), shelter.country)[shelter.id]
    return _beds_json(next(one for one in every if one.category == category))


@blueprint.post("/shelters/<code>/confirm")
@allow("answer_referrals")
def confirm(code: str) -> Any:
    """Says that every number of an own shelter is still right."""
    actions.confirm(db.session(), principal().account_id, _own(code))
    return _back()


@blueprint.post("/shelters/<code>/accepting")
@allow("answer_referrals")
def set_accepting(code: str) -> Any:
    """Says whether an own shelter takes people in: `accepting` true or false, by form 1 or 0."""
    shelter = _own(code)
    accepting, errors = parse_accepting(_form() if is_form() else read_json())
    if errors:
        return _wrong(errors)
    shelters.set_accepting(db.session(), principal().account_id, shelter, accepting)
    done = gettext("The desks see it now.")
    return jsonify({"accepting": accepting}) if wants_json() else _back(done)


def _own(code: str) -> ShelterRow:
    found = find_own(db.session(), principal().scope, code)
    if found is None:
        abort(404)
    return found


def _back(done: str = "") -> Response:
    flash_message(done or gettext("The beds are up to date."))
    return redirect_or_json(safe_redirect_target(request.form.get("next"), url_for("referrals.inbox")))


def _wrong(errors: list[FieldError]) -> Any:
    return errors_response(errors) if wants_json() else plain_problem(422, errors[0].message)
