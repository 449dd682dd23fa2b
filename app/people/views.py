"""Pages and JSON of visitor cards: print a sheet, replace a lost one, look up what one held last."""

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
from app.web.pages import flash_message, page
from app.web.requests import wants_json
from app.web.responses import error_response

blueprint = Blueprint("people", __name__, url_prefix="/cards")
WRONG_PER_MINUTE = "30 per minute"
limit_wrong = partial(
    limiter.limit, WRONG_PER_MINUTE, deduct_when=lambda answer: answer.status_code == 422
)
"""Only refused codes count: whoever looks up cards that exist is never slowed down."""


@blueprint.get("")
@allow("print_cards")
def print_form() -> Response:
    """The page that asks for how many cards, and for which desk."""
    return _printing_page({}, [])


@blueprint.post("")
@allow("print_cards")
def issue() -> Response:
    """Prints new cards: by JSON 201 with their codes, by form the sheet; both only this once."""
    sent = forms.read_input("desk", "n")
    desk, n = sent.desk(db.session(), principal().scope), sent.number("n")
    told = {one.field for one in sent.errors}
    found = cards.issue_errors(desk, n)
    problems = sent.errors + [one for one in found if one.field not in told]
    if desk is None or problems:
        return errors_response(problems) if wants_json() else _printing_page(sent.raw, problems)
    year = cards.current_reporting_year(desk)
    codes = cards.issue(db.session(), principal().account_id, desk, n, year)
    return _codes(codes) if wants_json() else _sheet(codes, year)


def _codes(codes: list[str]) -> Response:
    answer = jsonify({"codes": codes})
    answer.status_code = 201
    return answer


def _sheet(codes: list[str], year: int) -> Response:
    year_shown = forms.format_reporting_year(year, current_settings().reporting_year_start)
    pages, words = forms.lay_out_pages(codes), forms.printed_sentences()
    facts = {"year": year_shown, "sentences": words, "n": len(codes), "qr_side": forms.QR_SIDE}
    return page("people/sheet.html", 201, pages=pages, **facts)


def _printing_page(said: dict[str, Any], problems: list[FieldError]) -> Response:
    own = list_desks(db.session(), principal().scope)
    facts = {"desks": [desk for desk in own if cards.is_open_today(desk)], "said": said}
    wrong = _wrong(problems)
    usual = {"most": cards.MAX_CARDS, "usual": forms.USUAL_NUMBER}
    return page("people/print.html", 422 if problems else 200, wrong=wrong, **usual, **facts)


def _wrong(problems: list[FieldError]) -> dict[str, str]:
    return {problem.field: problem.message for problem in reversed(problems)}


@blueprint.get("/replace")
@allow("replace_cards")
def replace_form() -> Response:
    """The page on which a lost card and its replacement are typed."""
    return _replacing_page({}, [])


@blueprint.post("/replace")
@limit_wrong()
@allow("replace_cards")
def replace() -> Any:
    """Puts one card in the place of a lost one; 409 where that cannot be as things stand."""
    sent = forms.read_input("lost", "replacement")
    said = {name: sent.text(name) for name in ("lost", "replacement")}
    done: Any = sent.errors or cards.replace(db.session(), principal(), said)
    if isinstance(done, cards.ReplacementRefused):
        sentence = gettext(FIELD_ERRORS[done.code].label)
        return (
            error_response(409, sentence) if wants_json() else _replacing_page(said, [], sentence)
        )
    if done:
        return errors_response(done) if wants_json() else _replacing_page(said, done)
    if wants_json():
        return jsonify({})
    flash_message(gettext("The new card has taken the place of the lost one."))
    return redirect(url_for("people.replace_form"))


def _replacing_page(
    said: dict[str, str], problems: list[FieldError], conflict: str = ""
) -> Response:
    status = 409 if conflict else 422 if problems else 200
    wrong = _wrong(problems)
    return page("people/replace.html", status, said=said, wrong=wrong, conflict=conflict)


@blueprint.post("/look")
@limit_wrong()
@allow("record_consultations")
def look_up() -> Response:
    """What a card held last, and what it knows of its people's contacts before; the reading leaves an entry."""
    sent = forms.read_input("card", "desk", "held_on")
    desk, typed, day = _own_desk(sent), sent.text("card"), sent.day("held_on")
    if desk is None or sent.errors:
        return errors_response(sent.errors)
    until = day or clock.today_at(desk.time_zone)
    found = look_up_card(db.session(), principal(), desk, typed, until)
    if isinstance(found, str):
        return errors_response([FieldError("card", found)])
    return jsonify(found.as_json())


def _own_desk(sent: forms.CardInput) -> DeskRow | None:
    desk = sent.desk(db.session(), principal().scope)
    if desk is not None and desk.id not in principal().scope.desks:
        sent.errors.append(FieldError("desk", "not_your_desk"))
    return desk
