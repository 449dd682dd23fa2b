"""Records the payloads of a batch: those of a kind as one set, all others one by one; locks in one order."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.db.faults import classify_error
from app.people.actions.aggregates import defer_aggregates
from app.sync.actions import handlers
from app.sync.actions.handlers import AuthoredPayload, HandleMany, IntakeOutcome
from app.sync.vocabulary import QUARANTINED

log = logging.getLogger("ventanilla")


def record_batch(session: Session, items: Sequence[AuthoredPayload]) -> list[IntakeOutcome]:
    """Record all items and return their outcomes in the same order; the caller writes the aggregates once, after all.

    Kinds that are recorded as a set come before all others: so a voiding finds the record that it came with.
    """
    of_kind: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        of_kind.setdefault(item.payload.kind, []).append(position)
    if len(of_kind) > 1 or not all(handlers.batch_handler_of(kind) for kind in of_kind):
        handlers.lock_targets(session, items)  # else the set itself locks in that order
    outcomes: dict[int, IntakeOutcome] = {}
    for kind in sorted(of_kind, key=lambda kind: handlers.batch_handler_of(kind) is None):
        outcomes |= _record_kind(session, items, kind, of_kind[kind])
    return [outcomes[position] for position in range(len(items))]


def _record_kind(
    session: Session, items: Sequence[AuthoredPayload], kind: str, positions: list[int]
) -> dict[int, IntakeOutcome]:
    """Record the items at these positions, all of one kind: as a set, or one by one if there is none or it failed."""
    handle_many = handlers.batch_handler_of(kind)
    if handle_many:
        results = _record_set(session, handle_many, [items[position] for position in positions])
        if results is not None:
            return dict(zip(positions, results, strict=True))
        handlers.lock_targets(
            session, items
        )  # the set's own locks were released with its savepoint
        positions = sorted(positions, key=lambda position: str(items[position].payload.record_id))
    return {position: record_alone(session, items[position]) for position in positions}


def _record_set(
    session: Session, handle_many: HandleMany, items: Sequence[AuthoredPayload]
) -> list[IntakeOutcome] | None:
    """Record a set and return its outcomes; None if it failed, and then nothing of it is kept."""
    try:
        with savepoint(session):
            return handle_many(session, items)
    except Exception as error:
        if classify_error(error).is_database_at_fault:
            raise
        _log(error)
        return None


def record_alone(session: Session, item: AuthoredPayload) -> IntakeOutcome:
    """Record an item in a savepoint of its own: a bug of ours quarantines this one alone."""
    try:
        with savepoint(session):
            return handlers.handle(session, item.author, item.payload)
    except Exception as error:
        if classify_error(error).is_database_at_fault:
            raise
        _log(error)
        return IntakeOutcome(QUARANTINED, "fault")


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Run in a savepoint; a failure in it leaves no audit entry and changes no aggregate either."""
    entries = len(session.info.get("entries", ()))
    try:
        with session.begin_nested(), defer_aggregates(session):
            session.connection()  # the savepoint is made by this, not by begin_nested
            yield
    except BaseException:
        del session.info.get("entries", [])[entries:]
        raise


def _log(error: Exception) -> None:
    log.exception("bug", extra={"fields": {"kind": type(error).__name__, "file": "envelope"}})
