"""The data of a new return request, and its validation."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256

from app.composition import PersonCount, count_persons, is_child_alone

MAX_PERSONS = 99


@dataclass(frozen=True)
class ReturnRequestData:
    """Everything that a request states when it is opened.

    `id` and `consultation` are UUIDs as text (`consultation` empty if it stands alone), `desk` is a desk's code.
    """

    # The names of these fields are part of the stored digest: see content_digest.
    id: str
    desk: str
    consultation: str
    country_of_departure: str
    country_of_return: str
    nationality: str
    persons: tuple[PersonCount, ...]
    child_alone: bool

    @property
    def person_count(self) -> int:
        """The number of people who travel together."""
        return count_persons(self.persons)

    @property
    def is_child_alone(self) -> bool:
        """Whether a child is alone: stated, or because nobody in the group is an adult."""
        return self.child_alone or is_child_alone(self.persons)


@dataclass(frozen=True)
class ParsedReturnRequest:
    """A submitted request, with its errors: pairs of a field's path and a code; what cannot be read is blank."""

    data: ReturnRequestData
    errors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ReturnOrigin:
    """What the consultation of a request states about its people; the defaults if there is no consultation."""

    is_child_alone: bool = False


def validate(request: ReturnRequestData) -> Iterator[tuple[str, str]]:
    """Yield pairs of a field and an error code for everything that is not allowed."""
    if request.person_count > MAX_PERSONS:
        yield "persons", "too_many_to_travel"
    if request.country_of_departure and request.country_of_departure == request.country_of_return:
        yield "country_of_return", "same_country"


def content_digest(request: ReturnRequestData) -> str:
    """Return the SHA-256 of the canonical content, by which two arrivals of one id are compared."""
    content = asdict(request)
    content["persons"] = sorted([group.sex, group.age_band, group.n] for group in request.persons)
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
