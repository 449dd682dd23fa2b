"""The other turns of a request: a sign stops it, a supervisor lets it go on, the person withdraws, it is closed."""

from sqlalchemy.orm import Session

from app.base.access import Principal
from app.returns.actions.moving import Said, side_of
from app.returns.actions.writing import Moved, Turn, begin, is_stale, write
from app.returns.rules import ending, stages, way
from app.returns.rules.stages import CLOSE, RESUME, STOP, WITHDRAW
from app.returns.vocabulary import CLOSING_REASONS


def withdraw(session: Session, by: Principal, reference: str) -> Moved:
    """The request withdrawn, at once and without a reason, whatever anybody else does with it meanwhile.

    Withdrawn twice is withdrawn once. No version is asked for: nothing keeps a person from stopping.
    """
    turn = begin(session, by, reference)
    if turn is None:
        return None
    if ending.is_withdrawn(turn.standing):
        return turn.request
    refused = ending.refused_withdrawal(turn.standing)
    return turn.refused(refused) if refused else write(turn, WITHDRAW, {})


def stop(session: Session, by: Principal, reference: str, said: Said) -> Moved:
    """The request stopped by a sign that was seen, until a supervisor decides; the desk may always do this."""
    turn = begin(session, by, reference)
    if turn is None:
        return None
    refused = "stale" if is_stale(turn, said.version) else ending.refused_stop(turn.standing)
    return turn.refused(refused) if refused else write(turn, STOP, said.fields)


def resume(session: Session, by: Principal, reference: str, said: Said) -> Moved:
    """The request let go on by a supervisor, who says why."""
    turn = begin(session, by, reference)
    if turn is None:
        return None
    refused = _refused_resuming(turn, said.version)
    return turn.refused(refused) if refused else write(turn, RESUME, said.fields)


def _refused_resuming(turn: Turn, version: int | None) -> str:
    if turn.standing.is_closed:
        return "request_closed"
    if is_stale(turn, version):
        return "stale"
    return "" if turn.standing.is_stopped else "not_stopped"


def close(session: Session, by: Principal, reference: str, said: Said) -> Moved:
    """The request closed with a reason; what a person withdraws is a withdrawal, however it is sent."""
    reason = said.fields["reason"]
    if reason == ending.WITHDREW:
        return withdraw(session, by, reference)
    turn = begin(session, by, reference)
    if turn is None:
        return None
    refused = _refused_closing(turn, CLOSING_REASONS[reason].code, said.version)
    return turn.refused(refused) if refused else write(turn, CLOSE, {"reason": reason})


def _refused_closing(turn: Turn, reason: str, version: int | None) -> str:
    is_handed = stages.HANDED in turn.standing.recorded
    if side_of(turn.by) == way.DESK and (is_handed or turn.standing.is_closed):
        return "after_hand_over" if is_handed else "request_closed"
    if is_stale(turn, version):
        return "stale"
    return ending.refused_closing(turn.standing, reason)
