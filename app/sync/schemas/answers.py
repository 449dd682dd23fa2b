"""What tablets get."""

from typing import Literal

from pydantic import Field, RootModel

from app.places.schemas.answers import DeskAnswer
from app.web.openapi.answers import Answer, DeviceErrorAnswer, ErrorAnswer


class PublicKey(Answer):
    """A key that tablets encrypt to: a point of P-256, base64url."""

    id: str
    public: str


class TabletLists(Answer):
    """The code lists of the tablet's desk; `version` changes with any of their content."""

    version: str
    desk: DeskAnswer
    nationalities: list[str]
    topics: list[str]
    languages: list[str]
    last_day: str


class EnrolmentAnswer(Answer):
    """An enrolled tablet; the credential is never shown again."""

    device: str
    credential: str
    desk: str
    keys: list[PublicKey]
    lists: TabletLists


class EnvelopeAnswer(Answer):
    """The result of one envelope."""

    id: str
    result: Literal["created", "duplicate", "conflict", "quarantined"]
    receipt: str = Field(description="SHA-256 of the sealed bytes received, in hexadecimal digits.")


class EnvelopesAnswer(Answer):
    """The results of a batch, in its order."""

    results: list[EnvelopeAnswer]


class ColleagueAnswer(Answer):
    """A colleague who may take the tablet over with a PIN, as the tablet checks it without a network."""

    account: str
    salt: str | None
    check: int | None = Field(description="Ten bits of the PIN's hash; null without a PIN.")


class ContactAnswer(Answer):
    """What a tablet must know: its desk, keys, lists, colleagues, the time, and what of it waits for a decision."""

    desk: str
    keys: list[PublicKey]
    lists: TabletLists
    now: str
    people: list[ColleagueAnswer]
    to_mend: int = Field(description="Records of this tablet in quarantine.")


class WrongPinAnswer(ErrorAnswer):
    """The PIN is wrong; how many tries are left."""

    left: int


class TakeOverRefusedAnswer(RootModel[WrongPinAnswer | DeviceErrorAnswer]):
    """The PIN is wrong, or the tablet's credential is."""


class NewDeviceAnswer(Answer):
    """A new tablet and its enrolment code, which is never shown again."""

    device: str
    code: str
    expires_at: str
