"""Creates a referral: a group sent to up to three shelters or to a service."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db import idempotency
from app.field_errors import FieldError
from app.month import Month
from app.places.queries import DeskRow
from app.places.rules import closes_with_country, is_open
from app.places.vocabulary import programme
from app.referrals.actions.events import EventData, record_event
from app.referrals.actions.notices import queue_waiting_notice
from app.referrals.queries import referrals as queries
from app.referrals.queries.referrals import OFFERS, REFERRALS, ReferralRow
from app.referrals.queries.shelter_options import refusal_reasons
from app.referrals.rules import referral_data as rules
from app.referrals.rules.deadlines import deadline, generate_code
from app.referrals.rules.referral_data import ReferralData, ReferralOrigin
from app.referrals.rules.states import SENT
from app.shelters.actions.beds import lock_and_bump_inboxes
from app.shelters.queries.beds import list_beds
from app.shelters.queries.shelters import ShelterRow, find_shelter
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Invalid, Outcome


@dataclass(frozen=True)
class ReferralIntake:
    """How a referral arrived (`new` or `same`), and the stored referral."""

    arrival: str
    referral: ReferralRow


ReferralOutcome: TypeAlias = Outcome[ReferralIntake, str]
"""The outcome of sending; the id of a referral is in conflict if it is another one's."""


def create_referral(
    session: Session,
    principal: Principal,
    desk: DeskRow,
    data: ReferralData,
    origin: ReferralOrigin,
) -> ReferralOutcome:
    """Create a referral; return all errors at once if there are any.

    The account may send from `desk`; `origin` is what the rules need of the consultation that it comes from.
    """
    shelters, errors = _receivers(session, desk, data)
    errors += [FieldError(*error) for error in rules.validate(data, origin)]
    if not _is_open_today(desk):
        errors.append(FieldError("desk", "desk_not_open"))
    referral_id = UUID(data.id)
    existing = queries.find_referral_unscoped(session, referral_id)
    if existing is not None:
        return _existing(principal, existing, data)
    if errors:
        return Invalid(errors)
    lock_and_bump_inboxes(session, [shelter.id for shelter in shelters])
    if not _insert(session, referral_id, _referral_values(principal, desk, data)):
        existing = queries.find_referral_unscoped(session, referral_id)
        return _existing(principal, existing, data)
    referral = queries.get_referral_unscoped(session, referral_id)
    _address(session, principal, referral, shelters)
    return Accepted(ReferralIntake(idempotency.NEW, referral))


def _address(
    session: Session, principal: Principal, referral: ReferralRow, shelters: list[ShelterRow]
) -> None:
    offers = [
        _offer_values(referral, position, shelter) for position, shelter in enumerate(shelters)
    ]
    if offers:
        session.execute(insert(OFFERS), offers)
    record_event(session, principal, referral, EventData(SENT))
    for shelter in shelters:
        queue_waiting_notice(session, referral, shelter)
    audited = f"referral:{referral.id}"
    record_audit(principal.account_id, "referral_sent", audited, referral.country)


def _is_open_today(desk: DeskRow) -> bool:
    last_day = closes_with_country(desk.country, desk.closed_on)
    return is_open(desk.opened_on, last_day, clock.today_at(desk.time_zone))


def _receivers(
    session: Session, desk: DeskRow, data: ReferralData
) -> tuple[list[ShelterRow], list[FieldError]]:
    """Return the open shelters of the desk's country among those chosen, and why the others do not count."""
    shelters, errors = [], []
    for place, code in enumerate(data.shelters):
        shelter, field = find_shelter(session, code), f"shelters.{place}"
        if shelter is None or shelter.country != desk.country or _is_closed(shelter):
            errors.append(FieldError(field, "unknown_shelter"))
            continue
        shelters.append(shelter)
        errors += [FieldError(field, reason) for reason in refusal_reasons(shelter, data.persons)]
    errors += _category_errors(session, shelters, data.bed_category)
    return shelters, errors


def _is_closed(shelter: ShelterRow) -> bool:
    return shelter.closed_on is not None and shelter.closed_on < clock.today_at(shelter.time_zone)


def _category_errors(
    session: Session, shelters: list[ShelterRow], category: str
) -> list[FieldError]:
    if not category or not shelters:
        return []
    ids = [shelter.id for shelter in shelters]
    beds = list_beds(session, ids)
    categories = [{row.category for row in beds.get(shelter_id, [])} for shelter_id in ids]
    is_everywhere = all(category in own for own in categories)
    return [] if is_everywhere else [FieldError("bed_category", "no_such_category")]


def _referral_values(principal: Principal, desk: DeskRow, data: ReferralData) -> dict[str, object]:
    now = clock.now()
    same_name = ("service", "bed_category", "priority", "person_count", "flags", "note")
    return {name: getattr(data, name) for name in same_name} | {
        "id": UUID(data.id),
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": principal.account_id,
        "consultation_id": UUID(data.consultation) if data.consultation else None,
        "previous_referral_id": UUID(data.after) if data.after else None,
        "persons": [[count.sex, count.age_band, count.n] for count in data.persons],
        "language": data.language or programme()[desk.country].languages[0],
        "state": SENT,
        "version": 1,
        "content_digest": rules.content_digest(data),
        "month": int(Month.containing(clock.day_at(now, desk.time_zone))),
        "sent_at": now,
        "deadline": deadline(data.priority, now, desk.time_zone),
    }


def _offer_values(referral: ReferralRow, position: int, shelter: ShelterRow) -> dict[str, object]:
    return {
        "referral_id": referral.id,
        "shelter_id": shelter.id,
        "position": position,
        "state": SENT,
        "is_open": True,
        "reply_by": _reply_by(referral.sent_at, shelter, referral.deadline),
        "reason": "",
        "questions": (),
        "answers": {},
        "eligibility": asdict(shelter.eligibility),
        "changed_at": referral.sent_at,
    }


def _reply_by(sent_at: datetime, shelter: ShelterRow, last: datetime) -> datetime:
    return min(sent_at + timedelta(minutes=shelter.reply_minutes), last)


def _insert(session: Session, referral_id: UUID, values: dict[str, object]) -> bool:
    """Insert a referral with a code that no open one has; return False if its id exists already."""

    def is_duplicate() -> bool:
        return queries.find_referral_unscoped(session, referral_id) is not None

    code = idempotency.RandomCode("code", lambda: generate_code(secrets.randbelow))
    return idempotency.insert_with_random_code(session, REFERRALS, values, code, is_duplicate)


def _existing(
    principal: Principal, existing: ReferralRow | None, data: ReferralData
) -> ReferralOutcome:
    """Compare with the stored referral of this id; without access to it that is a conflict too."""
    if existing is None or existing.content_digest != rules.content_digest(data):
        return Conflict(data.id)
    if not may_send_from(principal, existing.desk_id, existing.country):
        return Conflict(data.id)
    return Accepted(ReferralIntake(idempotency.SAME, existing))


def may_send_from(principal: Principal, desk_id: int, country: str) -> bool:
    """Whether the account may send and follow the referrals of a desk."""
    return desk_id in principal.scope.desks or country in principal.scope.countries
