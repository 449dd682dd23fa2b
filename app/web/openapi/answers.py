"""The bodies of answers: their base, and those of errors, which every address has."""

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """The body of an answer: its fields, no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorAnswer(Answer):
    """An error: one sentence in the language of the reader."""

    problem: str = Field(
        description="One sentence, in the language of the account or of Accept-Language."
    )


class DeviceErrorAnswer(ErrorAnswer):
    """An error of a tablet's credential; the tablet keeps its records and stops sending."""

    device: str = Field(description="`unknown`, `revoked` or `expired`.")


class FieldErrorAnswer(Answer):
    """An error of one field."""

    field: str = Field(description="Path of the field, `groups.0.persons.1.n`.")
    code: str = Field(description="Code of the error; it never changes.")
    message: str = Field(
        description="One sentence, in the language of the account or of Accept-Language."
    )


class FieldErrorsAnswer(Answer):
    """All errors of a body, at most 100."""

    problems: list[FieldErrorAnswer]


class NothingAnswer(Answer):
    """Done; there is nothing to say."""
