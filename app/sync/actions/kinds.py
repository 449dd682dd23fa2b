"""What becomes of each kind of record that an envelope can hold; rooms above add their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from app.consultations import queries
from app.consultations.actions import changing, recording
from app.consultations.actions.changing import Change, NotAllowed
from app.consultations.forms.reading import read
from app.consultations.rules.content import Reading
from app.consultations.vocabulary import DECLINED
from app.db import idempotency
from app.field_errors import Problem
from app.people.actions.cards import find_all as find_cards
from app.people.queries.cards import Card
from app.people.rules.codes import read_code
from app.sync.rules.taking import Opened
from app.sync.vocabulary import CONFLICT, CONSULTATION, CREATED, DUPLICATE, QUARANTINED, VOID
from app.web.access import Principal


@dataclass(frozen=True)
class Taken:
    """How a record ended: a result, why it was set aside (a code of REASONS), and what is wrong with it.

    `held` is a voiding whose record has not arrived.
    """

    result: str
    reason: str = ""
    problems: tuple[Problem, ...] = ()
    held: bool = False


Opener: TypeAlias = Callable[[Session, Principal, Opened], Taken]
Asked: TypeAlias = tuple[Principal, Opened]
"""A record to be taken: its author, and what its envelope held."""
ManyOpener: TypeAlias = Callable[[Session, Sequence[Asked]], list[Taken]]
Locker: TypeAlias = Callable[[Session, Sequence[Asked]], None]
_openers: dict[str, Opener] = {}
_many_openers: dict[Opener, ManyOpener] = {}
_lockers: list[tuple[frozenset[str], Locker]] = []
OF_TABLET = frozenset({"device", "sequence"})
_ARRIVED = {idempotency.NEW: CREATED, idempotency.SAME: DUPLICATE}


def opens(kind: str) -> Callable[[Opener], Opener]:
    """Registers what records one kind."""

    def register(opener: Opener) -> Opener:
        _openers[kind] = opener
        return opener

    return register


def opens_many(opener: Opener) -> Callable[[ManyOpener], ManyOpener]:
    """Registers what records many at once of what an opener records one by one, with the same results."""

    def register(many: ManyOpener) -> ManyOpener:
        _many_openers[opener] = many
        return many

    return register


def locks(*kinds: str) -> Callable[[Locker], Locker]:
    """Registers what locks all that records of these kinds will change, in the order in which everybody locks it."""

    def register(locker: Locker) -> Locker:
        _lockers.append((frozenset(kinds), locker))
        return locker

    return register


def many_of(kind: str) -> ManyOpener | None:
    """What records many of a kind at once; None where they are recorded one by one."""
    opener = _openers.get(kind)
    return _many_openers.get(opener) if opener else None


def lock(session: Session, asked: Sequence[Asked]) -> None:
    """Locks what these records will change before the first of them is recorded, so that nobody waits in a circle."""
    for kinds, locker in _lockers:
        own = [one for one in asked if one[1].kind in kinds]
        if own:
            locker(session, own)


def take(session: Session, author: Principal, opened: Opened) -> Taken:
    """Records what was opened in the author's name."""
    opener = _openers.get(opened.kind)
    return opener(session, author, opened) if opener else Taken(QUARANTINED, "unknown_kind")


def arrived(how: str) -> Taken:
    """What an arrival (base.arrival) is to the tablet."""
    return Taken(_ARRIVED[how]) if how in _ARRIVED else Taken(CONFLICT, "different")


def refused(problems: list[Problem]) -> Taken:
    """A record that cannot be taken as it is."""
    future = any(problem.code == "in_future" for problem in problems)
    return Taken(QUARANTINED, "in_future" if future else "invalid", tuple(problems))


@opens(CONSULTATION)
def take_consultation(session: Session, author: Principal, opened: Opened) -> Taken:
    """The one intake: the same form and action as the page's."""
    return _ended(recording.record(session, author, reading_of(opened)))


@opens_many(take_consultation)
def take_consultations(session: Session, asked: Sequence[Asked]) -> list[Taken]:
    """The same, as one set."""
    readings = [(author, reading_of(opened)) for author, opened in asked]
    return [_ended(done) for done in recording.record_all(session, readings)]


def _ended(done: recording.Arrival | list[Problem]) -> Taken:
    return refused(done) if isinstance(done, list) else arrived(done.arrival)


@locks(CONSULTATION, VOID)
def lock_records(session: Session, asked: Sequence[Asked]) -> None:
    """The cards of what is recorded and of what is voided, then the rows of what is voided."""
    codes = {code for _, opened in asked if (code := _card_in(opened))}
    cards = [card for card in find_cards(session, codes).values() if isinstance(card, Card)]
    voided = {opened.about for _, opened in asked if opened.kind == VOID and opened.about}
    queries.hold_to_change(session, asked[0][0].scope, voided, cards)


def _card_in(opened: Opened) -> str | None:
    said = opened.said.get("card")
    return read_code(said) if opened.kind == CONSULTATION and isinstance(said, str) else None


def reading_of(opened: Opened) -> Reading:
    """What can be read of a consultation; a refusal to be recorded names its tablet beside its four answers."""
    said = opened.said
    if said.get("outcomes") != [DECLINED]:
        return read(said)
    reading = read({name: said[name] for name in said if name not in OF_TABLET})
    return replace(reading, telemetry={**reading.telemetry, "device": said.get("device")})


@opens(VOID)
def take_void(session: Session, author: Principal, opened: Opened) -> Taken:
    """Voids a record of the desk; held where it has not arrived yet. Voiding twice is once."""
    about = opened.about
    if about is None:
        return Taken(QUARANTINED, "invalid")
    row = queries.find_to_change(session, author.scope, about)
    if row is None:
        return Taken(CREATED, held=True)
    said: dict[str, Any] = {"reason": opened.said.get("reason")}
    try:
        done = changing.void(session, author, row, said, frozenset())
    except NotAllowed:
        return Taken(QUARANTINED, "too_late")
    return Taken(CREATED) if isinstance(done, Change) else Taken(QUARANTINED, "invalid")
