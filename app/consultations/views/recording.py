"""Records a consultation, by page and by JSON."""

from typing import Any

from flask import Response, jsonify, redirect, request, url_for
from flask_babel import gettext

from app.base import arrival, clock, language
from app.base.access import allow, principal
from app.base.answers import problem, request_settings
from app.base.database import db
from app.base.pages import page, say
from app.base.problems import Problem, refuse
from app.base.requests import is_form, sent_json, wants_json
from app.consultations import queries
from app.consultations.actions import recording
from app.consultations.actions.recording import Arrival
from app.consultations.forms.fields import from_form
from app.consultations.forms.page import ShownGroup, blank, like, of_raw
from app.consultations.forms.reading import read
from app.consultations.views.blueprint import (
    USUAL_COOKIE,
    blueprint,
    choices_at,
    form_page,
    own_desk,
    remembered,
)


@blueprint.get("/new")
@allow("record_consultations")
def new() -> Response:
    """The page that records a consultation; `like=last` fills in the last one's nationality and topics."""
    desk = own_desk(request.args.get("desk"))
    choices = choices_at(desk)
    shown = blank(choices.today, remembered())
    if request.args.get("like") == "last":
        last = queries.find_last_of(db.session(), principal().scope, principal().account_id)
        if last is not None:
            content = queries.content_of(db.session(), last)
            shown = like(content, choices.today, remembered())
    return form_page(choices, shown, [])


@blueprint.post("/new")
@allow("record_consultations")
def again() -> Response:
    """The same page with the answers given so far: in another language, or with room for one more nationality."""
    sent = request.form.copy()
    chosen, more = sent.pop("switch_locale", None), sent.pop("more_groups", None)
    raw = from_form(sent)
    shown = of_raw(raw)
    if more and len(shown.groups) < 8:
        shown.groups.append(ShownGroup())
    desk = own_desk(sent.get("desk"))
    if chosen not in language.LOCALES:
        return form_page(choices_at(desk), shown, [])
    language.switch(chosen)
    answer = form_page(choices_at(desk), shown, [])
    answer.set_cookie(
        language.COOKIE, chosen, max_age=31_536_000, samesite="Lax", secure=request_settings().production
    )
    return answer


@blueprint.post("")
@allow("record_consultations")
def record() -> Any:
    """Records; by JSON 201 new, 200 same, 409 different, 422 problems; by form on to the day's list."""
    raw = from_form(request.form) if is_form() else sent_json()
    recorded = recording.record(db.session(), principal(), read(raw))
    if isinstance(recorded, list):
        return refuse(recorded) if wants_json() else _ask_again(raw, recorded)
    answer = _told(recorded) if wants_json() else _go_on(recorded)
    usual = f"{raw.get('channel') or 'desk_in_person'}.{raw.get('modality') or 'informational'}"
    if recorded.arrival == arrival.NEW and "channel" in raw:
        secure = request_settings().production
        answer.set_cookie(USUAL_COOKIE, usual, max_age=31_536_000, samesite="Lax", secure=secure)
    return answer


def _told(recorded: Arrival) -> Response:
    said = {"id": recorded.id, "arrival": recorded.arrival}
    if recorded.arrival == arrival.DIFFERENT:
        answer = jsonify(said)
        answer.status_code = 409
        return answer
    answer = jsonify({**said, "version": recorded.version})
    answer.status_code = 201 if recorded.arrival == arrival.NEW else 200
    return answer


def _go_on(recorded: Arrival) -> Any:
    if recorded.arrival == arrival.DIFFERENT:
        return problem(409, gettext("Another record has this number. Nothing was stored; start anew."))
    say(gettext("Saved."), "saved", record=recorded.id, version=str(recorded.version))
    return redirect(url_for("cases.today"))


def _ask_again(raw: dict[str, Any], problems: list[Problem]) -> Response:
    desk = own_desk(None)
    answer = form_page(choices_at(desk), of_raw(raw), problems, 422)
    return answer
