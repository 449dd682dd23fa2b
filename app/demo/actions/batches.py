"""Writes consultations of the demo in batches, row by row as the intake would have written them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, insert, text, update
from sqlalchemy.orm import Session

from app.consultations.actions.rows import content_columns, consultation_context, profile_counts
from app.consultations.queries import CONSULTATIONS, VERSIONS
from app.consultations.rules.consultation_data import canonical_json, content_digest
from app.consultations.vocabulary import LIVE, VOID
from app.db.session import connection_of
from app.demo.actions.accounts import Crew
from app.demo.programme.consultations import Telling
from app.people.actions.aggregates import apply_delta
from app.people.actions.lines import build_lines
from app.people.queries.cards import CARDS
from app.people.queries.lines import LINES
from app.people.rules.aggregates import AggregateDelta
from app.places.queries import DeskRow
from app.referrals.queries.referrals import EVENTS, OFFERS, REFERRALS
from app.returns.queries.requests import REQUESTS, STEPS
from app.shelters.models import BedCensus, BedChange
from app.shelters.queries.beds import BEDS, HOLDS

BATCH = 1000
FOLLOWING = {
    table.name: table
    for table in (
        BEDS,
        REFERRALS,
        OFFERS,
        EVENTS,
        HOLDS,
        BedChange.__table__,
        BedCensus.__table__,
        REQUESTS,
        STEPS,
    )
}
"""What follows from consultations, in the order in which the rows point to each other."""
REPLACED = update(CARDS).where(CARDS.c.id == bindparam("lost")).values(is_replaced=True)
LAST_NUMBER = text(
    "SELECT setval(pg_get_serial_sequence('visitor_card', 'id'), max(id)) FROM visitor_card"
)
Rows = list[dict[str, Any]]


class Batch:
    """Rows that are written together; `persons` is how many person lines were written so far."""

    def __init__(self, session: Session) -> None:
        self.session = session
        tables = (CARDS, CONSULTATIONS, LINES, VERSIONS, *FOLLOWING.values())
        self.rows: dict[Table, Rows] = {table: [] for table in tables}
        self.lost: Rows = []
        self.sums = AggregateDelta()
        self.persons = 0

    @property
    def is_full(self) -> bool:
        return len(self.rows[CONSULTATIONS]) >= BATCH

    def add(self, telling: Telling, desk: DeskRow, crew: Crew) -> None:
        """Takes up the rows of one consultation; a card's must come in the order of their days."""
        row = _row(telling, desk, crew)
        self.rows[CONSULTATIONS].append(row)
        self._add_lines(telling, row)
        if telling.shown.printed:
            self.rows[CARDS].append(telling.shown.printed)
        if telling.shown.lost:
            self.lost.append({"lost": telling.shown.lost})
        if telling.changed_at is not None:
            self.rows[VERSIONS].append(_first_version(telling, row))

    def take(self, table: str, row: dict[str, Any]) -> None:
        """Takes up a row of shelters, referrals or returns; what it points to was taken up before."""
        self.rows[FOLLOWING[table]].append(row)

    def _add_lines(self, telling: Telling, row: dict[str, Any]) -> None:
        contact, held = consultation_context(row, telling.shown.card), telling.shown.held
        lines = build_lines(contact, profile_counts(telling.content))
        for line in lines:
            line["is_void"] = telling.is_void
            if held:
                held.memory.link(line)
            self.sums.add_line(line, +1)
        if not telling.is_void:
            self.sums.add_volume(contact, +1)
        self.rows[LINES] += lines

    def write(self) -> int:
        """Writes what was taken up; answers how many consultations."""
        written, connection = len(self.rows[CONSULTATIONS]), connection_of(self.session)
        self.persons += len(self.rows[LINES])
        for table, rows in self.rows.items():
            if rows:
                connection.execute(insert(table), rows)
            rows.clear()
        if self.lost:
            connection.execute(REPLACED, self.lost)
            self.lost.clear()
        apply_delta(self.session, self.sums)
        self.sums = AggregateDelta()
        return written


def number_cards_on(session: Session) -> None:
    """Lets the next card that is printed have the number after the last one."""
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        connection.execute(LAST_NUMBER)


def _row(telling: Telling, desk: DeskRow, crew: Crew) -> dict[str, Any]:
    author = crew.at_desk[desk.code]
    changer = crew.supervisors[desk.country] if telling.by_supervisor else author
    return content_columns(telling.content, desk) | {
        **telling.telemetry,
        "id": UUID(telling.content.id),
        "state": VOID if telling.is_void else LIVE,
        "version": 1 if telling.changed_at is None else 2,
        "arrival_digest": content_digest(telling.before or telling.content),
        "author_id": author,
        "received_at": telling.received_at,
        "changed_by": changer,
        "changed_at": telling.changed_at or telling.received_at,
        "reason": telling.reason,
    }


def _first_version(telling: Telling, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "consultation_id": row["id"],
        "version": 1,
        "state": LIVE,
        "reason": None,
        "changed_by": row["author_id"],
        "changed_at": telling.received_at,
        "content": canonical_json(telling.before or telling.content),
    }
