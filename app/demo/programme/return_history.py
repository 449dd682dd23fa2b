"""One return request of the demo under way: its rows as the acts of desk and supervisor would have written them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app import clock
from app.demo.programme.beds import Row
from app.month import Month
from app.places.queries import DeskRow
from app.returns.actions.append_step import request_columns
from app.returns.rules import stages, workflow
from app.returns.rules.gates import gate_broken_by_departure
from app.returns.rules.new_request import ReturnRequestData, content_digest, validate
from app.returns.rules.replay import apply_step
from app.returns.rules.request_state import RequestState, RecordedStep

DESK_STAFF, SUPERVISOR = "desk_staff", "supervisor"
TURNS = frozenset({stages.STOP, stages.RESUME, stages.WITHDRAW, stages.CLOSE})


@dataclass(frozen=True)
class Office:
    """A desk, the accounts of who works there and who supervises its country, and the last moment told of it."""

    desk: DeskRow
    author: int
    supervisor: int
    until: datetime


@dataclass
class Asked:
    """A request, how it stands, and everything recorded of it."""

    office: Office
    row: Row
    standing: RequestState
    steps: list[Row] = field(default_factory=list)

    @property
    def is_handed(self) -> bool:
        return stages.HANDED_OVER in self.standing.recorded_actions

    def day(self, at: datetime) -> date:
        """The day of a moment at the desk."""
        return clock.day_at(at, self.office.desk.time_zone)

    def gate(self, stage: str, at: datetime) -> str:
        """What keeps a stage from being recorded; empty where nothing does."""
        return workflow.stage_refusal(self.standing, stage, self.day(at))

    def record(self, act: str, said: Row, at: datetime) -> bool:
        """Whether an act was recorded: nothing is that lies in the future. Raises ValueError for what may not be."""
        if at > self.office.until:
            return False
        role = self._role(act)
        self.standing = self._after(act, said, at, role)
        self._note(act, said, at, role)
        if self.standing.is_closed:
            self.row["closed_at"] = self.row["closed_at"] or at
        self.row |= {"version": self.row["version"] + 1, "moved_at": at}
        self.steps[-1]["number"] = self.row["version"]
        return True

    def finish(self) -> Row:
        """The row as its steps leave it."""
        return self.row | request_columns(self.standing, self.row["closed_at"], self.row["moved_at"])

    def _role(self, act: str) -> str:
        if act in (stages.STOP, stages.WITHDRAW):
            return DESK_STAFF
        return SUPERVISOR if self.is_handed or act == stages.RESUME else DESK_STAFF

    def _after(self, act: str, said: Row, at: datetime, role: str) -> RequestState:
        side = workflow.SUPERVISOR if role == SUPERVISOR else workflow.DESK
        refused = ""
        if act not in TURNS:
            refused = self.gate(act, at) or workflow.actor_refusal(self.standing, act, side)
        after = apply_step(self.standing, RecordedStep(act, said, self.day(at)))
        refused = refused or gate_broken_by_departure(after) or workflow.misordered_day(after, act)
        if refused:
            raise ValueError(f"the demo may not tell {act}: {refused}")
        return after

    def _note(self, act: str, said: Row, at: datetime, role: str) -> None:
        by = self.office.supervisor if role == SUPERVISOR else self.office.author
        said_by = {"account_id": by, "role": role}
        step = {"request_id": self.row["id"], "number": self.row["version"], "act": act}
        self.steps.append(step | {"said": said, "at": at, "day": self.day(at)} | said_by)


def new_request(office: Office, content: ReturnRequestData, reference: str, at: datetime) -> Asked:
    """What a desk opens. Raises ValueError for what may not be asked."""
    wrong = list(validate(content))
    if wrong:
        raise ValueError(f"the demo may not ask: {wrong[0][1]}")
    is_alone = content.is_child_alone
    standing = RequestState(is_alone)
    asked = Asked(office, _row(office, content, reference, at), standing)
    said: dict[str, Any] = {"child_alone": is_alone}
    asked.standing = apply_step(standing, RecordedStep(stages.ENQUIRY, said, asked.day(at)))
    asked._note(stages.ENQUIRY, said, at, DESK_STAFF)
    return asked


def _row(office: Office, content: ReturnRequestData, reference: str, at: datetime) -> Row:
    desk, plain = office.desk, ("country_of_departure", "country_of_return", "nationality", "party")
    return {
        "id": UUID(content.id),
        "reference": reference,
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": office.author,
        "consultation_id": UUID(content.consultation) if content.consultation else None,
        **{name: getattr(content, name) for name in plain},
        "persons": [[one.sex, one.age_band, one.n] for one in content.persons],
        "arrival_digest": content_digest(content),
        "version": 1,
        "opened_at": at,
        "opened_month": int(Month.containing(clock.day_at(at, desk.time_zone))),
        "moved_at": at,
        "closed_at": None,
    }
