"""A desk's day: its consultations with their people, its referrals and return requests, and the totals."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.cases.queries.referrals import DayReferral, list_day_referrals
from app.cases.queries.returns import consultations_with_request, list_opened_requests
from app.cases.rules import repeat_contact
from app.codelists.shared_codelists import CHILDREN
from app.consultations.queries import list_consultations_of_day
from app.consultations.rules.checks import asks_to_return
from app.consultations.vocabulary import RESTRICTED_TOPICS, VOID
from app.db.session import AnyRow
from app.month import Month
from app.people.queries.lines import list_desk_lines
from app.people.rules.reach import NEVER
from app.places.queries import DeskRow
from app.returns.queries.requests import RequestRow
from app.web.access import Scope


@dataclass(frozen=True)
class DayConsultation:
    """One consultation on the list of the day.

    `main_topic` is empty if it is restricted. `repeat_contact` is a code of REPEAT_CONTACTS for the latest earlier
    contact of its people in this country, empty if none is known. `asks_to_return` is true if they ask about
    returning and have no active return request.
    """

    id: UUID
    received_at: datetime
    author_id: int
    country: str
    time_zone: str
    persons: int
    nationalities: tuple[str, ...]
    main_topic: str
    repeat_contact: str
    has_card: bool
    is_tally: bool
    is_void: bool
    asks_to_return: bool
    version: int


@dataclass(frozen=True)
class Totals:
    """Numbers of the day's live consultations and of their people; `other` are neither women nor men.

    `referred` is the number of referrals sent on that day.
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
    """A desk's day: consultations, referrals and return requests opened on it, the latest first, and totals."""

    desk: DeskRow
    day: date
    consultations: list[DayConsultation]
    totals: Totals
    referrals: list[DayReferral]
    returns: list[RequestRow]


def get_day(session: Session, scope: Scope, desk: DeskRow, day: date, year_start: Month) -> Day:
    """Return the day of a desk in the scope; `year_start` is the first month of the day's reporting year."""
    rows = list_consultations_of_day(session, scope, desk.id, day)
    people = list_desk_lines(session, scope, desk.id, day, day)
    people_by_id: dict[UUID, list[AnyRow]] = {}
    for person_line in people:
        people_by_id.setdefault(person_line.consultation_id, []).append(person_line)
    period = Month.containing(day), year_start
    interested_ids = _ids_interested_in_return(session, scope, rows)
    consultations = [
        _consultation(desk, row, people_by_id.get(row.id, []), period, row.id in interested_ids)
        for row in rows
    ]
    span = _span(desk, day)
    referrals = list_day_referrals(session, scope, desk, span)
    n_referred = sum(not referral.is_older for referral in referrals)
    requests = list_opened_requests(session, scope, desk, span)
    totals = _totals(consultations, people, n_referred)
    return Day(desk, day, consultations, totals, referrals, requests)


def _ids_interested_in_return(
    session: Session, scope: Scope, rows: Sequence[AnyRow]
) -> frozenset[UUID]:
    """Return the ids of consultations whose people ask about returning and have no active request."""
    interested = {row.id for row in rows if asks_to_return(row.topics, row.outcomes)}
    return frozenset(interested - consultations_with_request(session, scope, interested))


def _span(desk: DeskRow, day: date) -> tuple[datetime, datetime]:
    """Return the start and the end of the desk's day."""
    zone, next_day = clock.zone(desk.time_zone), day + timedelta(days=1)
    return datetime.combine(day, time(), zone), datetime.combine(next_day, time(), zone)


def _consultation(
    desk: DeskRow,
    row: AnyRow,
    people: list[AnyRow],
    period: tuple[Month, Month],
    is_interested: bool,
) -> DayConsultation:
    previous = max((person_line.previous_in_country for person_line in people), default=NEVER)
    return DayConsultation(
        row.id,
        row.received_at,
        row.author_id,
        row.country,
        desk.time_zone,
        row.persons,
        tuple(dict.fromkeys(person_line.nationality for person_line in people)),
        "" if row.main_topic in RESTRICTED_TOPICS else row.main_topic,
        repeat_contact(previous, *period),
        any(person_line.card_id is not None for person_line in people),
        row.is_tally,
        row.state == VOID,
        is_interested,
        row.version,
    )


def _totals(
    consultations: list[DayConsultation], people: Sequence[AnyRow], n_referred: int
) -> Totals:
    live = [consultation for consultation in consultations if not consultation.is_void]
    by_sex: Counter[str] = Counter()
    children = 0
    for person_line in people:
        if not person_line.is_void:
            by_sex[person_line.sex] += person_line.n
            children += person_line.n if person_line.age_band in CHILDREN else 0
    return Totals(
        len(live),
        sum(consultation.is_tally for consultation in live),
        sum(consultation.persons for consultation in live),
        by_sex["female"],
        by_sex["male"],
        by_sex["other"] + by_sex["not_stated"],
        children,
        n_referred,
    )
