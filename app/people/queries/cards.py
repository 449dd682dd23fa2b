"""Reads and holds visitor cards; every transaction holds roots in the order of their ids."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.session import Record, connection_of
from app.people.models.cards import VisitorCard

CARDS = VisitorCard.__table__


@dataclass(frozen=True)
class CardRow:
    """A card that was printed: its row, the row of the card whose people it stands for, whether it was replaced."""

    id: int
    root_id: int
    is_replaced: bool


def find_cards_by_digest(session: Session, digests: Collection[str]) -> dict[str, CardRow]:
    """The cards that were printed with these keyed digests, by digest."""
    wanted = select(CARDS).where(CARDS.c.digest.in_(digests)).order_by(CARDS.c.id)
    return {row.digest: _card(row) for row in session.execute(wanted)}


def get_card(session: Session, card_id: int) -> CardRow:
    """The card of a row that refers to it."""
    return _card(session.execute(select(CARDS).where(CARDS.c.id == card_id)).one())


def _card(row: Record) -> CardRow:
    return CardRow(row.id, row.root_id or row.id, row.is_replaced)


def lock_card_groups(session: Session, cards: Collection[CardRow]) -> dict[int, int]:
    """The root of each card by its id, all roots held until the transaction ends.

    A root that was joined to another while we waited is no root any more: everything is let go, and its own one is
    held then. Who holds what is no root must not wait for anything, or writers wait in a circle.
    """
    if not cards:
        return {}
    while True:
        roots = {card.id: card.root_id for card in cards}
        attempt = connection_of(session).begin_nested()
        if all(_hold(session, root) for root in sorted(set(roots.values()))):
            attempt.commit()
            return roots
        attempt.rollback()
        cards = [get_card(session, card.id) for card in cards]


def _hold(session: Session, card_id: int) -> bool:
    """Holds a card's row, which lines may still refer to meanwhile; whether it is a root."""
    wanted = select(CARDS.c.root_id).where(CARDS.c.id == card_id).with_for_update(key_share=True)
    return connection_of(session).execute(wanted).scalar_one() is None
