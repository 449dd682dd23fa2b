"""What may be sent to whom: consent, children alone, consulates (issue; domain.md §2.10)."""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256

from app.composition import Persons, is_child_alone, number_in
from app.referrals.vocabulary import CHILD_AUTHORITY, CONSULATE, SHELTER

MOST_PEOPLE = 50
MOST_SHELTERS = 3


@dataclass(frozen=True)
class Content:
    """Everything that a referral says when it is sent."""

    id: str
    desk: str
    consultation: str
    shelters: tuple[str, ...]
    service: str
    bed_category: str
    priority: str
    persons: tuple[Persons, ...]
    flags: tuple[str, ...]
    language: str
    note: str
    consent: bool
    confirmed: bool
    after: str = ""

    @property
    def party(self) -> int:
        return number_in(self.persons)


@dataclass(frozen=True)
class Known:
    """What the consultation says that a referral comes from: nothing where there is none."""

    topics: frozenset[str] = frozenset()
    is_child_alone: bool = False


def wrong_answers(content: Content, known: Known) -> Iterator[tuple[str, str]]:
    """Pairs of a field and the code of a problem, for what may not be sent."""
    if not content.consent:
        yield "consent", "no_consent"
    if content.party > MOST_PEOPLE:
        yield "persons", "too_many_to_refer"
    yield from _wrong_receiver(content)
    yield from _wrong_way(content, known)


def _wrong_receiver(content: Content) -> Iterator[tuple[str, str]]:
    if content.service == SHELTER and not content.shelters:
        yield "shelters", "required"
    if content.service != SHELTER and (content.shelters or content.bed_category):
        yield "service", "shelter_or_service"


def _wrong_way(content: Content, known: Known) -> Iterator[tuple[str, str]]:
    if goes_to_child_authority(content.persons, content.flags, known):
        if content.service != CHILD_AUTHORITY:
            yield "service", "child_alone"
    elif (
        content.service == CONSULATE and asks_twice(known, content.flags) and not content.confirmed
    ):
        yield "confirmed", "consulate_after_asylum"


def goes_to_child_authority(
    persons: Collection[Persons], flags: Collection[str], known: Known
) -> bool:
    """Whether a child is alone: then there is one way only."""
    return "uasc" in flags or known.is_child_alone or is_child_alone(persons)


def asks_twice(known: Known, flags: Collection[str]) -> bool:
    """Whether a consulate could endanger: somebody who asked about asylum, or needs protection."""
    return "asylum" in known.topics or "protection_concern" in flags


def digest(content: Content) -> str:
    """SHA-256 of the canonical content, by which two arrivals of one id are compared."""
    said = asdict(content)
    said["shelters"] = sorted(content.shelters)
    said["flags"] = sorted(content.flags)
    said["persons"] = sorted([one.sex, one.age_band, one.n] for one in content.persons)
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
