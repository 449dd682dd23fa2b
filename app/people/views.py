"""Pages and JSON of visitor cards: print a sheet, replace a lost card, look up who came with one last."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, url_for
from flask_babel import gettext

from app import clock
from app.db.session import db
from app.field_errors import FIELD_ERRORS, FieldError, errors_response
from app.people import forms
from app.people.actions import cards
from app.people.actions.lookup import look_up_card
from app.places.queries import DeskRow, list_desks
from app.settings import current_settings
from app.web.access import allow, limiter, principal
from app.web.pages import flash_message, render_page
from app.web.requests import wants_json
from app.web.responses import error_response

blueprint = Blueprint("people", __name__, url_prefix="/cards")
ERRORS_PER_MINUTE = "30 per minute"
# Only refused codes count, so that nobody who looks up existing cards is slowed down.
limit_errors = partial(
    limiter.limit, ERRORS_PER_MINUTE, deduct_when=lambda response: response.status_code == 422
)


@blueprint.get("")
@allow("print_cards")
def print_form() -> Response:
    """Show the form for the number of cards to print and their desk."""
    return _print_form({}, [])


@blueprint.post("")
@allow("print_cards")
def issue() -> Response:
    """Issue new cards: by JSON 201 with their codes, by form the sheet; neither can be shown again."""
    body = forms.read_input("desk", "n")
    desk, n = body.desk(db.session(), principal().scope), body.number("n")
    fields = {error.field for error in body.errors}
    rule_errors = [error for error in cards.issue_errors(desk, n) if error.field not in fields]
    errors = body.errors + rule_errors
    if desk is None or errors:
        return errors_response(errors) if wants_json() else _print_form(body.raw, errors)
    year = cards.current_reporting_year(desk)
    codes = cards.issue(db.session(), principal().account_id, desk, n, year)
    return _codes(codes) if wants_json() else _sheet(codes, year)


def _codes(codes: list[str]) -> Response:
    response = jsonify({"codes": codes})
    response.status_code = 201
    return response


def _sheet(codes: list[str], year: int) -> Response:
    printed_year = forms.format_reporting_year(year, current_settings().reporting_year_start)
    return render_page(
        "people/sheet.html",
        201,
        pages=forms.lay_out_pages(codes),
        sentences=forms.printed_sentences(),
        year=printed_year,
        n=len(codes),
        qr_side=forms.QR_SIDE,
    )


def _print_form(values: dict[str, Any], errors: list[FieldError]) -> Response:
    desks = list_desks(db.session(), principal().scope)
    return render_page(
        "people/print.html",
        422 if errors else 200,
        desks=[desk for desk in desks if cards.is_open_today(desk)],
        values=values,
        errors=_message_by_field(errors),
        max_cards=cards.MAX_CARDS,
        default_count=forms.DEFAULT_CARD_COUNT,
    )


def _message_by_field(errors: list[FieldError]) -> dict[str, str]:
    return {error.field: error.message for error in reversed(errors)}


@blueprint.get("/replace")
@allow("replace_cards")
def replace_form() -> Response:
    """Show the form for the codes of a lost card and its replacement."""
    return _replace_form({}, [])


@blueprint.post("/replace")
@limit_errors()
@allow("replace_cards")
def replace() -> Any:
    """Replace a lost card by another one; 409 if the state of the cards does not allow it."""
    body = forms.read_input("lost", "replacement")
    codes = {name: body.text(name) for name in ("lost", "replacement")}
    failure: Any = body.errors or cards.replace(db.session(), principal(), codes)
    if isinstance(failure, cards.ReplacementRefused):
        message = gettext(FIELD_ERRORS[failure.code].label)
        return error_response(409, message) if wants_json() else _replace_form(codes, [], message)
    if failure:
        return errors_response(failure) if wants_json() else _replace_form(codes, failure)
    if wants_json():
        return jsonify({})
    flash_message(gettext("The new card has taken the place of the lost one."))
    return redirect(url_for("people.replace_form"))


def _replace_form(values: dict[str, str], errors: list[FieldError], conflict: str = "") -> Response:
    status = 409 if conflict else 422 if errors else 200
    messages = _message_by_field(errors)
    return render_page(
        "people/replace.html", status, values=values, errors=messages, conflict=conflict
    )


@blueprint.post("/look")
@limit_errors()
@allow("record_consultations")
def look_up() -> Response:
    """Return who came with a card last and the suggested repeat-contact answer; the read is audited."""
    body = forms.read_input("card", "desk", "held_on")
    desk, typed, day = _own_desk(body), body.text("card"), body.day("held_on")
    if desk is None or body.errors:
        return errors_response(body.errors)
    until = day or clock.today_at(desk.time_zone)
    result = look_up_card(db.session(), principal(), desk, typed, until)
    if isinstance(result, str):
        return errors_response([FieldError("card", result)])
    return jsonify(result.as_json())


def _own_desk(body: forms.CardInput) -> DeskRow | None:
    desk = body.desk(db.session(), principal().scope)
    if desk is not None and desk.id not in principal().scope.desks:
        body.errors.append(FieldError("desk", "not_your_desk"))
    return desk
