"""Reconciles aggregates with the rows they are sums of, and rebuilds the aggregates while the app runs."""

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.counts.models import AggregateRebuild
from app.counts.queries import reconciliation
from app.counts.queries.reconciliation import Chunk, Mismatch
from app.db.idempotency import insert_once
from app.db.session import db, unit_of_work
from app.db.snapshot import snapshot
from app.people.actions.aggregates import apply_delta
from app.people.actions.previous_contacts import list_inconsistent_groups, repair_card_group
from app.people.queries.reconciliation import list_card_groups_after, list_outcomes
from app.people.rules.aggregates import AggregateDelta
from app.places.queries import get_desk_code

REBUILDS = AggregateRebuild.__table__
GROUPS_PER_SNAPSHOT, SAVE_PROGRESS_EVERY = 500, 20
OnProgress = Callable[[int], None]


class RebuildSuperseded(Exception):
    """Another rebuild began meanwhile: it does the rest."""


def list_chunks() -> list[Chunk]:
    """Return every desk's month that can be compared, in order."""
    with snapshot() as session:
        return reconciliation.list_chunks(session)


def prove(chunks: list[Chunk], on_progress: OnProgress) -> tuple[str | None, int]:
    """Return a sentence on the first difference between rows and aggregates, None if there is none; and lines compared.

    `on_progress` is called with 1 after each chunk.
    """
    compared, outcomes = 0, _outcomes()
    for chunk in chunks:
        with snapshot() as session:
            rows, stored, lines = reconciliation.compare(session, chunk, outcomes)
            mismatch = next(reconciliation.mismatches(rows, stored), None)
            sentence = _first_difference(session, chunk, mismatch)
        compared += lines
        on_progress(1)
        if sentence is not None:
            return sentence, compared
    if _inconsistent_groups():
        unlinked = (
            "A visitor card's people are not linked to their earlier contacts as they must be."
        )
        return unlinked, compared
    return None, compared


def _first_difference(session: Session, chunk: Chunk, mismatch: Mismatch | None) -> str | None:
    month = f"{chunk.month // 100}-{chunk.month % 100:02d}"
    if mismatch is not None:
        values = f"{mismatch.in_aggregates} in the cells, {mismatch.in_rows} in the rows"
        return f"{get_desk_code(session, mismatch.desk_id)} {month}, {mismatch.figure}: {values}."
    inconsistent = reconciliation.find_inconsistent_desk(session, chunk)
    if inconsistent is not None:
        difference = "persons: a line says something else than its consultation"
        return f"{get_desk_code(session, inconsistent)} {month}, {difference}."
    wrong_answer = reconciliation.find_wrong_answer(session, chunk)
    if wrong_answer is not None:
        desk_id, answer = wrong_answer
        difference = f"persons who answered {answer}: not the previous contact that it says"
        return f"{get_desk_code(session, desk_id)} {month}, {difference}."
    return None


def _outcomes() -> list[str]:
    with snapshot() as session:
        return list_outcomes(session)


def _inconsistent_groups() -> list[int]:
    """Return the root cards of the card groups whose people have wrong previous contacts."""
    last, inconsistent = 0, list[int]()
    while True:
        with snapshot() as session:
            groups = list_card_groups_after(session, last, GROUPS_PER_SNAPSHOT)
            inconsistent += list_inconsistent_groups(session, groups)
        if len(groups) < GROUPS_PER_SNAPSHOT:
            return inconsistent
        last = groups[-1]


def start_rebuild(chunks: list[Chunk]) -> tuple[str, list[Chunk]]:
    """Return the id of a new run and the chunks it has to do; an interrupted run is resumed, and superseded."""
    run = uuid4().hex
    with unit_of_work():
        session = db.session()
        if insert_once(session, REBUILDS, {"id": 1, "run": run, "month": 0, "country": ""}):
            return run, chunks
        last = session.execute(select(REBUILDS).with_for_update()).one()
        session.execute(update(REBUILDS).values(run=run))
    done = (last.month, last.country)
    return run, [chunk for chunk in chunks if (chunk.month, chunk.country) > done]


def rebuild(run: str, chunks: list[Chunk], on_progress: OnProgress) -> tuple[int, int]:
    """Correct the aggregates; return how many sums were wrong and how many lines were read.

    Raises RebuildSuperseded. Rows and aggregates are read in one snapshot and only their difference is added: what is
    recorded meanwhile adds to it. `on_progress` is called with 1 after each chunk.
    """
    corrected, read, outcomes = 0, 0, _outcomes()
    _repair_links()
    for index, chunk in enumerate(chunks):
        with snapshot() as session:
            rows, stored, lines = reconciliation.compare(session, chunk, outcomes)
        delta = reconciliation.differences(rows, stored)
        wrong = len(delta.reach) + len(delta.breakdowns) + len(delta.volumes)
        if wrong or index % SAVE_PROGRESS_EVERY == 0:
            _apply(run, chunk, delta)
        corrected += wrong
        read += lines
        on_progress(1)
    with unit_of_work():
        db.session.execute(delete(REBUILDS).where(REBUILDS.c.run == run))
        record_audit(None, "cells_rebuilt", "figures:programme")
    return corrected, read


def _apply(run: str, chunk: Chunk, delta: AggregateDelta) -> None:
    progress = update(REBUILDS).where(REBUILDS.c.run == run)
    statement = progress.values(month=chunk.month, country=chunk.country).returning(REBUILDS.c.id)
    with unit_of_work():
        if db.session.execute(statement).first() is None:
            raise RebuildSuperseded
        apply_delta(db.session(), delta)


def _repair_links() -> None:
    for group in _inconsistent_groups():
        with unit_of_work():
            repair_card_group(db.session(), group)
