"""The figures of one place and month: what the page, the JSON and the command all show."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.counts.indicators.people import PEOPLE
from app.counts.indicators.referrals import REFERRALS
from app.counts.queries.people import (
    Breakdowns,
    PeopleByDesk,
    get_breakdowns,
    get_people_aggregates,
)
from app.counts.queries.referrals import get_referral_totals
from app.counts.queries.returns import ReturnFigures, get_return_figures
from app.counts.queries.statement_params import FigureQuery, ResolvedQuery, statement_runner
from app.counts.rules.people import PeopleAggregates, cross_sex_and_age, margin
from app.json_object import JsonObject
from app.month import Month
from app.places.queries import DeskRow
from app.places.rules import closes_with_country, is_open
from app.sync.queries.devices import count_waiting
from app.web.access import Scope


@dataclass(frozen=True)
class Completeness:
    """Desks that should have reported, those that did not, the month's last receipt, and records waiting on tablets.

    Waiting records are sealed, so nobody knows their month: it is every record that waits now.
    """

    expected: int
    not_reporting: tuple[DeskRow, ...]
    last_received_at: datetime | None
    last_desk: DeskRow | None
    waiting_on_tablets: int

    @property
    def reported(self) -> int:
        return self.expected - len(self.not_reporting)


@dataclass(frozen=True)
class Figures:
    """The figures by code, those of the month they are compared with, breakdowns, and how complete they are.

    `referrals` are those of referrals and beds by code, `declined` the refusals by reason; `returns` are those of
    voluntary return, as far as the account may see them.
    """

    query: FigureQuery
    values: dict[str, int]
    before: dict[str, int]
    by: dict[str, dict[str, int]]
    by_topic_any: dict[str, int]
    completeness: Completeness
    referrals: dict[str, int | float | None]
    declined: dict[str, int]
    returns: ReturnFigures


def get_figures(
    session: Session, scope: Scope, resolved: ResolvedQuery
) -> tuple[Figures, PeopleAggregates, Breakdowns]:
    """Return the figures of a query, with the sums that they were computed from."""
    query = resolved.query
    runner = statement_runner(session, scope, query)
    aggregates = get_people_aggregates(runner, query)
    breakdowns = get_breakdowns(runner)
    referrals = get_referral_totals(runner, resolved)
    figures = Figures(
        query=query,
        values=_people_figures(aggregates),
        before=_people_figures(_compared(query, aggregates)),
        by=_by(resolved, breakdowns),
        by_topic_any=breakdowns.by["topic_any"],
        completeness=_completeness(resolved, breakdowns, _count_waiting(session, query)),
        referrals={code: indicator.formula(referrals) for code, indicator in REFERRALS.items()},
        declined=dict(referrals.declined),
        returns=get_return_figures(runner, scope, query),
    )
    return figures, aggregates, breakdowns


def _people_figures(aggregates: PeopleAggregates) -> dict[str, int]:
    return {code: indicator.formula(aggregates) for code, indicator in PEOPLE.items()}


def _compared(query: FigureQuery, aggregates: PeopleAggregates) -> PeopleAggregates:
    before = query.before
    start = before.reporting_year_start(query.year_start.number)
    return PeopleAggregates(int(before), int(start), aggregates.reach, aggregates.volumes)


def _by(resolved: ResolvedQuery, breakdowns: Breakdowns) -> dict[str, dict[str, int]]:
    desk_codes = {str(desk.id): desk.code for desk in resolved.desks}
    crossed = cross_sex_and_age(breakdowns.by["sex_age"])
    by = {"sex": margin(crossed, 0), "age_band": margin(crossed, 1)}
    by["country"] = _by_place(breakdowns.people, "country")
    desks = _by_place(breakdowns.people, "desk_id")
    by["desk"] = {desk_codes[desk_id]: n for desk_id, n in desks.items()}
    return by | {name: breakdowns.by[name] for name in ("nationality", "situation", "main_topic")}


def _by_place(people: Iterable[PeopleByDesk], place: str) -> dict[str, int]:
    """Return the people reached by country or desk; they add up to the low figure."""
    sums: Counter[str] = Counter()
    for at_desk in people:
        sums[str(getattr(at_desk, place))] += at_desk.reached
    return {code: n for code, n in sums.items() if n}


def _count_waiting(session: Session, query: FigureQuery) -> int:
    return count_waiting(session, query.country, frozenset({query.desk.id}) if query.desk else None)


def list_active_desks(month: Month, desks: Iterable[DeskRow]) -> list[DeskRow]:
    """Return the desks open on the last day of the month, or today while it runs (outside.md)."""
    last = month.last_day
    is_over = last < clock.now().date() - timedelta(days=1)
    return [
        desk
        for desk in desks
        if is_open(
            desk.opened_on,
            closes_with_country(desk.country, desk.closed_on),
            last if is_over else min(last, clock.today_at(desk.time_zone)),
        )
    ]


def _completeness(resolved: ResolvedQuery, breakdowns: Breakdowns, waiting: int) -> Completeness:
    active = list_active_desks(resolved.query.month, resolved.desks)
    reporting = {at_desk.desk_id for at_desk in breakdowns.consultations}
    missing = tuple(desk for desk in active if desk.id not in reporting)
    last = max(breakdowns.consultations, key=lambda at_desk: at_desk.last_received_at, default=None)
    if last is None:
        return Completeness(len(active), missing, None, None, waiting)
    desk = next(desk for desk in resolved.desks if desk.id == last.desk_id)
    return Completeness(len(active), missing, last.last_received_at, desk, waiting)


def to_json(figures: Figures) -> JsonObject:
    """Return the body of `/counts.json` (outside.md, Counts)."""
    values, query = figures.values, figures.query
    place = {"country": query.country, "month": str(query.month)}
    if query.desk:
        place["desk"] = query.desk.code
    return place | {
        "state": "open",
        "revision": 0,
        "late": 0,
        "consultations": values["consultations"],
        "tallies": values["tallies"],
        "persons_in_consultations": values["persons_in_consultations"],
        "reached": _reached(values, "reached"),
        "new": values["new"],
        "year_to_date": {
            "from": str(query.year_start),
            "reached": _reached(values, "year_reached"),
            "consultations": values["year_consultations"],
            "persons_in_consultations": values["year_persons_in_consultations"],
        },
        "by": figures.by,
        "by_topic_any": figures.by_topic_any,
        "referrals": figures.referrals | {"declined": figures.declined},
        "returns": figures.returns.values | {"departed": figures.returns.departed},
        "completeness": {
            "desks_expected": figures.completeness.expected,
            "desks_reported": figures.completeness.reported,
            "waiting_on_tablets": figures.completeness.waiting_on_tablets,
        },
    }


def _reached(values: dict[str, int], name: str) -> dict[str, int]:
    return {bound: values[f"{name}_{bound}"] for bound in ("low", "high", "unknown")}
