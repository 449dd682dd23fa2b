"""Pages and JSON of visitor cards: print a sheet, replace a lost card, look up who came with one last."""

from functools import partial

from flask import Blueprint, Response, redirect, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

from app import clock
from app.db.session import db
from app.field_errors import FIELD_ERRORS, FieldError, errors_response
from app.json_object import JsonObject
from app.people import forms
from app.people.actions import cards
from app.people.actions.lookup import CardLookup, look_up_card
from app.people.schemas.answers import CardCodesAnswer, CardLookupAnswer
from app.people.schemas.bodies import CardLookupBody, CardOrderBody, CardReplacementBody
from app.places.queries import DeskRow, find_desk, list_desks
from app.settings import current_settings
from app.web.access import allow, limiter, principal
from app.web.openapi.answers import ErrorAnswer, NothingAnswer
from app.web.openapi.describe import describe
from app.web.outcomes import Invalid, Renderers, respond
from app.web.pages import flash_message, render_page
from app.web.requests import plain_fields, read_body
from app.web.responses import error_response, json_response
from app.web.schemas.body import parse

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
@describe(answers={201: CardCodesAnswer}, body=CardOrderBody)
def issue() -> AnyResponse:
    """Issue new cards: by JSON 201 with their codes, by form the sheet; neither can be shown again."""
    raw = read_body(forms.card_order_from_form)
    parsed = parse(CardOrderBody, raw)
    desk, n = parsed.body.desk, parsed.body.n
    return respond(
        cards.order(db.session(), principal(), desk, n, parsed.field_errors),
        as_json=Renderers(_json_codes),
        as_page=Renderers(_sheet, invalid=partial(_print_form, raw)),
    )


def _json_codes(sheet: cards.CardSheet) -> Response:
    return json_response({"codes": sheet.codes}, 201)


def _sheet(sheet: cards.CardSheet) -> Response:
    year_start = current_settings().reporting_year_start
    return render_page(
        "people/sheet.html",
        201,
        pages=forms.lay_out_pages(sheet.codes),
        sentences=forms.printed_sentences(),
        year=forms.format_reporting_year(sheet.year, year_start),
        n=len(sheet.codes),
        qr_side=forms.QR_SIDE,
    )


def _print_form(values: JsonObject, errors: list[FieldError]) -> Response:
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
@describe(answers={200: NothingAnswer, 409: ErrorAnswer}, body=CardReplacementBody)
def replace() -> AnyResponse:
    """Replace a lost card by another one; 409 if the state of the cards does not allow it."""
    parsed = parse(CardReplacementBody, read_body(plain_fields))
    codes, errors = vars(parsed.body), parsed.field_errors
    outcome = Invalid(errors) if errors else cards.replace(db.session(), principal(), codes)
    page = Renderers(_replaced, partial(_refused, codes), partial(_replace_form, codes))
    return respond(outcome, as_json=Renderers(_json_replaced, _json_refused), as_page=page)


def _json_replaced(_: None) -> Response:
    return json_response({})


def _json_refused(code: str) -> Response:
    return error_response(409, gettext(FIELD_ERRORS[code].label))


def _replaced(_: None) -> AnyResponse:
    flash_message(gettext("The new card replaces the lost one."))
    return redirect(url_for("people.replace_form"))


def _refused(codes: dict[str, str], code: str) -> Response:
    return _replace_form(codes, [], gettext(FIELD_ERRORS[code].label))


def _replace_form(values: dict[str, str], errors: list[FieldError], conflict: str = "") -> Response:
    status = 409 if conflict else 422 if errors else 200
    messages = _message_by_field(errors)
    return render_page(
        "people/replace.html", status, values=values, errors=messages, conflict=conflict
    )


@blueprint.post("/look")  # the former address
@blueprint.post("/lookup")
@limit_errors()
@allow("record_consultations")
@describe(answers={200: CardLookupAnswer}, body=CardLookupBody)
def look_up() -> AnyResponse:
    """Return who came with a card last and the suggested repeat-contact answer; the read is audited."""
    parsed = parse(CardLookupBody, read_body(plain_fields))
    desk, errors = _own_desk(parsed.body.desk), parsed.field_errors
    if desk is None and parsed.body.desk:
        errors.append(FieldError("desk", "not_your_desk"))
    if desk is None or errors:
        return errors_response(errors)
    until = parsed.body.held_on or clock.today_at(desk.time_zone)
    outcome = look_up_card(db.session(), principal(), desk, parsed.body.card, until)
    return outcome.render(Renderers(_json_lookup))


def _json_lookup(lookup: CardLookup) -> Response:
    return json_response(lookup.as_json())


def _own_desk(code: str) -> DeskRow | None:
    scope = principal().scope
    desk = find_desk(db.session(), scope, code) if code else None
    return desk if desk is not None and desk.id in scope.desks else None
