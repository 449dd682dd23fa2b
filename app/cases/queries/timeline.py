"""The timeline of a consultation: its own record, its referrals and its return requests, in order of time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.composition import PersonCount
from app.consultations.queries import find_consultation, get_consultation_data
from app.db.session import AnyRow
from app.referrals.queries import referrals as referral_queries
from app.referrals.queries.referrals import EventRow, ReferralRow
from app.referrals.rules.states import ended_by_time_at
from app.returns.queries import requests as return_queries
from app.returns.queries.requests import RequestRow, StepRow
from app.shelters.queries.shelters import PublicShelter, public_view, shelters_by_id
from app.web.access import Scope


@dataclass(frozen=True)
class ReferralTimelineEvent:
    """One event of a referral, and its shelter if the event has one; `event` is None if its deadline ended it."""

    at: datetime
    referral: ReferralRow
    event: EventRow | None
    shelter: PublicShelter | None


@dataclass(frozen=True)
class ReturnTimelineEvent:
    """One recorded step of a return request; `is_repeated` if it renews or corrects an earlier one."""

    at: datetime
    request: RequestRow
    step: StepRow
    is_repeated: bool


TimelineEvent = ReferralTimelineEvent | ReturnTimelineEvent


@dataclass(frozen=True)
class Timeline:
    """A consultation with its people, its referrals and return requests, and all their events in order of time."""

    consultation: AnyRow
    people: tuple[PersonCount, ...]
    referrals: list[ReferralRow]
    requests: list[RequestRow]
    events: list[TimelineEvent]

    @property
    def has_active_request(self) -> bool:
        """Whether a return request is open, or closed after its people departed."""
        return any(row.closed_at is None or row.departed_on for row in self.requests)


def find_timeline(session: Session, scope: Scope, consultation_id: UUID) -> Timeline | None:
    """Return the timeline of a consultation; None if it does not exist or is out of scope."""
    row = find_consultation(session, scope, consultation_id)
    if row is None:
        return None
    referrals = referral_queries.list_of_consultation(session, scope, consultation_id)
    requests = return_queries.list_of_consultation(session, scope, consultation_id)
    events: list[TimelineEvent] = [
        *_referral_events(session, referrals),
        *_return_events(session, requests),
    ]
    ordered = sorted(events, key=lambda event: event.at)
    return Timeline(row, list_people(session, row), referrals, requests, ordered)


def list_people(session: Session, row: AnyRow) -> tuple[PersonCount, ...]:
    """Return the people of a consultation by sex and age band, summed over its nationalities."""
    totals: dict[tuple[str, str], int] = {}
    for group in get_consultation_data(session, row).groups:
        for persons in group.persons:
            profile = persons.sex, persons.age_band
            totals[profile] = totals.get(profile, 0) + persons.n
    return tuple(PersonCount(*profile, n) for profile, n in totals.items())


def _referral_events(session: Session, referrals: list[ReferralRow]) -> list[ReferralTimelineEvent]:
    pairs = [
        (referral, event)
        for referral in referrals
        for event in referral_queries.list_events_unscoped(session, referral.id)
    ]
    ids = {event.shelter_id for _, event in pairs if event.shelter_id is not None}
    shelters = {key: public_view(row) for key, row in shelters_by_id(session, ids).items()}
    recorded = [
        ReferralTimelineEvent(event.at, referral, event, shelters.get(event.shelter_id or 0))
        for referral, event in pairs
    ]
    return recorded + [_ended(row) for row in referrals if row.state_now != row.state]


def _ended(referral: ReferralRow) -> ReferralTimelineEvent:
    """Return the event of a referral whose deadline has passed; it has no row."""
    at = ended_by_time_at(referral.state_now, referral.deadline, referral.hold_until)
    return ReferralTimelineEvent(at, referral, None, None)


def _return_events(session: Session, requests: list[RequestRow]) -> list[ReturnTimelineEvent]:
    steps = return_queries.list_steps(session, requests)
    events: list[ReturnTimelineEvent] = []
    for request in requests:
        actions = [step.action for step in steps[request.id]]
        events += [
            ReturnTimelineEvent(step.recorded_at, request, step, step.action in actions[:position])
            for position, step in enumerate(steps[request.id])
        ]
    return events
