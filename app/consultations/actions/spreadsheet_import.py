"""Brings the consultations of a sheet: checks all of it first, then writes all of it or nothing."""

import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from app.consultations.rules.consultation_data import ConsultationData, content_digest
from app.consultations.rules.spreadsheets import (
    CellError,
    SpreadsheetRecord,
    derive_id,
    identity_key,
    merge_errors,
    sort_key,
)
from app.db.idempotency import insert_all_once
from app.people.queries.cards import CardRow
from app.places.queries import DeskRow

BATCH = 500
IN_MEMORY = 1024 * 1024
MAX_ERRORS = 10_000
"""So many faults are told one by one; a sheet with more of them is not read further than to count them."""


class PendingRow(NamedTuple):
    """A consultation that may be written, and the place in the sheet where it is told should it clash."""

    data: ConsultationData
    card: CardRow | None
    row: int
    column: str


@dataclass
class ImportCheck:
    """What the check of a whole sheet found: `faults` in the order of the sheet, `more` that are not told.

    Where there are none, `kept` holds the consultations, codes only, outside of memory; `same` were brought before.
    """

    errors: list[CellError] = field(default_factory=list)
    omitted: int = 0
    consultations: int = 0
    same: int = 0
    cards: dict[int, CardRow] = field(default_factory=dict)
    pending: Any = field(default_factory=lambda: SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - closed below

    def __post_init__(self) -> None:
        finalize(self, self.pending.close)

    def add_errors(self, faults: Iterable[CellError]) -> None:
        """Takes up faults as far as there is room."""
        for fault in faults:
            if len(self.errors) < MAX_ERRORS:
                self.errors.append(fault)
            else:
                self.omitted += 1


@dataclass(frozen=True)
class ImportResult:
    """How many consultations were added, and how many were there already."""

    added: int
    same: int


def check_import(
    session: Session, desks: Mapping[str, DeskRow], records: Iterable[SpreadsheetRecord | CellError]
) -> ImportCheck:
    """Looks at every consultation of a sheet and writes nothing; `desks` are those that may be named, by code."""
    checked = ImportCheck()
    for batch in _batches(_right_ones(session, desks, records, checked)):
        known = queries.find_stored_unscoped(session, [UUID(one.data.id) for one in batch])
        for one in batch:
            before = known.get(UUID(one.data.id))
            if before is not None and before.arrival_digest != content_digest(one.data):
                checked.add_errors([CellError(one.row, one.column, "different")])
            checked.same += before is not None
            pickle.dump(one, checked.pending)
    checked.errors.sort(key=sort_key)
    return checked


def _right_ones(
    session: Session,
    desks: Mapping[str, DeskRow],
    found: Iterable[SpreadsheetRecord | CellError],
    checked: ImportCheck,
) -> Iterator[PendingRow]:
    met: Counter[bytes] = Counter()
    for one in found:
        if isinstance(one, CellError):
            checked.add_errors([one])
            continue
        checked.consultations += 1
        kept = _right(session, desks, one, checked)
        if not (kept or one.record):
            continue
        key = identity_key(kept.data if kept else one.reading.answers, one.record)
        met[key] += 1
        if one.record and met[key] > 1:
            checked.add_errors([one.error_at("record", "scattered_record")])
        if kept:
            yield kept._replace(data=replace(kept.data, id=derive_id(key, met[key])))


def _right(
    session: Session, desks: Mapping[str, DeskRow], entry: SpreadsheetRecord, checked: ImportCheck
) -> PendingRow | None:
    """What may be written of an entry; None where anything is wrong with it, which is told."""
    desk = desks.get(entry.reading.desk)
    card = recording.resolve_card(session, entry.reading)
    problems = recording.validate(entry.reading, desk, card)
    faults = merge_errors(entry, [(error.field, error.code) for error in problems])
    checked.add_errors(faults)
    content = entry.reading.data
    if faults or content is None or desk is None or isinstance(card, str):
        return None
    content = recording.with_default_language(content, desk)
    if card is not None:
        checked.cards[card.id] = card
        content = recording.with_card(content, card)
    return PendingRow(content, card, entry.row, entry.columns.get("record", entry.columns["desk"]))


def write_import(
    session: Session,
    authors: Mapping[str, int],
    desks: Mapping[str, DeskRow],
    checked: ImportCheck,
    on_progress: Callable[[int], None],
) -> ImportResult | list[CellError]:
    """Writes what was checked, all of it; where anything clashes after all the caller must roll back.

    `authors` are account ids by country; `done` hears how many consultations were written since the last time.
    """
    added, brought = 0, dict[str, None]()
    with write_line_batch(session, checked.cards.values()) as lines:
        for batch in _batches(_each(checked)):
            rows = [_row(one, desks, authors) for one in batch]
            new = insert_all_once(session, CONSULTATIONS, rows)
            clashing = _clashes(session, batch, rows, new)
            if clashing:
                return clashing
            for one, row in zip(batch, rows, strict=True):
                if row["id"] in new:
                    lines.add(row, one.card, one.data)
                    brought[one.data.desk] = None
            lines.write()
            added += len(new)
            on_progress(len(batch))
    for code in sorted(brought):
        record_audit(authors[desks[code].country], "imported", f"desk:{code}", desks[code].country)
    return ImportResult(added, checked.consultations - added)


def _row(
    one: PendingRow, desks: Mapping[str, DeskRow], authors: Mapping[str, int]
) -> dict[str, Any]:
    desk = desks[one.data.desk]
    return new_row(one.data, desk, authors[desk.country])


def _clashes(
    session: Session, batch: list[PendingRow], rows: list[dict[str, Any]], new: set[UUID]
) -> list[CellError]:
    """Consultations that stand there with other content: brought by somebody else since the check."""
    others = [(one, row) for one, row in zip(batch, rows, strict=True) if row["id"] not in new]
    known = queries.find_stored_unscoped(session, [row["id"] for _, row in others])
    return [
        CellError(one.row, one.column, "different")
        for one, row in others
        if known[row["id"]].arrival_digest != row["arrival_digest"]
    ]


def countries_of(checked: ImportCheck, desks: Mapping[str, DeskRow]) -> set[str]:
    """The countries of the desks that a checked sheet names."""
    return {desks[one.data.desk].country for one in _each(checked)}


def _each(checked: ImportCheck) -> Iterator[PendingRow]:
    checked.pending.seek(0)
    while True:
        try:
            yield pickle.load(checked.pending)  # noqa: S301 - our own file, seen by nobody else
        except EOFError:
            return


def _batches(each: Iterator[PendingRow]) -> Iterator[list[PendingRow]]:
    while batch := list(islice(each, BATCH)):
        yield batch
