"""What becomes of each kind of record that an envelope can hold; rooms above add their own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from app.base import arrival
from app.base.access import Principal
from app.base.problems import Problem
from app.consultations import queries
from app.consultations.actions import changing, recording
from app.consultations.actions.changing import Change, NotAllowed
from app.consultations.forms.reading import read
from app.consultations.rules.content import Reading
from app.consultations.vocabulary import DECLINED
from app.sync.rules.taking import Opened
from app.sync.vocabulary import CONFLICT, CONSULTATION, CREATED, DUPLICATE, QUARANTINED, VOID


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
_openers: dict[str, Opener] = {}
OF_TABLET = frozenset({"device", "sequence"})
_ARRIVED = {arrival.NEW: CREATED, arrival.SAME: DUPLICATE}


def opens(kind: str) -> Callable[[Opener], Opener]:
    """Registers what records one kind."""

    def register(opener: Opener) -> Opener:
        _openers[kind] = opener
        return opener

    return register


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
    done = recording.record(session, author, reading_of(opened))
    return refused(done) if isinstance(done, list) else arrived(done.arrival)


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
