"""Imports the consultations of a spreadsheet: checks all of it first, then writes all of it or nothing."""

import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Any, NamedTuple
from uuid import UUID
from weakref import finalize

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.consultations import queries
from app.consultations.actions import recording
from app.consultations.actions.line_batches import write_line_batch
from app.consultations.actions.rows import new_row
from app.consultations.queries import CONSULTATIONS
from app.consultations.rules import spreadsheets
from app.consultations.rules.consultation_data import ConsultationData, content_digest
from app.consultations.rules.spreadsheets import CellError, SpreadsheetRecord
from app.db.idempotency import insert_all_once
from app.db.session import RowValues
from app.people.queries.cards import CardRow
from app.places.queries import DeskRow
from app.web.outcomes import Accepted, Conflict

BATCH = 500
Desks = Mapping[str, DeskRow]
Records = Iterable[SpreadsheetRecord | CellError]
IN_MEMORY = 1024 * 1024
MAX_ERRORS = 10_000
"""The most errors that are reported one by one; the others are only counted."""


class PendingRow(NamedTuple):
    """A consultation that may be written, and the cell at which a later conflict of it is reported."""

    data: ConsultationData
    card: CardRow | None
    row: int
    column: str


@dataclass
class ImportCheck:
    """The result of checking a whole spreadsheet: `errors` in its order, and the number of `omitted` ones.

    If there are none, `pending` holds the consultations, codes only, in a file; `same` of them were imported before.
    """

    errors: list[CellError] = field(default_factory=list)
    omitted: int = 0
    consultations: int = 0
    same: int = 0
    cards: dict[int, CardRow] = field(default_factory=dict)
    pending: Any = field(default_factory=lambda: SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - closed below

    def __post_init__(self) -> None:
        finalize(self, self.pending.close)

    def add_errors(self, errors: Iterable[CellError]) -> None:
        """Add errors up to the limit, and count the others."""
        for error in errors:
            if len(self.errors) < MAX_ERRORS:
                self.errors.append(error)
            else:
                self.omitted += 1


@dataclass(frozen=True)
class ImportResult:
    """The number of consultations that were added, and of those that existed already."""

    added: int
    same: int


def check_import(session: Session, desks: Desks, records: Records) -> ImportCheck:
    """Check every consultation of a spreadsheet and write nothing; `desks` are the allowed ones, by code."""
    check = ImportCheck()
    for batch in _batches(_valid_rows(session, desks, records, check)):
        stored = queries.find_stored_unscoped(session, [UUID(row.data.id) for row in batch])
        for row in batch:
            before = stored.get(UUID(row.data.id))
            if before is not None and before.content_digest != content_digest(row.data):
                check.add_errors([CellError(row.row, row.column, "different")])
            check.same += before is not None
            pickle.dump(row, check.pending)
    check.errors.sort(key=spreadsheets.sort_key)
    return check


def _valid_rows(
    session: Session, desks: Desks, records: Records, check: ImportCheck
) -> Iterator[PendingRow]:
    occurrences: Counter[bytes] = Counter()
    for record in records:
        if isinstance(record, CellError):
            check.add_errors([record])
            continue
        check.consultations += 1
        pending = _pending_row(session, desks, record, check)
        number = record.record_number
        if not (pending or number):
            continue
        key = spreadsheets.identity_key(pending.data if pending else record.parsed.answers, number)
        occurrences[key] += 1
        if number and occurrences[key] > 1:
            check.add_errors([record.error_at("record", "scattered_record")])
        if pending:
            data = replace(pending.data, id=spreadsheets.derive_id(key, occurrences[key]))
            yield pending._replace(data=data)


def _pending_row(
    session: Session, desks: Desks, record: SpreadsheetRecord, check: ImportCheck
) -> PendingRow | None:
    """Return the consultation to write; if it has errors, add them to `check` and return None."""
    desk = desks.get(record.parsed.desk)
    card = recording.resolve_card(session, record.parsed)
    codes = [(error.field, error.code) for error in recording.validate(record.parsed, desk, card)]
    errors = spreadsheets.merge_errors(record, codes)
    check.add_errors(errors)
    data = record.parsed.data
    if errors or data is None or desk is None or isinstance(card, str):
        return None
    data = recording.with_default_language(data, desk)
    if card is not None:
        check.cards[card.id] = card
        data = recording.with_card(data, card)
    return PendingRow(data, card, record.row, record.columns.get("record", record.columns["desk"]))


def write_import(
    session: Session,
    authors: Mapping[str, int],
    desks: Desks,
    check: ImportCheck,
    on_progress: Callable[[int], None],
) -> Accepted[ImportResult] | Conflict[list[CellError]]:
    """Write all consultations of a check; after a conflict, given by its cells, the caller must roll back.

    `authors` are account ids by country; `on_progress` is called with the number of consultations of each batch.
    """
    added, changed_desks = 0, set[str]()
    with write_line_batch(session, check.cards.values()) as lines:
        for batch in _batches(_pending_rows(check)):
            rows = [_row(pending, desks, authors) for pending in batch]
            new_ids = insert_all_once(session, CONSULTATIONS, rows)
            if conflicts := _conflicts(session, batch, rows, new_ids):
                return Conflict(conflicts)
            for pending, row in zip(batch, rows, strict=True):
                if row["id"] in new_ids:
                    lines.add(row, pending.card, pending.data)
                    changed_desks.add(pending.data.desk)
            lines.write()
            added += len(new_ids)
            on_progress(len(batch))
    for code in sorted(changed_desks):
        record_audit(authors[desks[code].country], "imported", f"desk:{code}", desks[code].country)
    return Accepted(ImportResult(added, check.consultations - added))


def _row(pending: PendingRow, desks: Desks, authors: Mapping[str, int]) -> RowValues:
    desk = desks[pending.data.desk]
    return new_row(pending.data, desk, authors[desk.country])


def _conflicts(
    session: Session, batch: list[PendingRow], rows: list[RowValues], new_ids: set[UUID]
) -> list[CellError]:
    """Return an error for each consultation that somebody else imported with other data since the check."""
    others = [pair for pair in zip(batch, rows, strict=True) if pair[1]["id"] not in new_ids]
    stored = queries.find_stored_unscoped(session, [row["id"] for _, row in others])
    return [
        CellError(pending.row, pending.column, "different")
        for pending, row in others
        if stored[row["id"]].content_digest != row["content_digest"]
    ]


def countries_of(check: ImportCheck, desks: Desks) -> set[str]:
    """Return the countries of the desks that a checked spreadsheet names."""
    return {desks[pending.data.desk].country for pending in _pending_rows(check)}


def _pending_rows(check: ImportCheck) -> Iterator[PendingRow]:
    check.pending.seek(0)
    with suppress(EOFError):  # the end of the file
        while True:
            yield pickle.load(check.pending)  # noqa: S301 - our own file, seen by nobody else


def _batches(rows: Iterator[PendingRow]) -> Iterator[list[PendingRow]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
