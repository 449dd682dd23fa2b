"""What programs get about return requests."""

from typing import Literal

from pydantic import Field

from app.web.openapi.answers import Answer

REFERENCE = Field(description="The only name that the request has; with a check character.")


class ReturnIntakeAnswer(Answer):
    """A request as it was opened, or as it is now if it had arrived before."""

    reference: str = REFERENCE
    stage: str
    version: int
    id: str
    arrival: Literal["new", "same"]


class ReturnConflictAnswer(Answer):
    """Another request has this id, or the consultation has a request already: its reference."""

    problem: str
    reference: str | None
    message: str


class StepAnswer(Answer):
    """A request after a step."""

    reference: str = REFERENCE
    stage: str
    version: int


class StepRefusedAnswer(Answer):
    """A gate, the order of stages or a newer version does not allow the step."""

    stage: str
    problem: str = Field(description="Code of the gate.")
    version: int
    message: str


class StageAnswer(Answer):
    """A step that was recorded."""

    stage: str
    at: str
    by_role: str


class ReturnAnswer(Answer):
    """A request with its steps, without its people."""

    reference: str = REFERENCE
    stage: str
    version: int
    open_gates: list[str] = Field(description="What is missing before the next stage.")
    stages: list[StageAnswer]
    stops: list[StageAnswer]
    closing_reason: str | None
    consent_until: str | None
    text_version: str = Field(description="Version of the text that the person consents to.")
