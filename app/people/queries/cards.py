"""Reads and locks visitor cards; every transaction locks card groups in the order of their ids."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.session import AnyRow, connection_of
from app.people.models.cards import VisitorCard

CARDS = VisitorCard.__table__


@dataclass(frozen=True)
class CardRow:
    """A printed card: its id, the id of its group's root card, whether it was replaced.

    A card group is all cards that stand for the same people. Its root is the first of them; a card without others is
    its own root.
    """

    id: int
    root_id: int
    is_replaced: bool


def find_cards_by_digest(session: Session, digests: Collection[str]) -> dict[str, CardRow]:
    """Return the printed cards with these keyed digests, by digest."""
    query = select(CARDS).where(CARDS.c.digest.in_(digests)).order_by(CARDS.c.id)
    return {row.digest: _card(row) for row in session.execute(query)}


def get_card(session: Session, card_id: int) -> CardRow:
    """Return the card with an id that another row refers to."""
    return _card(session.execute(select(CARDS).where(CARDS.c.id == card_id)).one())


def _card(row: AnyRow) -> CardRow:
    return CardRow(row.id, row.root_id or row.id, row.is_replaced)


def lock_card_groups(session: Session, cards: Collection[CardRow]) -> dict[int, int]:
    """Lock the root cards of these cards until the transaction ends; return the root's id by card id."""
    if not cards:
        return {}
    while True:
        roots = {card.id: card.root_id for card in cards}
        attempt = connection_of(session).begin_nested()
        if all(_lock_root(session, root) for root in sorted(set(roots.values()))):
            attempt.commit()
            return roots
        # While this transaction waited, another one merged a root into another group: release all locks and lock the
        # new root. A transaction that waits while it holds the lock of a card that is no root could deadlock.
        attempt.rollback()
        cards = [get_card(session, card.id) for card in cards]


def _lock_root(session: Session, card_id: int) -> bool:
    """Lock a card's row, which new lines may still refer to meanwhile; return whether the card is a root."""
    query = select(CARDS.c.root_id).where(CARDS.c.id == card_id).with_for_update(key_share=True)
    return connection_of(session).execute(query).scalar_one() is None
