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
from app.referrals.rules.inbox import Place
from app.shelters.queries.beds import list_beds
from app.shelters.queries.shelters import ShelterRow, list_own
from app.shelters.rules import Beds, fitting_categories, is_stale, kilometres
from app.web.access import Scope

MOST = 500
OFFER = "offer_"
CARDS = (
    select(
        REFERRALS,
        DESKS.c.code.label("desk_code"),
        DESKS.c.name.label("desk_name"),
        DESKS.c.time_zone,
        DESKS.c.latitude.label("from_latitude"),
        DESKS.c.longitude.label("from_longitude"),
        *(column.label(OFFER + column.name) for column in OFFERS.c),
    )
    .join(DESKS, DESKS.c.id == REFERRALS.c.desk_id)
    .join(OFFERS, OFFERS.c.referral_id == REFERRALS.c.id)
)


@dataclass(frozen=True)
class Card:
    """One referral as one of its shelters sees it; `place` are the beds that the group would get."""

    referral: ReferralRow
    offer: OfferRow
    shelter: ShelterRow
    state: str
    place: Place | None
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
        return at is not None and clock.now() - at < rules.UNDO_SHOWN

    @property
    def closed_at(self) -> datetime:
        """When it ended for this shelter."""
        if self.state in rules.OVER_HERE:
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
    waiting: list[Card]
    on_the_way: list[Card]
    waitlisted: list[Card]
    arrived: list[Card]
    closed: list[Card]


def list_inboxes(session: Session, scope: Scope) -> list[Inbox]:
    """The inbox of every shelter that the account coordinates, by code."""
    now = clock.now()
    lately = OFFERS.c.changed_at > now - rules.SHOWN_ARRIVED
    cards = _cards(session, scope, or_(OFFERS.c.is_open, lately))
    beds = list_beds(session, scope.shelters)
    return [_inbox(one, beds.get(one.id, []), cards, now) for one in list_own(session, scope)]


def find_by_code(session: Session, scope: Scope, code: str) -> list[Card]:
    """The open referrals to own shelters whose slip carries this code; a group offered to two of them stands twice."""
    wanted = and_(REFERRALS.c.code == code, REFERRALS.c.closed_at.is_(None))
    cards = _cards(session, scope, wanted)
    return [one for one in cards if one.state in (*states.WAITING, states.ACCEPTED)]


def _cards(session: Session, scope: Scope, wanted: ColumnElement[bool]) -> list[Card]:
    """Referrals offered to own shelters, those still open first; what needs an answer first before the others."""
    mine = CARDS.where(OFFERS.c.shelter_id.in_(scope.shelters), wanted)
    newest = mine.order_by(OFFERS.c.is_open.desc(), OFFERS.c.changed_at.desc(), REFERRALS.c.id)
    shelters = {one.id: one for one in list_own(session, scope)}
    beds = list_beds(session, scope.shelters)
    found = session.execute(newest.limit(MOST)).all()
    cards = [_card(row, shelters, beds) for row in found]
    return sorted(cards, key=lambda one: (one.offer.reply_by, one.referral.sent_at))


def _card(row: Record, shelters: Mapping[int, ShelterRow], beds: Mapping[int, list[Beds]]) -> Card:
    said = row._mapping
    kept = ("from_latitude", "from_longitude")
    offer = OfferRow(**{n.removeprefix(OFFER): v for n, v in said.items() if n.startswith(OFFER)})
    plain = {n: v for n, v in said.items() if not n.startswith(OFFER) and n not in kept}
    referral, shelter = ReferralRow(**plain), shelters[offer.shelter_id]
    state = rules.state_here(referral.state_now, offer.state)
    place = _place(referral, beds.get(shelter.id, []))
    return Card(referral, offer, shelter, state, place, _distance(row, shelter))


def _place(referral: ReferralRow, beds: list[Beds]) -> Place | None:
    wanted = [referral.bed_category] if referral.bed_category else None
    fitting = wanted or fitting_categories(referral.group, referral.flags)
    return rules.place_for(fitting, {one.category: one for one in beds}, referral.party)


def _distance(row: Record, shelter: ShelterRow) -> float | None:
    if shelter.location is None or row.from_latitude is None or row.from_longitude is None:
        return None
    return kilometres((row.from_latitude, row.from_longitude), shelter.location)


def _inbox(shelter: ShelterRow, beds: list[Beds], cards: list[Card], now: datetime) -> Inbox:
    mine = [one for one in cards if one.shelter.id == shelter.id]
    closed = [one for one in mine if one.state in (*states.FINAL, *rules.OVER_HERE)]
    lately = [one for one in closed if now - one.closed_at < rules.SHOWN_CLOSED]
    return Inbox(
        shelter,
        beds,
        any(is_stale(one.confirmed_at, now) for one in beds),
        _in(mine, rules.TO_ANSWER),
        sorted(_in(mine, (states.ACCEPTED,)), key=_hold_until),
        _in(mine, (states.WAITLISTED,)),
        _in(mine, (states.ARRIVED,)),
        sorted(lately, key=lambda one: one.closed_at, reverse=True),
    )


def _in(cards: list[Card], wanted: Collection[str]) -> list[Card]:
    return [one for one in cards if one.state in wanted]


def _hold_until(card: Card) -> tuple[Any, ...]:
    return card.referral.hold_until, card.referral.sent_at
