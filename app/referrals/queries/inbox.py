"""Reads a shelter's inbox: who waits for an answer, who is on the way, who stands on the list, what ended lately."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import Record
from app.referrals.queries.referrals import DESKS, OFFERS, REFERRALS, OfferRow, ReferralRow
from app.referrals.rules import inbox as rules
from app.referrals.rules import states
from app.referrals.rules.inbox import ProposedBeds
from app.shelters.queries.beds import list_beds
from app.shelters.queries.shelters import ShelterRow, list_own
from app.shelters.rules import Beds, fitting_categories, is_stale, kilometres_between
from app.web.access import Scope

MAX_CARDS = 500
OFFER_PREFIX = "offer_"
CARDS = (
    select(
        REFERRALS,
        DESKS.c.code.label("desk_code"),
        DESKS.c.name.label("desk_name"),
        DESKS.c.time_zone,
        DESKS.c.latitude.label("from_latitude"),
        DESKS.c.longitude.label("from_longitude"),
        *(column.label(OFFER_PREFIX + column.name) for column in OFFERS.c),
    )
    .join(DESKS, DESKS.c.id == REFERRALS.c.desk_id)
    .join(OFFERS, OFFERS.c.referral_id == REFERRALS.c.id)
)


@dataclass(frozen=True)
class InboxCard:
    """One referral as one of its shelters sees it; `place` are the beds that the group would get."""

    referral: ReferralRow
    offer: OfferRow
    shelter: ShelterRow
    state: str
    proposed_beds: ProposedBeds | None
    kilometres: float | None

    @property
    def is_late(self) -> bool:
        """Whether the time in which the shelter wants to answer is over, and the deadline is not."""
        return clock.now() >= self.offer.reply_by

    @property
    def answer_by(self) -> datetime:
        """The next moment that counts."""
        return self.referral.deadline if self.is_late else self.offer.reply_by

    @property
    def may_undo(self) -> bool:
        """Whether it was accepted so lately that taking it back is offered."""
        at = self.referral.accepted_at
        return at is not None and clock.now() - at < rules.UNDO_SHOWN_FOR

    @property
    def closed_at(self) -> datetime:
        """When it ended for this shelter."""
        if self.state in rules.ENDED_AT_SHELTER:
            return self.offer.changed_at
        if self.state == states.EXPIRED:
            return self.referral.deadline
        return self.referral.closed_at or self.offer.changed_at


@dataclass(frozen=True)
class Inbox:
    """The page of one shelter; every list in the order in which it needs somebody."""

    shelter: ShelterRow
    beds: list[Beds]
    is_stale: bool
    waiting: list[InboxCard]
    on_the_way: list[InboxCard]
    waitlisted: list[InboxCard]
    arrived: list[InboxCard]
    closed: list[InboxCard]


def list_inboxes(session: Session, scope: Scope) -> list[Inbox]:
    """The inbox of every shelter that the account coordinates, by code."""
    now = clock.now()
    lately = OFFERS.c.changed_at > now - rules.ARRIVED_SHOWN_FOR
    cards = _cards(session, scope, or_(OFFERS.c.is_open, lately))
    beds = list_beds(session, scope.shelters)
    return [_inbox(one, beds.get(one.id, []), cards, now) for one in list_own(session, scope)]


def list_by_code(session: Session, scope: Scope, code: str) -> list[InboxCard]:
    """The open referrals to own shelters whose slip carries this code; a group offered to two of them stands twice."""
    wanted = and_(REFERRALS.c.code == code, REFERRALS.c.closed_at.is_(None))
    cards = _cards(session, scope, wanted)
    return [one for one in cards if one.state in (*states.WAITING, states.ACCEPTED)]


def _cards(session: Session, scope: Scope, wanted: ColumnElement[bool]) -> list[InboxCard]:
    """Referrals offered to own shelters, those still open first; what needs an answer first before the others."""
    mine = CARDS.where(OFFERS.c.shelter_id.in_(scope.shelters), wanted)
    newest = mine.order_by(OFFERS.c.is_open.desc(), OFFERS.c.changed_at.desc(), REFERRALS.c.id)
    shelters = {one.id: one for one in list_own(session, scope)}
    beds = list_beds(session, scope.shelters)
    found = session.execute(newest.limit(MAX_CARDS)).all()
    cards = [_card(row, shelters, beds) for row in found]
    return sorted(cards, key=lambda one: (one.offer.reply_by, one.referral.sent_at))


def _card(row: Record, shelters: Mapping[int, ShelterRow], beds: Mapping[int, list[Beds]]) -> InboxCard:
    said = row._mapping
    kept = ("from_latitude", "from_longitude")
    offer = OfferRow(**{n.removeprefix(OFFER_PREFIX): v for n, v in said.items() if n.startswith(OFFER_PREFIX)})
    plain = {n: v for n, v in said.items() if not n.startswith(OFFER_PREFIX) and n not in kept}
    referral, shelter = ReferralRow(**plain), shelters[offer.shelter_id]
    state = rules.state_at_shelter(referral.state_now, offer.state)
    place = _place(referral, beds.get(shelter.id, []))
    return InboxCard(referral, offer, shelter, state, place, _distance(row, shelter))


def _place(referral: ReferralRow, beds: list[Beds]) -> ProposedBeds | None:
    wanted = [referral.bed_category] if referral.bed_category else None
    fitting = wanted or fitting_categories(referral.group, referral.flags)
    return rules.propose_beds(fitting, {one.category: one for one in beds}, referral.party)


def _distance(row: Record, shelter: ShelterRow) -> float | None:
    if shelter.location is None or row.from_latitude is None or row.from_longitude is None:
        return None
    return kilometres_between((row.from_latitude, row.from_longitude), shelter.location)


def _inbox(shelter: ShelterRow, beds: list[Beds], cards: list[InboxCard], now: datetime) -> Inbox:
    mine = [one for one in cards if one.shelter.id == shelter.id]
    closed = [one for one in mine if one.state in (*states.FINAL, *rules.ENDED_AT_SHELTER)]
    lately = [one for one in closed if now - one.closed_at < rules.CLOSED_SHOWN_FOR]
    return Inbox(
        shelter,
        beds,
        any(is_stale(one.confirmed_at, now) for one in beds),
        _in(mine, rules.UNANSWERED),
        sorted(_in(mine, (states.ACCEPTED,)), key=_hold_until),
        _in(mine, (states.WAITLISTED,)),
        _in(mine, (states.ARRIVED,)),
        sorted(lately, key=lambda one: one.closed_at, reverse=True),
    )


def _in(cards: list[InboxCard], wanted: Collection[str]) -> list[InboxCard]:
    return [one for one in cards if one.state in wanted]


def _hold_until(card: InboxCard) -> tuple[Any, ...]:
    return card.referral.hold_until, card.referral.sent_at
