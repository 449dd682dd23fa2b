"""A desk's day (*Hoy*)."""

import re
from datetime import date

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
from app.referrals import vocabulary as referral_vocabulary
from app.returns.vocabulary import STAGES
from app.settings import current_settings
from app.sync.queries.envelopes import count_unresolved
from app.web.access import allow, principal
from app.web.pages import PageVariables, render_page

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TEMPLATE_LISTS: PageVariables = {
    "vocabulary": vocabulary,
    "referral_vocabulary": referral_vocabulary,
    "REPEAT_CONTACTS": REPEAT_CONTACTS,
    "RETURN_STAGES": STAGES,
}


@blueprint.get("/today")
@allow("see_today", audited=True)
def today() -> Response:
    """A desk's day (today without `day`), and what waits for the reader; reading it leaves an audit entry."""
    session, account = db.session(), principal()
    desks = list_desks(session, account.scope)
    desk = _desk_from_args(desks)
    current_day = clock.today_at(desk.time_zone)
    day = _day_from_args(current_day)
    desk_day = queries.get_day(session, account.scope, desk, day, _year_start(day))
    record_audit(account.account_id, "day_read", f"desk:{desk.code}", desk.country)
    is_today = day == current_day
    return render_page(
        "cases/today.html",
        desk_day=desk_day,
        desks=desks,
        today=current_day,
        now=clock.now(),
        changeable={row.id for row in desk_day.consultations if may_change(account, row)},
        n_waiting=_count_waiting(desk) if is_today else 0,
        n_quarantined=_count_quarantined() if is_today else 0,
        **TEMPLATE_LISTS,
    )


def _count_waiting(desk: DeskRow) -> int:
    """Count the desk's return requests that wait for the reader or for a new consent."""
    account = principal()
    if not account.may("see_returns"):
        return 0
    waits_for = "supervisor" if account.may("decide_returns") else "desk"
    return count_waiting(db.session(), account.scope, desk, waits_for)


def _count_quarantined() -> int:
    """Count the quarantined tablet records that the reader may resolve."""
    if not principal().may("resolve_envelopes"):
        return 0
    return count_unresolved(db.session(), principal(), clock.now())


def _year_start(day: date) -> Month:
    return Month.containing(day).reporting_year_start(current_settings().reporting_year_start)


def _desk_from_args(desks: list[DeskRow]) -> DeskRow:
    code = request.args.get("desk")
    if code is None and desks:
        return desks[0]
    desk = find_desk(db.session(), principal().scope, code) if code else None
    if desk is None:
        abort(404)
    return desk


def _day_from_args(current_day: date) -> date:
    text = request.args.get("day")
    if not text:
        return current_day
    try:
        day = date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= current_day.year + 1:
        abort(404)
    return day
