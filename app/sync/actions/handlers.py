"""Handlers of the kinds of records that an envelope can hold, and what is locked before they record."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from app.consultations import queries
from app.consultations.actions import corrections, recording
from app.consultations.actions.corrections import NotAllowed
from app.consultations.rules.consultation_data import ParsedConsultation
from app.consultations.schemas.bodies import parse_consultation, parse_void
from app.consultations.vocabulary import DECLINED
from app.db import idempotency
from app.field_errors import FieldError
from app.people.actions.cards import find_cards_by_code
from app.people.queries.cards import CardRow
from app.people.rules.card_codes import parse_card_code
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import CONFLICT, CONSULTATION, CREATED, DUPLICATE, QUARANTINED, VOID
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Invalid


@dataclass(frozen=True)
class IntakeOutcome:
    """How the intake of a record ended: its result, why it was quarantined (a code of REASONS), and its errors.

    `awaits_record` marks a voiding whose record has not arrived.
    """

    result: str
    reason: str = ""
    errors: tuple[FieldError, ...] = ()
    awaits_record: bool = False


class AuthoredPayload(NamedTuple):
    """A payload to be recorded, and its author."""

    author: Principal
    payload: Payload


HandleOne: TypeAlias = Callable[[Session, Principal, Payload], IntakeOutcome]
HandleMany: TypeAlias = Callable[[Session, Sequence[AuthoredPayload]], list[IntakeOutcome]]
LockTargets: TypeAlias = Callable[[Session, Sequence[AuthoredPayload]], None]


@dataclass(frozen=True)
class RecordHandler:
    """Records one kind of payload; `handle_many` records many at once with the same outcomes."""

    kind: str
    handle: HandleOne
    handle_many: HandleMany | None = None


@dataclass(frozen=True)
class IntakeLock:
    """Locks all rows that payloads of these kinds will change, in the order that every other writer uses."""

    kinds: frozenset[str]
    lock: LockTargets


_handlers: dict[str, RecordHandler] = {}
_locks: list[IntakeLock] = []
DEVICE_FIELDS = frozenset({"device", "sequence"})
_RESULTS = {idempotency.NEW: CREATED, idempotency.SAME: DUPLICATE}


def set_handlers(handlers: Iterable[RecordHandler], locks: Iterable[IntakeLock]) -> None:
    """Set the handler of each kind, and the locks, which are taken in this order."""
    _handlers.clear()
    _handlers.update({handler.kind: handler for handler in handlers})
    _locks[:] = locks


def batch_handler_of(kind: str) -> HandleMany | None:
    """Return the function that records many of a kind at once; None if they are recorded one by one."""
    handler = _handlers.get(kind)
    return handler.handle_many if handler else None


def lock_targets(session: Session, items: Sequence[AuthoredPayload]) -> None:
    """Lock what these payloads will change before the first of them is recorded, so that there is no deadlock."""
    for lock in _locks:
        matching = [item for item in items if item.payload.kind in lock.kinds]
        if matching:
            lock.lock(session, matching)


def handle(session: Session, author: Principal, payload: Payload) -> IntakeOutcome:
    """Record a payload in its author's name."""
    handler = _handlers.get(payload.kind)
    if handler is None:
        return IntakeOutcome(QUARANTINED, "unknown_kind")
    return handler.handle(session, author, payload)


def outcome_of_insert(outcome: str) -> IntakeOutcome:
    """Return the outcome for the tablet of an idempotent insert (NEW, SAME or DIFFERENT of db.idempotency)."""
    if outcome not in _RESULTS:
        return IntakeOutcome(CONFLICT, "different")
    return IntakeOutcome(_RESULTS[outcome])


def invalid_outcome(errors: list[FieldError]) -> IntakeOutcome:
    """Return the outcome of a record that cannot be recorded as it is."""
    in_future = any(error.code == "in_future" for error in errors)
    return IntakeOutcome(QUARANTINED, "in_future" if in_future else "invalid", tuple(errors))


def handle_consultation(session: Session, author: Principal, payload: Payload) -> IntakeOutcome:
    """Record a consultation by the one intake: the same parser and action as the page's."""
    return _outcome_of_recording(
        recording.record(session, author, parse_payload_consultation(payload))
    )


def handle_consultations(session: Session, items: Sequence[AuthoredPayload]) -> list[IntakeOutcome]:
    """Record consultations as one set, with the same outcomes as one by one."""
    parsed = [(author, parse_payload_consultation(payload)) for author, payload in items]
    return [_outcome_of_recording(result) for result in recording.record_all(session, parsed)]


def _outcome_of_recording(outcome: recording.RecordingOutcome) -> IntakeOutcome:
    match outcome:
        case Invalid(errors):
            return invalid_outcome(errors)
        case Conflict():
            return outcome_of_insert(idempotency.DIFFERENT)
        case Accepted(result):
            return outcome_of_insert(result.arrival)


def lock_records(session: Session, items: Sequence[AuthoredPayload]) -> None:
    """Lock the cards of all consultations that are recorded or voided, then the rows of those that are voided."""
    codes = {code for item in items if (code := _card_code(item.payload))}
    cards = [
        card for card in find_cards_by_code(session, codes).values() if isinstance(card, CardRow)
    ]
    payloads = [item.payload for item in items]
    voided = {p.record_id for p in payloads if p.kind == VOID and p.record_id}
    queries.lock_consultations(session, items[0].author.scope, voided, cards)


def _card_code(payload: Payload) -> str | None:
    code = payload.data.get("card")
    if payload.kind != CONSULTATION or not isinstance(code, str):
        return None
    return parse_card_code(code)


def parse_payload_consultation(payload: Payload) -> ParsedConsultation:
    """Parse a consultation's payload; a refused record also names its tablet, next to its four answers."""
    data = payload.data
    if data.get("outcomes") != [DECLINED]:
        return parse_consultation(data)
    parsed = parse_consultation({name: data[name] for name in data if name not in DEVICE_FIELDS})
    return replace(parsed, telemetry={**parsed.telemetry, "device": data.get("device")})


def handle_void(session: Session, author: Principal, payload: Payload) -> IntakeOutcome:
    """Void a record of the desk; await the record if it has not arrived yet. Voiding twice is the same as once."""
    if payload.record_id is None:
        return IntakeOutcome(QUARANTINED, "invalid")
    row = queries.lock_consultation(session, author.scope, payload.record_id)
    if row is None:
        return IntakeOutcome(CREATED, awaits_record=True)
    change = parse_void({"reason": payload.data.get("reason")})
    try:
        outcome = corrections.void(session, author, row, change)
    except NotAllowed:
        return IntakeOutcome(QUARANTINED, "too_late")
    match outcome:
        case Accepted():
            return IntakeOutcome(CREATED)
    return IntakeOutcome(QUARANTINED, "invalid")


HANDLERS = (
    RecordHandler(CONSULTATION, handle_consultation, handle_consultations),
    RecordHandler(VOID, handle_void),
)
LOCKS = (IntakeLock(frozenset({CONSULTATION, VOID}), lock_records),)
