"""All that came of one consultation: its own record, and every referral with what happened to it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.base.access import Scope
from app.base.database import Record
from app.base.party import Persons
from app.consultations.queries import content_of, find_consultation
from app.referrals.queries import referrals as sent
from app.referrals.queries.referrals import EventRow, ReferralRow
from app.shelters.queries.shelters import PublicShelter, list_of_ids, public


@dataclass(frozen=True)
class Moment:
    """One thing that happened: `event` to `referral` at `shelter` (where one is meant)."""

    at: datetime
    referral: ReferralRow
    event: EventRow
    shelter: PublicShelter | None


@dataclass(frozen=True)
class Timeline:
    """A consultation with its people, its referrals, the first sent first, and all that happened, in order."""

    consultation: Record
    people: tuple[Persons, ...]
    referrals: list[ReferralRow]
    moments: list[Moment]


def get_timeline(session: Session, scope: Scope, consultation: UUID) -> Timeline | None:
    """The timeline of a consultation within the scope; None where there is none or it is somebody else's."""
    row = find_consultation(session, scope, consultation)
    if row is None:
        return None
    referrals = sent.list_of_consultation(session, scope, consultation)
    return Timeline(row, people_of(session, row), referrals, _moments(session, referrals))


def people_of(session: Session, row: Record) -> tuple[Persons, ...]:
    """The people of a consultation, its nationalities taken together."""
    summed: dict[tuple[str, str], int] = {}
    for group in content_of(session, row).groups:
        for some in group.persons:
            profile = some.sex, some.age_band
            summed[profile] = summed.get(profile, 0) + some.n
    return tuple(Persons(*profile, n) for profile, n in summed.items())


def _moments(session: Session, referrals: list[ReferralRow]) -> list[Moment]:
    events = [(one, event) for one in referrals for event in sent.list_events(session, one.id)]
    ids = {event.shelter_id for _, event in events if event.shelter_id is not None}
    shelters = {key: public(one) for key, one in list_of_ids(session, ids).items()}
    met = [
        Moment(event.at, one, event, shelters.get(event.shelter_id or 0)) for one, event in events
    ]
    return sorted(met, key=lambda moment: moment.at)
