"""What programs get about consultations."""

from typing import Literal

from pydantic import Field

from app.people.schemas.answers import PersonCountAnswer
from app.web.openapi.answers import Answer


class RecordedAnswer(Answer):
    """A consultation as it was recorded, or as it is now if the same had arrived before."""

    id: str
    arrival: Literal["new", "same"]
    version: int


class DifferentAnswer(Answer):
    """Another consultation has this id; nothing of it is shown or changed."""

    id: str
    arrival: Literal["different"]


class ChangedAnswer(Answer):
    """A consultation after a correction or voiding."""

    id: str
    version: int


class GroupAnswer(Answer):
    """People of one nationality and situation."""

    nationality: str
    situation: str
    repeat_contact: str
    persons: list[PersonCountAnswer]


class ContentAnswer(Answer):
    """The content of a consultation; a refusal to be recorded has its id, desk, day and outcome only."""

    id: str
    desk: str
    held_on: str
    outcomes: list[str]
    channel: str = ""
    modality: str = ""
    travel_group: str = ""
    language: str = ""
    card: Literal["attached"] | None = Field(None, description="A card's code is stored nowhere.")
    groups: list[GroupAnswer] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)
    main_topic: str = ""
    flags: list[str] = Field(default_factory=list)


class VersionAnswer(Answer):
    """One version of a consultation."""

    version: int
    state: str
    reason: str | None
    by: str = Field(description="The user name.")
    at: str
    content: ContentAnswer


class ConsultationAnswer(ContentAnswer):
    """A consultation with all its versions, the oldest first."""

    version: int
    state: Literal["live", "void"]
    trail: list[VersionAnswer]


class StatedContentAnswer(ContentAnswer):
    """One side of a conflict."""

    state: Literal["live", "void"]


class VoidedSideAnswer(Answer):
    """The side of a conflict that voids the consultation."""

    state: Literal["void"]


class VersionConflictAnswer(Answer):
    """The consultation has a newer version: the one sent and the one stored, to decide between them."""

    version: int
    yours: StatedContentAnswer | VoidedSideAnswer
    theirs: StatedContentAnswer
