"""Writes the person lines of many consultations in batches; the aggregates change once, at the end."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from app.consultations.actions.rows import consultation_context, profile_counts
from app.consultations.rules.consultation_data import ConsultationData
from app.people.actions.aggregates import defer_aggregates
from app.people.actions.lines import ConsultationContext, ProfileCount, lock_cards, write_lines
from app.people.queries.cards import CardRow

CARDS_PER_LOCK = 5000


class LineBatch:
    """Person lines that are written together, inside `write_line_batch`."""

    def __init__(self, session: Session, cards: Collection[CardRow]) -> None:
        self.session = session
        self.pending: list[tuple[ConsultationContext, Sequence[ProfileCount]]] = []
        self.roots: dict[int, int] = {}
        ordered = sorted(cards, key=lambda card: (card.root_id, card.id))
        for start in range(0, len(ordered), CARDS_PER_LOCK):
            self.roots |= lock_cards(session, ordered[start : start + CARDS_PER_LOCK])

    def add(self, row: Mapping[str, Any], card: CardRow | None, data: ConsultationData) -> None:
        """Add the lines of one consultation whose row is written."""
        self.pending.append((consultation_context(row, card), profile_counts(data)))

    def write(self) -> None:
        """Write the lines added so far."""
        write_lines(self.session, self.pending, self.roots)
        self.pending = []


@contextmanager
def write_line_batch(session: Session, cards: Collection[CardRow]) -> Iterator[LineBatch]:
    """Yield a batch of lines: all cards are locked before the first line, aggregates are changed after the last.

    Both are locked in the order that every writer uses: no deadlock with a consultation recorded meanwhile.
    """
    with defer_aggregates(session):
        lines = LineBatch(session, cards)
        yield lines
        lines.write()
