"""Records a stage of a request, or corrects one: gates, turn and version are checked under one lock."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.field_errors import FieldError
from app.returns.actions.append_step import Moved, Turn, begin, is_stale, write
from app.returns.rules import workflow
from app.returns.rules.available_actions import refused_act
from app.returns.rules.gates import refused_departure
from app.returns.rules.stages import ARRANGED, ARRIVED, DEPARTED
from app.web.access import Principal


@dataclass(frozen=True)
class Said:
    """What goes with a stage: its fields as they were read, and the version that was seen."""

    fields: dict[str, Any]
    version: int | None = None


def side_of(by: Principal) -> str:
    """Which part of the way an account records: the desk's, or the supervisor's."""
    return workflow.SUPERVISOR if by.may("decide_returns") else workflow.DESK


def record(session: Session, by: Principal, reference: str, stage: str, said: Said) -> Moved:
    """The request with one more stage; a stage that is recorded once more renews or corrects it."""
    turn = begin(session, by, reference)
    if turn is None:
        return None
    refused = _refused(turn, stage, said.version)
    if refused:
        return turn.refused(refused)
    fields = _filled(turn, stage, said.fields)
    problems = _wrong_days(turn, stage, fields) or _wrong_people(turn, fields)
    if problems:
        return problems
    after = turn.after(stage, fields)
    broken = refused_departure(after)
    if broken:
        return turn.refused(broken)
    early = workflow.wrong_day(after, stage)
    return [FieldError(early, "not_before")] if early else write(turn, stage, fields)


def refuse_unread(
    session: Session, by: Principal, reference: str, act: str, problems: list[FieldError]
) -> Moved:
    """What keeps a step or turn; where nothing does, what could not be read of it. Nothing is written."""
    turn = begin(session, by, reference)
    if turn is None:
        return None
    refused = refused_act(turn.standing, act, side_of(by), turn.today)
    return turn.refused(refused) if refused else problems


def _refused(turn: Turn, stage: str, version: int | None) -> str:
    if is_stale(turn, version):
        return "request_closed" if turn.standing.closing_reason == "withdrew" else "stale"
    by_turn = workflow.refused_turn(turn.standing, stage, side_of(turn.by))
    return by_turn or workflow.refused(turn.standing, stage, turn.today)


def _filled(turn: Turn, stage: str, fields: dict[str, Any]) -> dict[str, Any]:
    """What was left open is as usual: today, and everybody who asked."""
    usual: dict[str, Any] = {}
    if stage == DEPARTED:
        before = turn.standing
        usual["departed_on"] = (before.departed_on or turn.today).isoformat()
        usual["persons"] = [list(one) for one in before.departed] or turn.request.persons
    if stage == ARRIVED:
        usual["arrived_on"] = (turn.standing.arrived_on or turn.today).isoformat()
    return {**usual, **{name: value for name, value in fields.items() if value is not None}}


def _wrong_days(turn: Turn, stage: str, fields: dict[str, Any]) -> list[FieldError]:
    past = {DEPARTED: "departed_on", ARRIVED: "arrived_on", ARRANGED: "reconfirmed_on"}.get(stage)
    said = fields.get(past) if past else None
    if said and date.fromisoformat(said) > turn.today:
        return [FieldError(str(past), "in_future")]
    return []


def _wrong_people(turn: Turn, fields: dict[str, Any]) -> list[FieldError]:
    """Who departs is among those who asked."""
    asked = Counter({(sex, band): n for sex, band, n in turn.request.persons})
    going = Counter({(sex, band): n for sex, band, n in fields.get("persons", [])})
    return [FieldError("persons", "only_who_asked")] if going - asked else []
