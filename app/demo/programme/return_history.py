"""One return request of the demo: its rows as the actions of desk and supervisor would have written them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from app import clock
from app.demo.programme.beds import Row
from app.json_object import JsonObject
from app.month import Month
from app.places.queries import DeskRow
from app.returns.actions.append_step import request_columns
from app.returns.rules import stages, workflow
from app.returns.rules.gates import gate_broken_by_departure
from app.returns.rules.new_request import ReturnRequestData, content_digest, validate
from app.returns.rules.replay import apply_step
from app.returns.rules.request_state import RecordedStep, RequestState

DESK_STAFF, SUPERVISOR = "desk_staff", "supervisor"
TRANSITIONS = frozenset({stages.STOP, stages.RESUME, stages.WITHDRAW, stages.CLOSE})


@dataclass(frozen=True)
class DeskContext:
    """A desk, the account ids of its staff and of its country's supervisor, and the last moment of its simulation."""

    desk: DeskRow
    author: int
    supervisor: int
    until: datetime


@dataclass
class ReturnHistory:
    """A request, its state, and the steps recorded for it."""

    context: DeskContext
    row: Row
    state: RequestState
    steps: list[Row] = field(default_factory=list)

    @property
    def is_handed(self) -> bool:
        return stages.HANDED_OVER in self.state.recorded_actions

    def day(self, at: datetime) -> date:
        """Return the day of a moment at the desk."""
        return clock.day_at(at, self.context.desk.time_zone)

    def refusal(self, stage: str, at: datetime) -> str:
        """Return the reason why a stage may not be recorded; empty if it may."""
        return workflow.stage_refusal(self.state, stage, self.day(at))

    def record(self, action: str, payload: Row, at: datetime) -> bool:
        """Record an action unless it lies in the future; return whether it did not.

        Raises ValueError if the rules refuse it."""
        if at > self.context.until:
            return False
        role = self._role(action)
        self.state = self._after(action, payload, at, role)
        self._note(action, payload, at, role)
        if self.state.is_closed:
            self.row["closed_at"] = self.row["closed_at"] or at
        self.row |= {"version": self.row["version"] + 1, "last_step_at": at}
        self.steps[-1]["number"] = self.row["version"]
        return True

    def finish(self) -> Row:
        """Return the row after its steps."""
        return self.row | request_columns(
            self.state, self.row["closed_at"], self.row["last_step_at"]
        )

    def _role(self, action: str) -> str:
        if action in (stages.STOP, stages.WITHDRAW):
            return DESK_STAFF
        return SUPERVISOR if self.is_handed or action == stages.RESUME else DESK_STAFF

    def _after(self, action: str, payload: Row, at: datetime, role: str) -> RequestState:
        side = workflow.SUPERVISOR if role == SUPERVISOR else workflow.DESK
        refused = ""
        if action not in TRANSITIONS:
            refused = self.refusal(action, at) or workflow.actor_refusal(self.state, action, side)
        after = apply_step(self.state, RecordedStep(action, payload, self.day(at)))
        refused = (
            refused or gate_broken_by_departure(after) or workflow.misordered_day(after, action)
        )
        if refused:
            raise ValueError(f"the demo may not record {action}: {refused}")
        return after

    def _note(self, action: str, payload: Row, at: datetime, role: str) -> None:
        by = self.context.supervisor if role == SUPERVISOR else self.context.author
        recorder = {"account_id": by, "role": role}
        step = {"request_id": self.row["id"], "number": self.row["version"], "action": action}
        self.steps.append(
            step | {"answers": payload, "recorded_at": at, "recorded_on": self.day(at)} | recorder
        )


def new_request(
    context: DeskContext, content: ReturnRequestData, reference: str, at: datetime
) -> ReturnHistory:
    """Return the request that a desk opens; raise ValueError if the rules refuse it."""
    errors = list(validate(content))
    if errors:
        raise ValueError(f"the demo may not open: {errors[0][1]}")
    is_alone = content.is_child_alone
    state = RequestState(is_alone)
    history = ReturnHistory(context, _row(context, content, reference, at), state)
    payload: JsonObject = {"child_alone": is_alone}
    history.state = apply_step(state, RecordedStep(stages.ENQUIRY, payload, history.day(at)))
    history._note(stages.ENQUIRY, payload, at, DESK_STAFF)
    return history


def _row(context: DeskContext, content: ReturnRequestData, reference: str, at: datetime) -> Row:
    desk, copied = (
        context.desk,
        ("country_of_departure", "country_of_return", "nationality", "person_count"),
    )
    return {
        "id": UUID(content.id),
        "reference": reference,
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": context.author,
        "consultation_id": UUID(content.consultation) if content.consultation else None,
        **{name: getattr(content, name) for name in copied},
        "persons": [[count.sex, count.age_band, count.n] for count in content.persons],
        "content_digest": content_digest(content),
        "version": 1,
        "opened_at": at,
        "opened_month": int(Month.containing(clock.day_at(at, desk.time_zone))),
        "last_step_at": at,
        "closed_at": None,
    }
