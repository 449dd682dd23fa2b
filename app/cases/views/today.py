"""*Hoy*: a desk's day."""

import re
from datetime import date
from typing import Any

from flask import Response, abort, request

from app import clock
from app.audit.actions import record_audit
from app.cases import queries
from app.cases.queries.returns import count_waiting
from app.cases.views.blueprint import blueprint
from app.codelists.shared_codelists import REPEAT_CONTACTS
from app.consultations import vocabulary
from app.consultations.actions.corrections import may_change
from app.db.session import db
from app.month import Month
from app.places.queries import DeskRow, find_desk, list_desks
from app.referrals import vocabulary as referrals
from app.returns.vocabulary import STAGES
from app.settings import current_settings
from app.sync.queries.envelopes import count_unresolved
from app.web.access import allow, principal
from app.web.pages import page

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
WORDS: dict[str, Any] = {
    "v": vocabulary,
    "r": referrals,
    "returns": REPEAT_CONTACTS,
    "RETURN_STAGES": STAGES,
}


@blueprint.get("/today")
@allow("see_today", audited=True)
def today() -> Response:
    """What a desk did on a day, today without `day`, and what waits; the reading leaves an entry."""
    session, asking = db.session(), principal()
    desks = list_desks(session, asking.scope)
    desk = _desk(request.args.get("desk"), desks)
    now = clock.today_at(desk.time_zone)
    day = _day(request.args.get("day"), now)
    shown = queries.get_day(session, asking.scope, desk, day, _year_start(day))
    record_audit(asking.account_id, "day_read", f"desk:{desk.code}", desk.country)
    facts: dict[str, Any] = {
        "own": {line.id for line in shown.lines if may_change(asking, line)},
        "waiting": _waiting(desk) if day == now else 0,
        "aside": _aside() if day == now else 0,
    }
    return page(
        "cases/today.html", shown=shown, desks=desks, today=now, now=clock.now(), **facts, **WORDS
    )


def _waiting(desk: DeskRow) -> int:
    """How many of the desk's return requests wait for who asks, or for a new consent."""
    asking = principal()
    if not asking.may("see_returns"):
        return 0
    waits_for = "supervisor" if asking.may("decide_returns") else "desk"
    return count_waiting(db.session(), asking.scope, desk, waits_for)


def _aside() -> int:
    """How many records that tablets sent wait to be put right by who asks."""
    if not principal().may("mend_envelopes"):
        return 0
    return count_unresolved(db.session(), principal(), clock.now())


def _year_start(day: date) -> Month:
    return Month.of(day).reporting_year_start(current_settings().reporting_year_start)


def _desk(code: str | None, desks: list[DeskRow]) -> DeskRow:
    if code is None and desks:
        return desks[0]
    found = find_desk(db.session(), principal().scope, code) if code else None
    if found is None:
        abort(404)
    return found


def _day(text: str | None, now: date) -> date:
    if not text:
        return now
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= now.year + 1:
        abort(404)
    return day
