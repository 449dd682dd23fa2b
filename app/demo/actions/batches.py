"""Writes consultations of the demo in batches, with the rows that the intake would have written."""

from uuid import UUID

from sqlalchemy import Table, bindparam, insert, text, update
from sqlalchemy.orm import Session

from app.consultations.actions.rows import consultation_context, content_columns, profile_counts
from app.consultations.queries import CONSULTATIONS, VERSIONS
from app.consultations.rules.consultation_data import canonical_json, content_digest
from app.consultations.vocabulary import LIVE, VOID
from app.db.session import RowValues, connection_of
from app.demo.actions.accounts import DemoAccounts
from app.demo.programme.consultations import DemoConsultation
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
DEPENDENT_TABLES = {
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
"""Tables of the rows that follow from consultations, in the order of their foreign keys."""
MARK_REPLACED = update(CARDS).where(CARDS.c.id == bindparam("lost")).values(is_replaced=True)
LAST_NUMBER = text(
    "SELECT setval(pg_get_serial_sequence('visitor_card', 'id'), max(id)) FROM visitor_card"
)
Rows = list[RowValues]


class Batch:
    """Rows that are written together; `persons` is the number of person lines written so far."""

    def __init__(self, session: Session) -> None:
        self.session = session
        tables = (CARDS, CONSULTATIONS, LINES, VERSIONS, *DEPENDENT_TABLES.values())
        self.rows: dict[Table, Rows] = {table: [] for table in tables}
        self.lost: Rows = []
        self.sums = AggregateDelta()
        self.persons = 0

    @property
    def is_full(self) -> bool:
        return len(self.rows[CONSULTATIONS]) >= BATCH

    def add(self, consultation: DemoConsultation, desk: DeskRow, accounts: DemoAccounts) -> None:
        """Add the rows of one consultation; those of a card must come in the order of their days."""
        row = _row(consultation, desk, accounts)
        self.rows[CONSULTATIONS].append(row)
        self._add_lines(consultation, row)
        if consultation.showing.printed:
            self.rows[CARDS].append(consultation.showing.printed)
        if consultation.showing.lost:
            self.lost.append({"lost": consultation.showing.lost})
        if consultation.changed_at is not None:
            self.rows[VERSIONS].append(_first_version(consultation, row))

    def add_row(self, table: str, row: RowValues) -> None:
        """Add a row of shelters, referrals or returns; the rows that it refers to were added before."""
        self.rows[DEPENDENT_TABLES[table]].append(row)

    def _add_lines(self, consultation: DemoConsultation, row: RowValues) -> None:
        contact, held_card = (
            consultation_context(row, consultation.showing.card),
            consultation.showing.held_card,
        )
        lines = build_lines(contact, profile_counts(consultation.content))
        for line in lines:
            line["is_void"] = consultation.is_void
            if held_card:
                held_card.history.link(line)
            self.sums.add_line(line, +1)
        if not consultation.is_void:
            self.sums.add_volume(contact, +1)
        self.rows[LINES] += lines

    def write(self) -> int:
        """Write the rows that were added; return the number of consultations."""
        written, connection = len(self.rows[CONSULTATIONS]), connection_of(self.session)
        self.persons += len(self.rows[LINES])
        for table, rows in self.rows.items():
            if rows:
                connection.execute(insert(table), rows)
            rows.clear()
        if self.lost:
            connection.execute(MARK_REPLACED, self.lost)
            self.lost.clear()
        apply_delta(self.session, self.sums)
        self.sums = AggregateDelta()
        return written


def advance_card_sequence(session: Session) -> None:
    """Advance PostgreSQL's sequence of card ids past the last card of the demo."""
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        connection.execute(LAST_NUMBER)


def _row(consultation: DemoConsultation, desk: DeskRow, accounts: DemoAccounts) -> RowValues:
    author = accounts.at_desk[desk.code]
    changer = accounts.supervisors[desk.country] if consultation.by_supervisor else author
    return content_columns(consultation.content, desk) | {
        **consultation.telemetry,
        "id": UUID(consultation.content.id),
        "state": VOID if consultation.is_void else LIVE,
        "version": 1 if consultation.changed_at is None else 2,
        "content_digest": content_digest(consultation.before or consultation.content),
        "author_id": author,
        "received_at": consultation.received_at,
        "changed_by": changer,
        "changed_at": consultation.changed_at or consultation.received_at,
        "reason": consultation.reason,
    }


def _first_version(consultation: DemoConsultation, row: RowValues) -> RowValues:
    return {
        "consultation_id": row["id"],
        "version": 1,
        "state": LIVE,
        "reason": None,
        "changed_by": row["author_id"],
        "changed_at": consultation.received_at,
        "content": canonical_json(consultation.before or consultation.content),
    }
