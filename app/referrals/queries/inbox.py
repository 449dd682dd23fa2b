"""Reads a shelter's inbox: groups that wait for an answer, are on the way, on the waiting list, or recently closed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import AnyRow
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
DESK_LOCATION = ("from_latitude", "from_longitude")
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
    """A referral as one of its shelters sees it; `proposed_beds` is None if the shelter has no fitting category."""

    referral: ReferralRow
    offer: OfferRow
    shelter: ShelterRow
    state: str
    proposed_beds: ProposedBeds | None
    kilometres: float | None

    @property
    def is_late(self) -> bool:
        """Whether the shelter's own time to answer is over."""
        return clock.now() >= self.offer.reply_by

    @property
    def answer_by(self) -> datetime:
        """By when to answer: the shelter's own limit, then the deadline."""
        return self.referral.deadline if self.is_late else self.offer.reply_by

    @property
    def may_undo(self) -> bool:
        """Whether it was accepted recently enough that the page offers to undo it."""
        accepted_at = self.referral.accepted_at
        return accepted_at is not None and clock.now() - accepted_at < rules.UNDO_SHOWN_FOR

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
    """The inbox of one shelter; each list has the most urgent first."""

    shelter: ShelterRow
    beds: list[Beds]
    is_stale: bool
    waiting: list[InboxCard]
    on_the_way: list[InboxCard]
    waitlisted: list[InboxCard]
    arrived: list[InboxCard]
    closed: list[InboxCard]


def list_inboxes(session: Session, scope: Scope) -> list[Inbox]:
    """List the inbox of every shelter that the account coordinates, by code."""
    now = clock.now()
    is_recent = OFFERS.c.changed_at > now - rules.ARRIVED_SHOWN_FOR
    cards = _list_cards(session, scope, or_(OFFERS.c.is_open, is_recent))
    beds = list_beds(session, scope.shelters)
    return [
        _inbox(shelter, beds.get(shelter.id, []), cards, now)
        for shelter in list_own(session, scope)
    ]


def list_by_code(session: Session, scope: Scope, code: str) -> list[InboxCard]:
    """List the open referrals to own shelters with this code; a group offered to two of them is listed twice."""
    is_open = and_(REFERRALS.c.code == code, REFERRALS.c.closed_at.is_(None))
    cards = _list_cards(session, scope, is_open)
    return [card for card in cards if card.state in (*states.WAITING, states.ACCEPTED)]


def _list_cards(session: Session, scope: Scope, condition: ColumnElement[bool]) -> list[InboxCard]:
    """List referrals offered to own shelters by when to answer; beyond MAX_CARDS closed and old ones are left out."""
    query = CARDS.where(OFFERS.c.shelter_id.in_(scope.shelters), condition)
    newest = query.order_by(OFFERS.c.is_open.desc(), OFFERS.c.changed_at.desc(), REFERRALS.c.id)
    shelters = {shelter.id: shelter for shelter in list_own(session, scope)}
    beds = list_beds(session, scope.shelters)
    rows = session.execute(newest.limit(MAX_CARDS)).all()
    cards = [_card(row, shelters, beds) for row in rows]
    return sorted(cards, key=lambda card: (card.offer.reply_by, card.referral.sent_at))


def _card(
    row: AnyRow, shelters: Mapping[int, ShelterRow], beds: Mapping[int, list[Beds]]
) -> InboxCard:
    offer_values, referral_values = {}, {}
    for name, value in row._mapping.items():
        if name.startswith(OFFER_PREFIX):
            offer_values[name.removeprefix(OFFER_PREFIX)] = value
        elif name not in DESK_LOCATION:
            referral_values[name] = value
    offer, referral = OfferRow(**offer_values), ReferralRow(**referral_values)
    shelter = shelters[offer.shelter_id]
    state = rules.state_at_shelter(referral.state_now, offer.state)
    proposed = _propose_beds(referral, beds.get(shelter.id, []))
    return InboxCard(referral, offer, shelter, state, proposed, _distance(row, shelter))


def _propose_beds(referral: ReferralRow, beds: list[Beds]) -> ProposedBeds | None:
    requested = [referral.bed_category] if referral.bed_category else None
    categories = requested or fitting_categories(referral.group, referral.flags)
    return rules.propose_beds(
        categories, {row.category: row for row in beds}, referral.person_count
    )


def _distance(row: AnyRow, shelter: ShelterRow) -> float | None:
    if shelter.location is None or row.from_latitude is None or row.from_longitude is None:
        return None
    return kilometres_between((row.from_latitude, row.from_longitude), shelter.location)


def _inbox(shelter: ShelterRow, beds: list[Beds], cards: list[InboxCard], now: datetime) -> Inbox:
    own = [card for card in cards if card.shelter.id == shelter.id]
    closed = _in_states(own, (*states.FINAL, *rules.ENDED_AT_SHELTER))
    recent = [card for card in closed if now - card.closed_at < rules.CLOSED_SHOWN_FOR]
    return Inbox(
        shelter,
        beds,
        any(is_stale(row.confirmed_at, now) for row in beds),
        _in_states(own, rules.UNANSWERED),
        sorted(_in_states(own, (states.ACCEPTED,)), key=_hold_order),
        _in_states(own, (states.WAITLISTED,)),
        _in_states(own, (states.ARRIVED,)),
        sorted(recent, key=lambda card: card.closed_at, reverse=True),
    )


def _in_states(cards: list[InboxCard], codes: Collection[str]) -> list[InboxCard]:
    return [card for card in cards if card.state in codes]


def _hold_order(card: InboxCard) -> tuple[Any, ...]:
    return card.referral.hold_until, card.referral.sent_at
