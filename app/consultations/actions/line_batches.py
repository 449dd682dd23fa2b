"""Writes the person lines of many consultations in parts; what figures are read from changes once, at the end."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from app.consultations.actions.rows import consultation_context, profile_counts
from app.consultations.rules.consultation_data import ConsultationData
from app.people.actions.aggregates import defer_aggregates
from app.people.actions.lines import ConsultationContext, ProfileCount, lock_cards, write_lines
from app.people.queries.cards import CardRow

AT_ONCE = 5000


class LineBatch:
    """Person lines that are written together, inside `written_once`."""

    def __init__(self, session: Session, cards: Collection[CardRow]) -> None:
        self.session = session
        self.pending: list[tuple[ConsultationContext, Sequence[ProfileCount]]] = []
        self.roots: dict[int, int] = {}
        ordered = sorted(cards, key=lambda card: (card.root_id, card.id))
        for start in range(0, len(ordered), AT_ONCE):
            self.roots |= lock_cards(session, ordered[start : start + AT_ONCE])

    def add(self, row: Mapping[str, Any], card: CardRow | None, content: ConsultationData) -> None:
        """Takes up the lines of one consultation, whose row is written."""
        self.pending.append((consultation_context(row, card), profile_counts(content)))

    def write(self) -> None:
        """Writes the lines that were taken up."""
        write_lines(self.session, self.pending, self.roots)
        self.pending = []


@contextmanager
def write_line_batch(session: Session, cards: Collection[CardRow]) -> Iterator[LineBatch]:
    """Lines to write in parts: all cards are held before the first, and cells are touched after the last.

    Both in their one order: so nobody who records meanwhile waits in a circle.
    """
    with defer_aggregates(session):
        lines = LineBatch(session, cards)
        yield lines
        lines.write()
