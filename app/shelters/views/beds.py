"""The beds of shelters as JSON, and the changes that their coordinators make."""

from functools import partial

from flask import Response, abort, request, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse
from werkzeug.datastructures import MultiDict

from app.db.session import db
from app.places.vocabulary import programme
from app.shelters.actions import beds as actions
from app.shelters.actions import shelters
from app.shelters.queries.beds import list_beds_of_country
from app.shelters.queries.shelters import ShelterRow, find_own, list_in_country
from app.shelters.rules import Beds
from app.shelters.schemas.answers import (
    AcceptingAnswer,
    BedsAnswer,
    ShelterAnswer,
    SheltersAnswer,
    beds_answer,
)
from app.shelters.schemas.bodies import AcceptingBody, BedsBody, parse_bed_update
from app.shelters.views.blueprint import blueprint
from app.web.access import Scope, allow, principal
from app.web.form_errors import first_error_response
from app.web.openapi.answers import ErrorAnswer, NothingAnswer
from app.web.openapi.describe import describe
from app.web.outcomes import Accepted, Invalid, Renderers, respond
from app.web.pages import flash_message, redirect_or_json
from app.web.requests import RawBody, read_body, safe_redirect_target
from app.web.responses import json_response
from app.web.schemas.body import Parsed, parse

QUERY = {"country": "ISO 3166-1 alpha-3; without it the account's own country."}


@blueprint.get("/shelters.json")
@allow("see_shelters")
@describe(answers={200: SheltersAnswer, 404: ErrorAnswer}, query=QUERY)
def shelters_json() -> Response:
    """Return the shelters of a country and their beds (outside.md, Shelters and referrals)."""
    country = _requested_country(principal().scope)
    beds = list_beds_of_country(db.session(), country)
    rows = list_in_country(db.session(), country)
    answers = [_shelter_answer(row, beds.get(row.id, [])) for row in rows]
    return json_response(SheltersAnswer(shelters=answers).model_dump())


def _requested_country(scope: Scope) -> str:
    country = request.args.get("country") or scope.home_country
    is_in_scope = scope.programme or country in {scope.home_country, *scope.countries}
    if country not in programme() or not is_in_scope:
        abort(404)
    return country


def _shelter_answer(shelter: ShelterRow, beds: list[Beds]) -> ShelterAnswer:
    is_own = shelter.id in principal().scope.shelters
    return ShelterAnswer(
        code=shelter.code,
        name=None if shelter.is_protected and not is_own else shelter.name,
        protected=shelter.is_protected,
        accepting=shelter.is_accepting,
        beds=[beds_answer(row) for row in beds],
    )


@blueprint.post("/shelters/<code>/beds")
@allow("answer_referrals")
@describe(body=BedsBody, answers={200: BedsAnswer})
def set_beds(code: str) -> AnyResponse:
    """Change and confirm one category of an own shelter."""
    shelter = _get_own_or_404(code)
    bed_update, errors = parse_bed_update(read_body(_form_fields))
    account_id = principal().account_id
    outcome = (
        Invalid(errors)
        if errors
        else actions.set_beds(db.session(), account_id, shelter, bed_update)
    )
    return respond(
        outcome,
        as_json=Renderers(partial(_json_beds, shelter, bed_update.category)),
        as_page=Renderers(_back, invalid=first_error_response),
    )


def _form_fields(form: MultiDict[str, str]) -> RawBody:
    return {name: form[name] for name in form if name not in ("csrf_token", "next")}


def _json_beds(shelter: ShelterRow, category: str, _: None) -> Response:
    rows = list_beds_of_country(db.session(), shelter.country)[shelter.id]
    beds = next(row for row in rows if row.category == category)
    return json_response(beds_answer(beds).model_dump())


@blueprint.post("/shelters/<code>/confirm")
@allow("answer_referrals")
@describe(answers={200: NothingAnswer})
def confirm(code: str) -> Response:
    """Confirm that every number of an own shelter is still right."""
    actions.confirm(db.session(), principal().account_id, _get_own_or_404(code))
    return _back(None)


@blueprint.post("/shelters/<code>/accepting")
@allow("answer_referrals")
@describe(body=AcceptingBody, answers={200: AcceptingAnswer})
def set_accepting(code: str) -> AnyResponse:
    """Set whether an own shelter accepts people: `accepting` true or false, by form 1 or 0."""
    shelter = _get_own_or_404(code)
    parsed = parse(AcceptingBody, read_body(_form_fields))
    return respond(
        _set_accepting(shelter, parsed),
        as_json=Renderers(_json_accepting),
        as_page=Renderers(
            partial(_back, message=gettext("The desks see it now.")), invalid=first_error_response
        ),
    )


def _set_accepting(shelter: ShelterRow, parsed: Parsed[AcceptingBody]) -> Accepted[bool] | Invalid:
    if parsed.errors:
        return Invalid(parsed.field_errors)
    accepting = parsed.body.accepting
    shelters.set_accepting(db.session(), principal().account_id, shelter, accepting)
    return Accepted(accepting)


def _json_accepting(accepting: bool) -> Response:
    return json_response({"accepting": accepting})


def _get_own_or_404(code: str) -> ShelterRow:
    shelter = find_own(db.session(), principal().scope, code)
    if shelter is None:
        abort(404)
    return shelter


def _back(_: object, message: str = "") -> Response:
    flash_message(message or gettext("The beds are up to date."))
    inbox = url_for("referrals.inbox")
    return redirect_or_json(safe_redirect_target(request.form.get("next"), inbox))
