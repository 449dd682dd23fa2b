"""The figures of one place and month: what the page, the JSON and the command all show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.counts.indicators import referrals as of_referrals
from app.counts.indicators.people import reckon
from app.counts.queries import cells as reading
from app.counts.queries.cells import Asked, Wanted
from app.counts.queries.referrals import get_referred
from app.counts.queries.returns import ReturnFigures, get_return_figures
from app.counts.rules.people import Cells, Parts, cross_sex_and_age, margin, split_by_place
from app.counts.rules.referrals import Referred
from app.month import Month
from app.places.queries import DeskRow
from app.places.rules import closes_with_country, is_open
from app.sync.queries.devices import count_waiting
from app.web.access import Scope


@dataclass(frozen=True)
class Completeness:
    """Desks that should have reported, those that did not, the month's last record received, what waits on tablets.

    What waits is sealed, so nobody knows of which month it is: it is every record that waits now.
    """

    expected: int
    silent: tuple[DeskRow, ...]
    last_received_at: datetime | None
    last_desk: DeskRow | None
    waiting_on_tablets: int

    @property
    def reported(self) -> int:
        return self.expected - len(self.silent)


@dataclass(frozen=True)
class Figures:
    """The figures by code, those of the month they are compared with, breakdowns, and how complete they are.

    `referrals` are those of referrals and beds by code, `declined` the refusals by reason; `returns` are those of
    voluntary return, as far as who asked may see them.
    """

    wanted: Wanted
    values: dict[str, int]
    before: dict[str, int]
    by: dict[str, dict[str, int]]
    by_topic_any: dict[str, int]
    completeness: Completeness
    referrals: dict[str, int | float | None]
    declined: dict[str, int]
    returns: ReturnFigures


def get_figures(session: Session, scope: Scope, asked: Asked) -> tuple[Figures, Cells, Parts]:
    """The figures that were asked for, with what they were reckoned from."""
    cells = reading.get_cells(session, scope, asked.wanted)
    parts = reading.get_parts(session, scope, asked.wanted)
    others = get_referred(session, scope, asked), get_return_figures(session, scope, asked.wanted)
    complete = _completeness(asked, parts, _waiting(session, asked.wanted))
    return _put_together(asked, cells, parts, (*others, complete)), cells, parts


def _waiting(session: Session, wanted: Wanted) -> int:
    own = frozenset({wanted.desk.id}) if wanted.desk else None
    return count_waiting(session, wanted.country, own)


def _put_together(
    asked: Asked, cells: Cells, parts: Parts, others: tuple[Referred, ReturnFigures, Completeness]
) -> Figures:
    referred, returns, complete = others
    codes = {str(desk.id): desk.code for desk in asked.desks}
    crossed = cross_sex_and_age(parts.by["sex_age"])
    by = {"sex": margin(crossed, 0), "age_band": margin(crossed, 1)}
    by["country"] = split_by_place(parts.placed, "country")
    desks = split_by_place(parts.placed, "desk_id")
    by["desk"] = {codes[key]: n for key, n in desks.items()}
    by |= {name: parts.by[name] for name in ("nationality", "situation", "main_topic")}
    return Figures(
        asked.wanted,
        reckon(cells),
        reckon(_compared(asked.wanted, cells)),
        by,
        parts.by["topic_any"],
        complete,
        of_referrals.reckon(referred),
        dict(referred.declined),
        returns,
    )


def _compared(wanted: Wanted, cells: Cells) -> Cells:
    before = wanted.before
    start = before.reporting_year_start(wanted.year_start.number)
    return Cells(int(before), int(start), cells.reaches, cells.volumes)


def list_active(month: Month, desks: Iterable[DeskRow]) -> list[DeskRow]:
    """The desks that are active: open on the last day of the period, today while it runs (outside.md)."""
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


def _completeness(asked: Asked, parts: Parts, waiting: int) -> Completeness:
    active = list_active(asked.wanted.month, asked.desks)
    heard = {volume.desk_id for volume in parts.volumes}
    silent = tuple(desk for desk in active if desk.id not in heard)
    last = max(parts.volumes, key=lambda volume: volume.last_received_at, default=None)
    if last is None:
        return Completeness(len(active), silent, None, None, waiting)
    desk = next(desk for desk in asked.desks if desk.id == last.desk_id)
    return Completeness(len(active), silent, last.last_received_at, desk, waiting)


def as_json(figures: Figures) -> dict[str, Any]:
    """The promise of `/counts.json` (outside.md, Counts)."""
    values, wanted = figures.values, figures.wanted
    said: dict[str, Any] = {"country": wanted.country, "month": str(wanted.month)}
    if wanted.desk:
        said["desk"] = wanted.desk.code
    return said | {
        "state": "open",
        "revision": 0,
        "late": 0,
        "consultations": values["consultations"],
        "tallies": values["tallies"],
        "persons_in_consultations": values["persons_in_consultations"],
        "reached": _reached(values, "reached"),
        "new": values["new"],
        "year_to_date": {
            "from": str(wanted.year_start),
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
    return {part: values[f"{name}_{part}"] for part in ("low", "high", "unknown")}
