"""Proves that cells and rows agree, and makes the cells anew while the app runs."""

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.counts.models import CellRebuild
from app.counts.queries import proving
from app.counts.queries.proving import Chunk, Fault
from app.db.idempotency import insert_once
from app.db.session import db, unit_of_work
from app.db.snapshot import snapshot
from app.people.actions.aggregates import apply_delta
from app.people.actions.previous_contacts import repair_card_group, list_inconsistent_groups
from app.people.queries.reconciliation import list_outcomes, list_card_groups_after
from app.people.rules.aggregates import AggregateDelta
from app.places.queries import get_code

MARK = CellRebuild.__table__
ROOTS, MARK_EVERY = 500, 20
Progress = Callable[[int], None]


class Overtaken(Exception):
    """Another rebuilding began meanwhile: it does the rest."""


def list_work() -> list[Chunk]:
    """Every desk's month that can be compared."""
    with snapshot() as session:
        return proving.list_chunks(session)


def prove(chunks: list[Chunk], done: Progress) -> tuple[str | None, int]:
    """The first figure that rows and cells do not agree on, in words; None where all do. And lines compared."""
    compared, outcomes = 0, _outcomes()
    for chunk in chunks:
        with snapshot() as session:
            rows, cells, lines = proving.compare(session, chunk, outcomes)
            said = _fault(session, chunk, next(proving.faults(rows, cells), None))
        compared += lines
        done(1)
        if said is not None:
            return said, compared
    said = "A visitor card's people are not linked to their earlier contacts as they must be."
    return (said if _unlinked() else None), compared


def _fault(session: Session, chunk: Chunk, fault: Fault | None) -> str | None:
    month = f"{chunk.month // 100}-{chunk.month % 100:02d}"
    if fault is not None:
        said = f"{fault.figure}: {fault.in_cells} in the cells, {fault.in_rows} in the rows"
        return f"{get_code(session, fault.desk_id)} {month}, {said}."
    estranged = proving.find_estranged(session, chunk)
    if estranged is not None:
        said = "persons: a line says something else than its consultation"
        return f"{get_code(session, estranged)} {month}, {said}."
    wrong = proving.wrong_answer(session, chunk)
    if wrong is not None:
        desk_id, answer = wrong
        said = f"persons who answered {answer}: not the previous contact that it says"
        return f"{get_code(session, desk_id)} {month}, {said}."
    return None


def _outcomes() -> list[str]:
    with snapshot() as session:
        return list_outcomes(session)


def _unlinked() -> list[int]:
    """Root cards whose people's previous contacts are not what they must be."""
    last, wrong = 0, list[int]()
    while True:
        with snapshot() as session:
            roots = list_card_groups_after(session, last, ROOTS)
            wrong += list_inconsistent_groups(session, roots)
        if len(roots) < ROOTS:
            return wrong
        last = roots[-1]


def begin(chunks: list[Chunk]) -> tuple[str, list[Chunk]]:
    """The name of a new run, and what is left to do: an interrupted run is gone on with."""
    run = uuid4().hex
    with unit_of_work():
        session = db.session()
        if insert_once(session, MARK, {"id": 1, "run": run, "month": 0, "country": ""}):
            return run, chunks
        mark = session.execute(select(MARK).with_for_update()).one()
        session.execute(update(MARK).values(run=run))
    return run, [one for one in chunks if (one.month, one.country) > (mark.month, mark.country)]


def rebuild(run: str, chunks: list[Chunk], done: Progress) -> tuple[int, int]:
    """Puts the cells right; how many were wrong, and how many lines were read. Raises Overtaken.

    Both sides are read in one snapshot and only their difference is added: what is recorded meanwhile adds to it.
    """
    mended, read, outcomes = 0, 0, _outcomes()
    _relink()
    for place, chunk in enumerate(chunks):
        with snapshot() as session:
            rows, cells, lines = proving.compare(session, chunk, outcomes)
        changes = proving.differences(rows, cells)
        wrong = sum(len(some) for some in (changes.reach, changes.breakdowns, changes.volumes))
        if wrong or place % MARK_EVERY == 0:
            _mend(run, chunk, changes)
        mended += wrong
        read += lines
        done(1)
    with unit_of_work():
        db.session.execute(delete(MARK).where(MARK.c.run == run))
        record_audit(None, "cells_rebuilt", "figures:programme")
    return mended, read


def _mend(run: str, chunk: Chunk, changes: AggregateDelta) -> None:
    mine = update(MARK).where(MARK.c.run == run).values(month=chunk.month, country=chunk.country)
    with unit_of_work():
        if db.session.execute(mine.returning(MARK.c.id)).first() is None:
            raise Overtaken
        apply_delta(db.session(), changes)


def _relink() -> None:
    for root in _unlinked():
        with unit_of_work():
            repair_card_group(db.session(), root)
