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
from app.consultations.actions.line_batches import written_once
from app.consultations.actions.rows import new_row
from app.consultations.queries import ROWS
from app.consultations.rules.consultation_data import Content, digest
from app.consultations.rules.spreadsheets import Entry, Fault, by_place, id_of, key_of, with_faults
from app.db.idempotency import insert_all_once
from app.people.queries.cards import Card
from app.places.queries import DeskRow

BATCH = 500
IN_MEMORY = 1024 * 1024
MOST_FAULTS = 10_000
"""So many faults are told one by one; a sheet with more of them is not read further than to count them."""


class Kept(NamedTuple):
    """A consultation that may be written, and the place in the sheet where it is told should it clash."""

    content: Content
    card: Card | None
    row: int
    column: str


@dataclass
class Checked:
    """What the check of a whole sheet found: `faults` in the order of the sheet, `more` that are not told.

    Where there are none, `kept` holds the consultations, codes only, outside of memory; `same` were brought before.
    """

    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    consultations: int = 0
    same: int = 0
    cards: dict[int, Card] = field(default_factory=dict)
    kept: Any = field(default_factory=lambda: SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - closed below

    def __post_init__(self) -> None:
        finalize(self, self.kept.close)

    def tell(self, faults: Iterable[Fault]) -> None:
        """Takes up faults as far as there is room."""
        for fault in faults:
            if len(self.faults) < MOST_FAULTS:
                self.faults.append(fault)
            else:
                self.more += 1


@dataclass(frozen=True)
class Imported:
    """How many consultations were added, and how many were there already."""

    added: int
    same: int


def check(
    session: Session, desks: Mapping[str, DeskRow], found: Iterable[Entry | Fault]
) -> Checked:
    """Looks at every consultation of a sheet and writes nothing; `desks` are those that may be named, by code."""
    checked = Checked()
    for batch in _batches(_right_ones(session, desks, found, checked)):
        known = queries.find_arrivals(session, [UUID(one.content.id) for one in batch])
        for one in batch:
            before = known.get(UUID(one.content.id))
            if before is not None and before.arrival_digest != digest(one.content):
                checked.tell([Fault(one.row, one.column, "different")])
            checked.same += before is not None
            pickle.dump(one, checked.kept)
    checked.faults.sort(key=by_place)
    return checked


def _right_ones(
    session: Session,
    desks: Mapping[str, DeskRow],
    found: Iterable[Entry | Fault],
    checked: Checked,
) -> Iterator[Kept]:
    met: Counter[bytes] = Counter()
    for one in found:
        if isinstance(one, Fault):
            checked.tell([one])
            continue
        checked.consultations += 1
        kept = _right(session, desks, one, checked)
        if not (kept or one.record):
            continue
        key = key_of(kept.content if kept else one.reading.answers, one.record)
        met[key] += 1
        if one.record and met[key] > 1:
            checked.tell([one.fault_at("record", "scattered_record")])
        if kept:
            yield kept._replace(content=replace(kept.content, id=id_of(key, met[key])))


def _right(
    session: Session, desks: Mapping[str, DeskRow], entry: Entry, checked: Checked
) -> Kept | None:
    """What may be written of an entry; None where anything is wrong with it, which is told."""
    desk = desks.get(entry.reading.desk)
    card = recording.card_of(session, entry.reading)
    problems = recording.what_is_wrong(entry.reading, desk, card)
    faults = with_faults(entry, [(problem.field, problem.code) for problem in problems])
    checked.tell(faults)
    content = entry.reading.content
    if faults or content is None or desk is None or isinstance(card, str):
        return None
    content = recording.with_language(content, desk)
    if card is not None:
        checked.cards[card.id] = card
        content = recording.with_card(content, card)
    return Kept(content, card, entry.row, entry.letters.get("record", entry.letters["desk"]))


def write(
    session: Session,
    authors: Mapping[str, int],
    desks: Mapping[str, DeskRow],
    checked: Checked,
    done: Callable[[int], None],
) -> Imported | list[Fault]:
    """Writes what was checked, all of it; where anything clashes after all the caller must roll back.

    `authors` are account ids by country; `done` hears how many consultations were written since the last time.
    """
    added, brought = 0, dict[str, None]()
    with written_once(session, checked.cards.values()) as lines:
        for batch in _batches(_each(checked)):
            rows = [_row(one, desks, authors) for one in batch]
            new = insert_all_once(session, ROWS, rows)
            clashing = _clashes(session, batch, rows, new)
            if clashing:
                return clashing
            for one, row in zip(batch, rows, strict=True):
                if row["id"] in new:
                    lines.add(row, one.card, one.content)
                    brought[one.content.desk] = None
            lines.write()
            added += len(new)
            done(len(batch))
    for code in sorted(brought):
        record_audit(authors[desks[code].country], "imported", f"desk:{code}", desks[code].country)
    return Imported(added, checked.consultations - added)


def _row(one: Kept, desks: Mapping[str, DeskRow], authors: Mapping[str, int]) -> dict[str, Any]:
    desk = desks[one.content.desk]
    return new_row(one.content, desk, authors[desk.country])


def _clashes(
    session: Session, batch: list[Kept], rows: list[dict[str, Any]], new: set[UUID]
) -> list[Fault]:
    """Consultations that stand there with other content: brought by somebody else since the check."""
    others = [(one, row) for one, row in zip(batch, rows, strict=True) if row["id"] not in new]
    known = queries.find_arrivals(session, [row["id"] for _, row in others])
    return [
        Fault(one.row, one.column, "different")
        for one, row in others
        if known[row["id"]].arrival_digest != row["arrival_digest"]
    ]


def countries_of(checked: Checked, desks: Mapping[str, DeskRow]) -> set[str]:
    """The countries of the desks that a checked sheet names."""
    return {desks[one.content.desk].country for one in _each(checked)}


def _each(checked: Checked) -> Iterator[Kept]:
    checked.kept.seek(0)
    while True:
        try:
            yield pickle.load(checked.kept)  # noqa: S301 - our own file, seen by nobody else
        except EOFError:
            return


def _batches(each: Iterator[Kept]) -> Iterator[list[Kept]]:
    while batch := list(islice(each, BATCH)):
        yield batch
