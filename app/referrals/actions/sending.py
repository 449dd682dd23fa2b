"""Sends a group to up to three shelters or to a service."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import note
from app.db import idempotency
from app.field_errors import Problem
from app.month import Month
from app.places.queries import DeskRow
from app.places.rules import closes_with_country, is_open
from app.places.vocabulary import programme
from app.referrals.actions.notices import tell_of_one_waiting
from app.referrals.actions.trace import Happened, leave_event
from app.referrals.queries import referrals as reading
from app.referrals.queries.choosing import why_not
from app.referrals.queries.referrals import OFFERS, REFERRALS, ReferralRow
from app.referrals.rules import sending as rules
from app.referrals.rules.deadlines import deadline, draw_code
from app.referrals.rules.sending import Content, Known
from app.referrals.rules.states import SENT
from app.shelters.actions.beds import announce
from app.shelters.queries.beds import list_beds
from app.shelters.queries.shelters import ShelterRow, find_shelter
from app.web.access import Principal


@dataclass(frozen=True)
class Arrival:
    """How a referral arrived: `new`, `same` or `different`; the referral as it stands, None where different."""

    arrival: str
    referral: ReferralRow | None


def send(
    session: Session, by: Principal, desk: DeskRow, content: Content, known: Known
) -> Arrival | list[Problem]:
    """Sends what was read; all problems at once where anything is wrong.

    The desk is one that the account may send from; `known` is what its consultation says.
    """
    shelters, problems = _receivers(session, desk, content)
    problems += [Problem(*one) for one in rules.wrong_answers(content, known)]
    if not is_open(desk.opened_on, closes_with_country(desk.country, desk.closed_on), _today(desk)):
        problems.append(Problem("desk", "desk_not_open"))
    known_one = reading.find_arrival(session, UUID(content.id))
    if known_one is not None:
        return _known(by, known_one, content)
    if problems:
        return problems
    announce(session, [one.id for one in shelters])
    if not _insert(session, _row(by, desk, content)):
        again = reading.find_arrival(session, UUID(content.id))
        return _known(by, again, content)
    return Arrival(idempotency.NEW, _tell(session, by, shelters, content))


def _tell(
    session: Session, by: Principal, shelters: list[ShelterRow], content: Content
) -> ReferralRow:
    sent = reading.find_arrival(session, UUID(content.id))
    assert sent is not None  # noqa: S101 - it was inserted in this transaction
    offers = [_offer(sent, place, one) for place, one in enumerate(shelters)]
    if offers:
        session.execute(insert(OFFERS), offers)
    leave_event(session, by, sent, Happened(SENT))
    for one in shelters:
        tell_of_one_waiting(session, sent, one)
    note(by.account_id, "referral_sent", f"referral:{sent.id}", sent.country)
    return sent


def _today(desk: DeskRow) -> Any:
    return clock.today_at(desk.time_zone)


def _receivers(
    session: Session, desk: DeskRow, content: Content
) -> tuple[list[ShelterRow], list[Problem]]:
    found, problems = [], []
    for place, code in enumerate(content.shelters):
        shelter = find_shelter(session, code)
        here = shelter is not None and shelter.country == desk.country
        if shelter is None or not here or _is_closed(shelter):
            problems.append(Problem(f"shelters.{place}", "unknown_shelter"))
            continue
        found.append(shelter)
        problems += [Problem(f"shelters.{place}", why) for why in why_not(shelter, content.persons)]
    problems += _wrong_category(session, found, content.bed_category)
    return found, problems


def _is_closed(shelter: ShelterRow) -> bool:
    return shelter.closed_on is not None and shelter.closed_on < clock.today_at(shelter.time_zone)


def _wrong_category(session: Session, shelters: list[ShelterRow], category: str) -> list[Problem]:
    if not category or not shelters:
        return []
    beds = list_beds(session, [one.id for one in shelters])
    has = all(any(b.category == category for b in beds.get(one.id, [])) for one in shelters)
    return [] if has else [Problem("bed_category", "no_such_category")]


def _row(by: Principal, desk: DeskRow, content: Content) -> dict[str, Any]:
    now = clock.now()
    plain = ("service", "bed_category", "priority", "party", "flags", "note")
    return {name: getattr(content, name) for name in plain} | {
        "id": UUID(content.id),
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": by.account_id,
        "consultation_id": UUID(content.consultation) if content.consultation else None,
        "after_id": UUID(content.after) if content.after else None,
        "persons": [[one.sex, one.age_band, one.n] for one in content.persons],
        "language": content.language or programme()[desk.country].languages[0],
        "state": SENT,
        "version": 1,
        "arrival_digest": rules.digest(content),
        "month": int(Month.of(clock.day_at(now, desk.time_zone))),
        "sent_at": now,
        "deadline": deadline(content.priority, now, desk.time_zone),
    }


def _offer(sent: ReferralRow, place: int, shelter: ShelterRow) -> dict[str, Any]:
    return {
        "referral_id": sent.id,
        "shelter_id": shelter.id,
        "place": place,
        "state": SENT,
        "is_open": True,
        "reply_by": _reply_by(sent.sent_at, shelter, sent.deadline),
        "reason": "",
        "questions": (),
        "answers": {},
        "eligibility": asdict(shelter.eligibility),
        "changed_at": sent.sent_at,
    }


def _reply_by(sent_at: datetime, shelter: ShelterRow, last: datetime) -> datetime:
    return min(sent_at + timedelta(minutes=shelter.reply_minutes), last)


def _insert(session: Session, row: dict[str, Any]) -> bool:
    """Inserts with a code that no open referral has; False where the id is known."""

    def is_known() -> bool:
        return reading.find_arrival(session, row["id"]) is not None

    drawn = ("code", lambda: draw_code(secrets.randbelow))
    return idempotency.insert_drawn(session, REFERRALS, row, drawn, is_known)


def _known(by: Principal, known: ReferralRow | None, content: Content) -> Arrival:
    same = known is not None and known.arrival_digest == rules.digest(content)
    if known is not None and same and may_send_from(by, known.desk_id, known.country):
        return Arrival(idempotency.SAME, known)
    return Arrival(idempotency.DIFFERENT, None)


def may_send_from(by: Principal, desk_id: int, country: str) -> bool:
    """Whether a desk's referrals are the account's to send and to follow."""
    return desk_id in by.scope.desks or country in by.scope.countries
