"""Calculate the figures of a history person by person, from the words of the counting rules alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

GIVES_SOMETHING = {
    "information_given", "material_given", "document_help",
    "appointment_booked", "referral_made", "return_request_opened",
}  # fmt: skip
SPLITS = ("sex", "age_band", "nationality", "situation", "main_topic", "desk", "country")
PROGRAMME = ""


@dataclass(frozen=True)
class ProfileCount:
    """`n` people of one profile with one answer to "first time?"."""

    nationality: str
    situation: str
    answer: str
    sex: str
    age_band: str
    n: int


@dataclass(frozen=True)
class Record:
    """A consultation as it stands at the end; `card` names the card behind all that replaced it."""

    id: UUID
    desk: str
    country: str
    held_on: date
    outcomes: tuple[str, ...]
    topics: tuple[str, ...] = ()
    main_topic: str = ""
    people: tuple[ProfileCount, ...] = ()
    voided: bool = False
    card: object = None

    @property
    def refused(self) -> bool:
        return self.outcomes == ("person_declined_record",)

    @property
    def counts_people(self) -> bool:
        return not self.voided and not GIVES_SOMETHING.isdisjoint(self.outcomes)

    @property
    def month(self) -> str:
        return self.held_on.strftime("%Y-%m")

    @property
    def sort_key(self) -> tuple[date, UUID]:
        """Return the sort key of the order of contacts."""
        return self.held_on, self.id


@dataclass(frozen=True)
class Contact:
    """`n` people of one profile in one record and the earlier records of the very same person."""

    record: Record
    profile: ProfileCount
    n: int
    earlier: tuple[Record, ...]

    def earlier_in(self, country: str) -> list[Record]:
        """Return the earlier records of the person in a country, or anywhere for the programme."""
        return [record for record in self.earlier if country in (PROGRAMME, record.country)]


RecordFilter = Callable[[Record], bool]
"""Whether a record belongs to a place."""


@dataclass(frozen=True)
class Place:
    """Whose figures are counted: which records, and in which country people may have come before."""

    includes: RecordFilter
    country: str = PROGRAMME


def programme() -> Place:
    """Return the place of everybody everywhere."""
    return Place(lambda record: True)


def country(code: str) -> Place:
    """Return the place of a country."""
    return Place(lambda record: record.country == code, code)


def desk(code: str, country: str) -> Place:
    """Return the place of one desk within its country."""
    return Place(lambda record: record.desk == code, country)


def figures(records: Iterable[Record], place: Place, month: str, start: int) -> dict[str, object]:
    """Return the figures of a place and month (`2026-03`) as `/counts.json` names them.

    `start` is the number of the month in which the reporting year begins.
    """
    every_record = list(records)
    began = first_of_year(month, start)
    live = [record for record in every_record if not record.voided and place.includes(record)]
    month_records = [record for record in live if record.month == month]
    year_records = [record for record in live if began <= record.month <= month]
    contacts = [each for each in iterate_contacts(every_record) if place.includes(each.record)]
    in_month = list(_distinct(contacts, place.country, month, month))
    in_year = list(_distinct(contacts, place.country, began, month))
    return {
        "consultations": len(month_records),
        "tallies": sum(record.refused for record in month_records),
        "persons_in_consultations": _count_persons(month_records),
        "reached": _reached(in_month, _count_unknown(contacts, place.country, month, month)),
        "new": sum(each.n for each in in_year if each.record.month == month),
        "year_to_date": {
            "from": began,
            "reached": _reached(in_year, _count_unknown(contacts, place.country, began, month)),
            "consultations": len(year_records),
            "persons_in_consultations": _count_persons(year_records),
        },
        "by": _split(in_month),
        "by_topic_any": _by_any_topic(in_month),
    }


def first_of_year(month: str, start: int) -> str:
    """Return the first month of the reporting year that contains a month."""
    year, number = map(int, month.split("-"))
    return f"{year if number >= start else year - 1}-{start:02d}"


def iterate_contacts(records: Iterable[Record]) -> Iterator[Contact]:
    """Yield everybody who counts, in the order of contacts: one by one if there is a card."""
    earlier_by_person: dict[object, list[Record]] = {}
    counting = (record for record in records if record.counts_people)
    for record in sorted(counting, key=lambda record: record.sort_key):
        if record.card is None:
            yield from (Contact(record, profile, profile.n, ()) for profile in record.people)
            continue
        for person, profile in _iterate_persons(record):
            earlier = earlier_by_person.setdefault(person, [])
            yield Contact(record, profile, 1, tuple(earlier))
            earlier.append(record)


def _iterate_persons(record: Record) -> Iterator[tuple[object, ProfileCount]]:
    """Yield every single person of a record with a card: the first, second, … of a profile, over all groups."""
    ordinals: Counter[tuple[str, str, str]] = Counter()
    for group in record.people:
        key = (group.sex, group.age_band, group.nationality)
        for _ in range(group.n):
            ordinals[key] += 1
            yield (record.card, *key, ordinals[key]), group


def _distinct(contacts: list[Contact], country: str, first: str, last: str) -> Iterator[Contact]:
    """Yield the contacts of a period that are the first in it, as far as card and answer show."""
    for contact in contacts:
        in_period = first <= contact.record.month <= last
        came_before = _came_in_period(contact, country, first) or _reports_visit_in_period(
            contact, first
        )
        if in_period and _is_known(contact, country) and not came_before:
            yield contact


def _is_known(contact: Contact, country: str) -> bool:
    return contact.profile.answer != "unknown" or bool(contact.earlier_in(country))


def _came_in_period(contact: Contact, country: str, first: str) -> bool:
    return any(record.month >= first for record in contact.earlier_in(country))


def _reports_visit_in_period(contact: Contact, first: str) -> bool:
    """Return whether the answer reports an earlier visit in this period."""
    if contact.profile.answer == "first_this_month":
        return contact.record.month > first
    return contact.profile.answer == "repeat_this_month"


def _count_unknown(contacts: list[Contact], country: str, first: str, last: str) -> int:
    return sum(
        contact.n
        for contact in contacts
        if first <= contact.record.month <= last and not _is_known(contact, country)
    )


def _reached(distinct: list[Contact], unknown: int) -> dict[str, int]:
    low = sum(contact.n for contact in distinct)
    return {"low": low, "high": low + unknown, "unknown": unknown}


def _count_persons(records: list[Record]) -> int:
    return sum(group.n for record in records for group in record.people)


def _split(distinct: list[Contact]) -> dict[str, dict[str, int]]:
    parts: dict[str, Counter[str]] = {name: Counter() for name in SPLITS}
    for contact in distinct:
        for name, counter in parts.items():
            holder = contact.profile if hasattr(contact.profile, name) else contact.record
            counter[getattr(holder, name)] += contact.n
    return {name: dict(counter) for name, counter in parts.items()}


def _by_any_topic(distinct: list[Contact]) -> dict[str, int]:
    by_topic: Counter[str] = Counter()
    for contact in distinct:
        for topic in contact.record.topics:
            by_topic[topic] += contact.n
    return dict(by_topic)
