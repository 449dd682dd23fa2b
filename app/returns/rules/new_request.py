"""What a new request says, and what may be asked for."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256

from app.composition import PersonCount, is_child_alone, count_persons

MOST_PEOPLE = 99


@dataclass(frozen=True)
class Content:
    """Everything that a request says when it is opened."""

    id: str
    desk: str
    consultation: str
    country_of_departure: str
    country_of_return: str
    nationality: str
    persons: tuple[PersonCount, ...]
    child_alone: bool

    @property
    def party(self) -> int:
        return count_persons(self.persons)

    @property
    def is_child_alone(self) -> bool:
        """Whether a child is alone: said, or because nobody in the group is an adult."""
        return self.child_alone or is_child_alone(self.persons)


@dataclass(frozen=True)
class Known:
    """What the consultation says that a request comes from: nothing where there is none."""

    is_child_alone: bool = False


def wrong_answers(content: Content) -> Iterator[tuple[str, str]]:
    """Pairs of a field and the code of a problem, for what may not be asked for."""
    if content.party > MOST_PEOPLE:
        yield "persons", "too_many_to_travel"
    if content.country_of_departure and content.country_of_departure == content.country_of_return:
        yield "country_of_return", "same_country"


def digest(content: Content) -> str:
    """SHA-256 of the canonical content, by which two arrivals of one id are compared."""
    said = asdict(content)
    said["persons"] = sorted([one.sex, one.age_band, one.n] for one in content.persons)
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
