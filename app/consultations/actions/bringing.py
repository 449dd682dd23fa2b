"""Writes the person lines of many consultations at once; what figures are read from changes once, at the end."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.base.database import insert_rows
from app.people.actions.cells import NEW, apply
from app.people.actions.lines import Contact, People, as_lines
from app.people.actions.linking import relink
from app.people.queries.cards import Card, lock_roots
from app.people.rules.cells import ADD, Sums

AT_ONCE = 5000


class Lines:
    """Person lines that are written together.

    All cards are held before the first line, and cells are touched after the last, both in their one order: so nobody
    who records meanwhile waits in a circle.
    """

    def __init__(self, session: Session, cards: Collection[Card]) -> None:
        self.session, self.sums = session, Sums()
        self.waiting: list[dict[str, Any]] = []
        self.roots: dict[int, int] = {}
        ordered = sorted(cards, key=lambda card: (card.root_id, card.id))
        for start in range(0, len(ordered), AT_ONCE):
            self.roots |= lock_roots(session, ordered[start : start + AT_ONCE])

    def add(self, contact: Contact, people: Sequence[People]) -> None:
        """Takes up the lines of one consultation, whose row is written."""
        lines = as_lines(contact, people)
        if contact.card is not None:
            self.write()
            own = {contact.card.id: self.roots[contact.card.id]}
            relink(self.session, self.sums, own, lines)
        for line in lines:
            self.sums.line(line, ADD)
        self.sums.volume(contact, ADD)
        self.waiting += lines

    def write(self) -> None:
        """Writes the lines that were taken up."""
        insert_rows(self.session, NEW, self.waiting)
        self.waiting = []

    def finish(self) -> None:
        """Brings the cells up to date."""
        self.write()
        apply(self.session, self.sums)
