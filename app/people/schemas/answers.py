"""What programs get about visitor cards and the people who came."""

from pydantic import Field

from app.web.openapi.answers import Answer


class PersonCountAnswer(Answer):
    """People of one sex and age band."""

    sex: str
    age_band: str
    n: int


class CardCodesAnswer(Answer):
    """The codes of new cards; they are never shown again."""

    codes: list[str]


class LastGroupAnswer(Answer):
    """People who came with a card last."""

    nationality: str
    situation: str
    persons: list[PersonCountAnswer]


class CardLookupAnswer(Answer):
    """Who came with a card last, to confirm; no desk, no date, no topic."""

    before: str | None = Field(description="The answer to `repeat_contact` that follows, if any.")
    groups: list[LastGroupAnswer]
