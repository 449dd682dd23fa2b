"""A desk's day: its consultations with their people, its referrals and return requests, and the totals."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.cases.queries.returns import list_opened, list_requested
from app.cases.rules import came_before
from app.codelists.shared_codelists import CHILDREN
from app.consultations.queries import list_consultations_of_day
from app.consultations.rules.checks import asks_to_return
from app.consultations.vocabulary import RESTRICTED_TOPICS, VOID
from app.db.session import Record
from app.month import Month
from app.people.queries.lines import list_desk_lines
from app.people.rules.reach import NEVER
from app.places.queries import DeskRow
from app.referrals.queries import referrals as sent
from app.referrals.queries.referrals import OfferRow, ReferralRow
from app.referrals.rules.states import ACCEPTED, WAITING
from app.returns.queries.requests import RequestRow
from app.shelters.queries.shelters import PublicShelter, shelters_by_id, public_view
from app.web.access import Scope

STILL_OPEN = frozenset({*WAITING, ACCEPTED})
"""What a desk still has to follow on later days."""


@dataclass(frozen=True)
class DayLine:
    """One consultation of the day, as the list shows it; `main_topic` is empty where no list may name it.

    `came_before` is a code of REPEAT_CONTACTS: its people's latest return in this country; empty where none is known.
    `may_ask_to_return` is where they ask about returning and no request stands.
    """

    id: UUID
    received_at: datetime
    author_id: int
    country: str
    time_zone: str
    persons: int
    nationalities: tuple[str, ...]
    main_topic: str
    came_before: str
    has_card: bool
    is_tally: bool
    is_void: bool
    may_ask_to_return: bool
    version: int


@dataclass(frozen=True)
class DayReferral:
    """A referral as the day's list shows it: `shelters` are those that may still answer, or the one that accepted."""

    row: ReferralRow
    shelters: list[PublicShelter]
    offers: list[OfferRow]
    is_older: bool


@dataclass(frozen=True)
class Totals:
    """The day's live consultations and the people in them; `other` is neither women nor men.

    `referred` is how many referrals were sent on that day.
    """

    consultations: int
    tallies: int
    persons: int
    female: int
    male: int
    other: int
    children: int
    referred: int = 0


@dataclass(frozen=True)
class Day:
    """A desk's day: lines, referrals and the return requests opened on it, the last first, and totals."""

    desk: DeskRow
    day: date
    lines: list[DayLine]
    totals: Totals
    referrals: list[DayReferral]
    returns: list[RequestRow]


def get_day(session: Session, scope: Scope, desk: DeskRow, day: date, year_start: Month) -> Day:
    """The day of a desk within the scope; `year_start` is the first month of the reporting year that it lies in."""
    rows = list_consultations_of_day(session, scope, desk.id, day)
    people = list_desk_lines(session, scope, desk.id, day, day)
    of_each: dict[UUID, list[Record]] = {}
    for some in people:
        of_each.setdefault(some.consultation_id, []).append(some)
    period = Month.of(day), year_start
    asking = _asking_to_return(session, scope, rows)
    lines = [_line(desk, row, of_each.get(row.id, []), period, asking) for row in rows]
    since, until = _moments(desk, day)
    referrals = list_day_referrals(session, scope, desk, (since, until))
    referred = sum(not one.is_older for one in referrals)
    opened = list_opened(session, scope, desk, (since, until))
    return Day(desk, day, lines, _totals(lines, people, referred), referrals, opened)


def _asking_to_return(session: Session, scope: Scope, rows: Sequence[Record]) -> frozenset[UUID]:
    """The consultations whose people ask about returning and have no request that stands."""
    ask = {row.id for row in rows if asks_to_return(row.topics, row.outcomes)}
    return frozenset(ask - list_requested(session, scope, ask))


def _moments(desk: DeskRow, day: date) -> tuple[datetime, datetime]:
    """When the desk's day begins and ends."""
    zone, next_day = clock.zone(desk.time_zone), day + timedelta(days=1)
    return datetime.combine(day, time(), zone), datetime.combine(next_day, time(), zone)


def list_day_referrals(
    session: Session, scope: Scope, desk: DeskRow, span: tuple[datetime, datetime]
) -> list[DayReferral]:
    """The desk's referrals sent in a span, the last first, and the older ones that are still open."""
    found = sent.list_of_desk(session, scope, desk.id, *span)
    rows = [row for row in found if row.sent_at >= span[0] or row.state_now in STILL_OPEN]
    offers = sent.list_offers(session, [row.id for row in rows])
    ids = {one.shelter_id for some in offers.values() for one in some}
    shelters = {key: public_view(one) for key, one in shelters_by_id(session, ids).items()}
    return [
        DayReferral(
            row, _named(row, offers[row.id], shelters), offers[row.id], row.sent_at < span[0]
        )
        for row in rows
    ]


def _named(
    row: ReferralRow, offers: list[OfferRow], shelters: dict[int, PublicShelter]
) -> list[PublicShelter]:
    if row.shelter_id is not None:
        return [shelters[row.shelter_id]]
    named = [one for one in offers if one.is_open] or offers
    return [shelters[one.shelter_id] for one in named]


def _line(
    desk: DeskRow,
    row: Record,
    people: list[Record],
    period: tuple[Month, Month],
    asking: frozenset[UUID],
) -> DayLine:
    previous = max((some.previous_in_country for some in people), default=NEVER)
    return DayLine(
        row.id,
        row.received_at,
        row.author_id,
        row.country,
        desk.time_zone,
        row.persons,
        tuple(dict.fromkeys(some.nationality for some in people)),
        "" if row.main_topic in RESTRICTED_TOPICS else row.main_topic,
        came_before(previous, *period),
        any(some.card_id is not None for some in people),
        row.is_tally,
        row.state == VOID,
        row.id in asking,
        row.version,
    )


def _totals(lines: list[DayLine], people: Sequence[Record], referred: int) -> Totals:
    live = [line for line in lines if not line.is_void]
    by_sex: Counter[str] = Counter()
    children = 0
    for some in people:
        if not some.is_void:
            by_sex[some.sex] += some.n
            children += some.n if some.age_band in CHILDREN else 0
    return Totals(
        len(live),
        sum(line.is_tally for line in live),
        sum(line.persons for line in live),
        by_sex["female"],
        by_sex["male"],
        by_sex["other"] + by_sex["not_stated"],
        children,
        referred,
    )
