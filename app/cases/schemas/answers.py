"""What programs get about the signed-in account."""

from app.places.schemas.answers import DeskAnswer
from app.web.openapi.answers import Answer


class OwnShelter(Answer):
    """A shelter of the account."""

    code: str
    name: str


class AccountAnswer(Answer):
    """The account, its role and its own scope; an account that sees the whole programme has no desks listed."""

    account: str
    role: str
    desks: list[DeskAnswer]
    shelters: list[OwnShelter]
    countries: list[str]
    locale: str
