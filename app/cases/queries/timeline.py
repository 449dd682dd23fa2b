"""All that came of one consultation: its own record, every referral and every return request, in one order of time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.composition import PersonCount
from app.consultations.queries import get_consultation_data, find_consultation
from app.db.session import Record
from app.referrals.queries import referrals as sent
from app.referrals.queries.referrals import EventRow, ReferralRow
from app.referrals.rules.states import ended_by_time_at
from app.returns.queries import requests as asked
from app.returns.queries.requests import RequestRow, StepRow
from app.shelters.queries.shelters import PublicShelter, shelters_by_id, public_view
from app.web.access import Scope


@dataclass(frozen=True)
class ReferralMoment:
    """One thing that happened: `event` to `referral` at `shelter` (where one is meant); without one time was up."""

    at: datetime
    referral: ReferralRow
    event: EventRow | None
    shelter: PublicShelter | None


@dataclass(frozen=True)
class ReturnMoment:
    """One thing that was recorded of a return request; `is_again` where it renews or corrects an earlier one."""

    at: datetime
    request: RequestRow
    step: StepRow
    is_again: bool


Moment = ReferralMoment | ReturnMoment


@dataclass(frozen=True)
class Timeline:
    """A consultation with its people, its referrals and return requests, and all that happened, in order."""

    consultation: Record
    people: tuple[PersonCount, ...]
    referrals: list[ReferralRow]
    requests: list[RequestRow]
    moments: list[Moment]

    @property
    def has_request(self) -> bool:
        """Whether a return request stands: an open one, or one whose people departed."""
        return any(one.closed_at is None or one.departed_on for one in self.requests)


def get_timeline(session: Session, scope: Scope, consultation: UUID) -> Timeline | None:
    """The timeline of a consultation within the scope; None where there is none or it is somebody else's."""
    row = find_consultation(session, scope, consultation)
    if row is None:
        return None
    referrals = sent.list_of_consultation(session, scope, consultation)
    requests = asked.list_of_consultation(session, scope, consultation)
    moments: list[Moment] = [*_of_referrals(session, referrals), *_of_requests(session, requests)]
    ordered = sorted(moments, key=lambda moment: moment.at)
    return Timeline(row, people_of(session, row), referrals, requests, ordered)


def people_of(session: Session, row: Record) -> tuple[PersonCount, ...]:
    """The people of a consultation, its nationalities taken together."""
    summed: dict[tuple[str, str], int] = {}
    for group in get_consultation_data(session, row).groups:
        for some in group.persons:
            profile = some.sex, some.age_band
            summed[profile] = summed.get(profile, 0) + some.n
    return tuple(PersonCount(*profile, n) for profile, n in summed.items())


def _of_referrals(session: Session, referrals: list[ReferralRow]) -> list[ReferralMoment]:
    events = [(one, event) for one in referrals for event in sent.list_events(session, one.id)]
    ids = {event.shelter_id for _, event in events if event.shelter_id is not None}
    shelters = {key: public_view(one) for key, one in shelters_by_id(session, ids).items()}
    met = [
        ReferralMoment(event.at, one, event, shelters.get(event.shelter_id or 0))
        for one, event in events
    ]
    ended = [
        ReferralMoment(
            ended_by_time_at(one.state_now, one.deadline, one.hold_until), one, None, None
        )
        for one in referrals
        if one.state_now != one.state
    ]
    return met + ended


def _of_requests(session: Session, requests: list[RequestRow]) -> list[ReturnMoment]:
    steps = asked.list_steps(session, requests)
    met: list[ReturnMoment] = []
    for request in requests:
        acts = [step.act for step in steps[request.id]]
        met += [
            ReturnMoment(step.at, request, step, step.act in acts[:place])
            for place, step in enumerate(steps[request.id])
        ]
    return met
