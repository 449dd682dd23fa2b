"""Writes the person lines of many consultations in parts; what figures are read from changes once, at the end."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from app.consultations.actions.rows import contact_of, people_of
from app.consultations.rules.consultation_data import Content
from app.people.actions.aggregates import once
from app.people.actions.lines import Contact, People, hold_cards, write_lines
from app.people.queries.cards import Card

AT_ONCE = 5000


class Lines:
    """Person lines that are written together, inside `written_once`."""

    def __init__(self, session: Session, cards: Collection[Card]) -> None:
        self.session = session
        self.waiting: list[tuple[Contact, Sequence[People]]] = []
        self.roots: dict[int, int] = {}
        ordered = sorted(cards, key=lambda card: (card.root_id, card.id))
        for start in range(0, len(ordered), AT_ONCE):
            self.roots |= hold_cards(session, ordered[start : start + AT_ONCE])

    def add(self, row: Mapping[str, Any], card: Card | None, content: Content) -> None:
        """Takes up the lines of one consultation, whose row is written."""
        self.waiting.append((contact_of(row, card), people_of(content)))

    def write(self) -> None:
        """Writes the lines that were taken up."""
        write_lines(self.session, self.waiting, self.roots)
        self.waiting = []


@contextmanager
def written_once(session: Session, cards: Collection[Card]) -> Iterator[Lines]:
    """Lines to write in parts: all cards are held before the first, and cells are touched after the last.

    Both in their one order: so nobody who records meanwhile waits in a circle.
    """
    with once(session):
        lines = Lines(session, cards)
        yield lines
        lines.write()
