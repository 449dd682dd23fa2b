"""The other turns of a request: a sign stops it, a supervisor lets it go on, the person withdraws, it is closed."""

from sqlalchemy.orm import Session

from app.returns.actions.append_step import Moved, Turn, begin, is_stale, write
from app.returns.actions.record_stage import Said, side_of
from app.returns.rules import closing
from app.returns.rules.available_actions import refused_act
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.vocabulary import CLOSING_REASONS
from app.web.access import Principal

NEVER = frozenset({"request_closed", "after_hand_over"})
"""Told before anything else: no newer version would change it."""


def withdraw(session: Session, by: Principal, reference: str) -> Moved:
    """The request withdrawn, at once and without a reason, whatever anybody else does with it meanwhile.

    Withdrawn twice is withdrawn once. No version is asked for: nothing keeps a person from stopping.
    """
    turn = begin(session, by, reference)
    if turn is None:
        return None
    if closing.is_withdrawn(turn.standing):
        return turn.request
    refused = closing.refused_withdrawal(turn.standing)
    return turn.refused(refused) if refused else write(turn, WITHDRAW, {})


def stop(session: Session, by: Principal, reference: str, said: Said) -> Moved:
    """The request stopped by a sign that was seen, until a supervisor decides; the desk may always do this."""
    return _turn(session, by, reference, (STOP, said))


def resume(session: Session, by: Principal, reference: str, said: Said) -> Moved:
    """The request let go on by a supervisor, who says why."""
    return _turn(session, by, reference, (RESUME, said))


def close(session: Session, by: Principal, reference: str, said: Said) -> Moved:
    """The request closed with a reason; what a person withdraws is a withdrawal, however it is sent."""
    if CLOSING_REASONS[said.fields["reason"]].code == closing.WITHDREW:
        return withdraw(session, by, reference)
    return _turn(session, by, reference, (CLOSE, said))


def _turn(session: Session, by: Principal, reference: str, what: tuple[str, Said]) -> Moved:
    turn = begin(session, by, reference)
    if turn is None:
        return None
    act, said = what
    refused = _refused(turn, act, said)
    return turn.refused(refused) if refused else write(turn, act, said.fields)


def _refused(turn: Turn, act: str, said: Said) -> str:
    refused = refused_act(turn.standing, act, side_of(turn.by), turn.today)
    if refused in NEVER:
        return refused
    if is_stale(turn, said.version):
        return "stale"
    if refused or act != CLOSE:
        return refused
    return closing.refused_closing(turn.standing, said.fields["reason"])
