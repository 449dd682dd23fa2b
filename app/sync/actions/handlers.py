"""What becomes of each kind of record that an envelope can hold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from app.consultations import queries
from app.consultations.actions import corrections, recording
from app.consultations.actions.corrections import AppliedChange, NotAllowed
from app.consultations.forms.parsing import parse_consultation
from app.consultations.rules.consultation_data import ParsedConsultation
from app.consultations.vocabulary import DECLINED
from app.db import idempotency
from app.field_errors import FieldError
from app.people.actions.cards import find_cards_by_code as find_cards
from app.people.queries.cards import CardRow
from app.people.rules.card_codes import parse_card_code
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import CONFLICT, CONSULTATION, CREATED, DUPLICATE, QUARANTINED, VOID
from app.web.access import Principal


@dataclass(frozen=True)
class IntakeOutcome:
    """How a record ended: a result, why it was set aside (a code of REASONS), and what is wrong with it.

    `held` is a voiding whose record has not arrived.
    """

    result: str
    reason: str = ""
    errors: tuple[FieldError, ...] = ()
    awaits_record: bool = False


HandleOne: TypeAlias = Callable[[Session, Principal, Payload], IntakeOutcome]
AuthoredPayload: TypeAlias = tuple[Principal, Payload]
"""A record to be taken: its author, and what its envelope held."""
HandleMany: TypeAlias = Callable[[Session, Sequence[AuthoredPayload]], list[IntakeOutcome]]
LockTargets: TypeAlias = Callable[[Session, Sequence[AuthoredPayload]], None]


@dataclass(frozen=True)
class RecordHandler:
    """What records one kind of record; `take_many` records many at once with the same results."""

    kind: str
    handle: HandleOne
    handle_many: HandleMany | None = None


@dataclass(frozen=True)
class IntakeLock:
    """What locks all that records of these kinds will change, in the order in which everybody locks it."""

    kinds: frozenset[str]
    lock: LockTargets


_handlers: dict[str, RecordHandler] = {}
_locks: list[IntakeLock] = []
DEVICE_FIELDS = frozenset({"device", "sequence"})
_ARRIVED = {idempotency.NEW: CREATED, idempotency.SAME: DUPLICATE}


def set_handlers(handlers: Iterable[RecordHandler], locks: Iterable[IntakeLock]) -> None:
    """Sets what records each kind of record, and what is locked before, in this order."""
    _handlers.clear()
    _handlers.update({handler.kind: handler for handler in handlers})
    _locks[:] = locks


def batch_handler_of(kind: str) -> HandleMany | None:
    """What records many of a kind at once; None if they are recorded one by one."""
    handler = _handlers.get(kind)
    return handler.handle_many if handler else None


def lock_targets(session: Session, asked: Sequence[AuthoredPayload]) -> None:
    """Locks what these records will change before the first of them is recorded, so that there is no deadlock."""
    for each in _locks:
        own = [one for one in asked if one[1].kind in each.kinds]
        if own:
            each.lock(session, own)


def handle(session: Session, author: Principal, opened: Payload) -> IntakeOutcome:
    """Records what was opened in the author's name."""
    handler = _handlers.get(opened.kind)
    return handler.handle(session, author, opened) if handler else IntakeOutcome(QUARANTINED, "unknown_kind")


def outcome_of_insert(how: str) -> IntakeOutcome:
    """What an arrival (db.idempotency) is to the tablet."""
    return IntakeOutcome(_ARRIVED[how]) if how in _ARRIVED else IntakeOutcome(CONFLICT, "different")


def invalid_outcome(problems: list[FieldError]) -> IntakeOutcome:
    """A record that cannot be taken as it is."""
    future = any(problem.code == "in_future" for problem in problems)
    return IntakeOutcome(QUARANTINED, "in_future" if future else "invalid", tuple(problems))


def handle_consultation(session: Session, author: Principal, opened: Payload) -> IntakeOutcome:
    """The one intake: the same form and action as the page's."""
    return _ended(recording.record(session, author, parse_consultation(opened)))


def handle_consultations(session: Session, asked: Sequence[AuthoredPayload]) -> list[IntakeOutcome]:
    """The same, as one set."""
    readings = [(author, parse_consultation(opened)) for author, opened in asked]
    return [_ended(done) for done in recording.record_all(session, readings)]


def _ended(done: recording.RecordingResult | list[FieldError]) -> IntakeOutcome:
    return invalid_outcome(done) if isinstance(done, list) else outcome_of_insert(done.arrival)


def lock_records(session: Session, asked: Sequence[AuthoredPayload]) -> None:
    """The cards of what is recorded and of what is voided, then the rows of what is voided."""
    codes = {code for _, opened in asked if (code := _card_in(opened))}
    cards = [card for card in find_cards(session, codes).values() if isinstance(card, CardRow)]
    voided = {opened.record_id for _, opened in asked if opened.kind == VOID and opened.record_id}
    queries.lock_consultations(session, asked[0][0].scope, voided, cards)


def _card_in(opened: Payload) -> str | None:
    said = opened.data.get("card")
    return parse_card_code(said) if opened.kind == CONSULTATION and isinstance(said, str) else None


def parse_consultation(opened: Payload) -> ParsedConsultation:
    """What can be read of a consultation; a refusal to be recorded names its tablet beside its four answers."""
    said = opened.data
    if said.get("outcomes") != [DECLINED]:
        return parse_consultation(said)
    reading = parse_consultation({name: said[name] for name in said if name not in DEVICE_FIELDS})
    return replace(reading, telemetry={**reading.telemetry, "device": said.get("device")})


def handle_void(session: Session, author: Principal, opened: Payload) -> IntakeOutcome:
    """Voids a record of the desk; held where it has not arrived yet. Voiding twice is once."""
    about = opened.record_id
    if about is None:
        return IntakeOutcome(QUARANTINED, "invalid")
    row = queries.lock_consultation(session, author.scope, about)
    if row is None:
        return IntakeOutcome(CREATED, awaits_record=True)
    said: dict[str, Any] = {"reason": opened.data.get("reason")}
    try:
        done = corrections.void(session, author, row, said, frozenset())
    except NotAllowed:
        return IntakeOutcome(QUARANTINED, "too_late")
    return IntakeOutcome(CREATED) if isinstance(done, AppliedChange) else IntakeOutcome(QUARANTINED, "invalid")


HANDLERS = (
    RecordHandler(CONSULTATION, handle_consultation, handle_consultations),
    RecordHandler(VOID, handle_void),
)
LOCKS = (IntakeLock(frozenset({CONSULTATION, VOID}), lock_records),)
