"""Takes the records of a batch: those of a kind as one set, all others one by one; locks in one order."""

import logging
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.db.faults import fault_of
from app.sync.actions import handlers
from app.sync.actions.decrypt import savepoint
from app.sync.actions.handlers import AuthoredPayload, HandleMany, IntakeOutcome
from app.sync.vocabulary import QUARANTINED

log = logging.getLogger("ventanilla")


def record_batch(session: Session, asked: Sequence[AuthoredPayload]) -> list[IntakeOutcome]:
    """How each record ended, in their order; the caller writes the cells once, after all of them.

    Kinds that are recorded as a set come before all others: so a voiding finds the record that it came with.
    """
    of_kind: dict[str, list[int]] = {}
    for place, (_, opened) in enumerate(asked):
        of_kind.setdefault(opened.kind, []).append(place)
    if len(of_kind) > 1 or not all(handlers.batch_handler_of(kind) for kind in of_kind):
        handlers.lock_targets(session, asked)  # else the set itself locks in that order
    ended: dict[int, IntakeOutcome] = {}
    for kind in sorted(of_kind, key=lambda kind: handlers.batch_handler_of(kind) is None):
        own, many = of_kind[kind], handlers.batch_handler_of(kind)
        taken = _at_once(session, many, [asked[place] for place in own]) if many else None
        if many and taken is None:
            handlers.lock_targets(session, asked)  # what the set had locked was released with its savepoint
            own.sort(key=lambda place: str(asked[place][1].record_id))
        taken = taken or [record_alone(session, asked[place]) for place in own]
        ended |= zip(own, taken, strict=True)
    return [ended[place] for place in range(len(asked))]


def _at_once(session: Session, many: HandleMany, own: Sequence[AuthoredPayload]) -> list[IntakeOutcome] | None:
    """How the records of a set ended; None where it failed, and nothing of it is kept."""
    try:
        with savepoint(session):
            return many(session, own)
    except Exception as error:
        if fault_of(error).is_of_the_database:
            raise
        _log(error)
        return None


def record_alone(session: Session, one: AuthoredPayload) -> IntakeOutcome:
    """How a record ended, in a savepoint of its own: a failure of ours costs this one alone."""
    try:
        with savepoint(session):
            return handlers.handle(session, *one)
    except Exception as error:
        if fault_of(error).is_of_the_database:
            raise
        _log(error)
        return IntakeOutcome(QUARANTINED, "fault")


def _log(error: Exception) -> None:
    log.exception("bug", extra={"fields": {"kind": type(error).__name__, "file": "envelope"}})
