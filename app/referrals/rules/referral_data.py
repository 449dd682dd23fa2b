"""What may be sent to which receiver: consent, children alone, consulates (issue; domain.md §2.10)."""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256

from app.composition import PersonCount, count_persons, is_child_alone
from app.referrals.vocabulary import CHILD_AUTHORITY, CONSULATE, SHELTER

MAX_PEOPLE = 50
MAX_SHELTERS = 3


@dataclass(frozen=True)
class ReferralData:
    """The content of a referral when it is sent.

    `consultation` and `after` are the ids of the consultation and the referral that it follows, empty if there is none.
    """

    # Stored digests are made of these field names: renaming one makes every stored referral "different".
    id: str
    desk: str
    consultation: str
    shelters: tuple[str, ...]
    service: str
    bed_category: str
    priority: str
    persons: tuple[PersonCount, ...]
    flags: tuple[str, ...]
    language: str
    note: str
    consent: bool
    confirmed: bool
    after: str = ""

    @property
    def person_count(self) -> int:
        """The number of people."""
        return count_persons(self.persons)


@dataclass(frozen=True)
class ReferralOrigin:
    """What the rules need of the consultation that a referral comes from; empty if it comes from none."""

    topics: frozenset[str] = frozenset()
    is_child_alone: bool = False


def validate(data: ReferralData, origin: ReferralOrigin) -> Iterator[tuple[str, str]]:
    """Yield a pair of field and error code for everything that may not be sent."""
    if not data.consent:
        yield "consent", "no_consent"
    if data.person_count > MAX_PEOPLE:
        yield "persons", "too_many_to_refer"
    yield from _validate_receiver(data)
    yield from _validate_protection(data, origin)


def _validate_receiver(data: ReferralData) -> Iterator[tuple[str, str]]:
    if data.service == SHELTER and not data.shelters:
        yield "shelters", "required"
    if data.service != SHELTER and (data.shelters or data.bed_category):
        yield "service", "shelter_or_service"


def _validate_protection(data: ReferralData, origin: ReferralOrigin) -> Iterator[tuple[str, str]]:
    if must_go_to_child_authority(data.persons, data.flags, origin):
        if data.service != CHILD_AUTHORITY:
            yield "service", "child_alone"
    elif (
        data.service == CONSULATE
        and needs_consulate_confirmation(origin, data.flags)
        and not data.confirmed
    ):
        yield "confirmed", "consulate_after_asylum"


def must_go_to_child_authority(
    persons: Collection[PersonCount], flags: Collection[str], origin: ReferralOrigin
) -> bool:
    """Whether a child is alone: then the child-protection authority is the only receiver."""
    return "uasc" in flags or origin.is_child_alone or is_child_alone(persons)


def needs_consulate_confirmation(origin: ReferralOrigin, flags: Collection[str]) -> bool:
    """Whether a consulate could endanger the group: it asked about asylum, or needs protection."""
    return "asylum" in origin.topics or "protection_concern" in flags


def content_digest(data: ReferralData) -> str:
    """Return the SHA-256 of the canonical content, by which two records with one id are compared."""
    content = asdict(data)
    content["shelters"] = sorted(data.shelters)
    content["flags"] = sorted(data.flags)
    content["persons"] = sorted([count.sex, count.age_band, count.n] for count in data.persons)
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
