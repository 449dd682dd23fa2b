"""Counts a history by hand, from the words of the counting rules alone, person by person."""

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
class Some:
    """`n` people of one profile who gave one answer to "first time?"."""

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
    people: tuple[Some, ...] = ()
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
    def place(self) -> tuple[date, UUID]:
        """Where it stands in the order of contacts."""
        return self.held_on, self.id


@dataclass(frozen=True)
class Presence:
    """`n` people of one profile in one record and the earlier records of the very same person."""

    record: Record
    some: Some
    n: int
    earlier: tuple[Record, ...]

    def saw(self, country: str) -> list[Record]:
        """The earlier records of the person in a country, or anywhere for the programme."""
        return [one for one in self.earlier if country in (PROGRAMME, one.country)]


Here = Callable[[Record], bool]
"""Whether a record belongs to the place that is looked at."""


@dataclass(frozen=True)
class Place:
    """Whose figures are counted: which records, and in which country people may have come before."""

    holds: Here
    country: str = PROGRAMME


def programme() -> Place:
    """Everybody everywhere."""
    return Place(lambda record: True)


def country(code: str) -> Place:
    """A country."""
    return Place(lambda record: record.country == code, code)


def desk(code: str, of: str) -> Place:
    """The part of a country's figures that one desk has."""
    return Place(lambda record: record.desk == code, of)


def figures(records: Iterable[Record], place: Place, month: str, start: int) -> dict[str, object]:
    """The figures of a place and month (`2026-03`) as `/counts.json` names them.

    `start` is the number of the month in which the reporting year begins.
    """
    all_of_them = list(records)
    began = first_of_year(month, start)
    live = [one for one in all_of_them if not one.voided and place.holds(one)]
    here = [one for one in live if one.month == month]
    year = [one for one in live if began <= one.month <= month]
    met = [one for one in presences(all_of_them) if place.holds(one.record)]
    in_month = list(_distinct(met, place.country, month, month))
    in_year = list(_distinct(met, place.country, began, month))
    return {
        "consultations": len(here),
        "tallies": sum(one.refused for one in here),
        "persons_in_consultations": _present(here),
        "reached": _reached(in_month, _nobody_knows(met, place.country, month, month)),
        "new": sum(one.n for one in in_year if one.record.month == month),
        "year_to_date": {
            "from": began,
            "reached": _reached(in_year, _nobody_knows(met, place.country, began, month)),
            "consultations": len(year),
            "persons_in_consultations": _present(year),
        },
        "by": _split(in_month),
        "by_topic_any": _by_any_topic(in_month),
    }


def first_of_year(month: str, start: int) -> str:
    """The first month of the reporting year that a month lies in."""
    year, number = map(int, month.split("-"))
    return f"{year if number >= start else year - 1}-{start:02d}"


def presences(records: Iterable[Record]) -> Iterator[Presence]:
    """Everybody who counts, in the order of contacts: one by one where there is a card."""
    came: dict[object, list[Record]] = {}
    for record in sorted((r for r in records if r.counts_people), key=lambda r: r.place):
        if record.card is None:
            yield from (Presence(record, some, some.n, ()) for some in record.people)
            continue
        for person, some in _persons(record):
            before = came.setdefault(person, [])
            yield Presence(record, some, 1, tuple(before))
            before.append(record)


def _persons(record: Record) -> Iterator[tuple[object, Some]]:
    """Every single person of a record with a card: the first, second, … of a profile, over all groups."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for some in record.people:
        profile = (some.sex, some.age_band, some.nationality)
        for _ in range(some.n):
            counted[profile] += 1
            yield (record.card, *profile, counted[profile]), some


def _distinct(met: list[Presence], country: str, first: str, last: str) -> Iterator[Presence]:
    """Those of a period who are seen in it for the first time, as far as card and answer tell."""
    for one in met:
        in_period = first <= one.record.month <= last
        came_before = _seen_in_period(one, country, first) or _said_in_period(one, first)
        if in_period and _knows(one, country) and not came_before:
            yield one


def _knows(one: Presence, country: str) -> bool:
    return one.some.answer != "unknown" or bool(one.saw(country))


def _seen_in_period(one: Presence, country: str, first: str) -> bool:
    return any(before.month >= first for before in one.saw(country))


def _said_in_period(one: Presence, first: str) -> bool:
    """Whether the person says: I came earlier in this period."""
    if one.some.answer == "first_this_month":
        return one.record.month > first
    return one.some.answer == "repeat_this_month"


def _nobody_knows(met: list[Presence], country: str, first: str, last: str) -> int:
    return sum(
        one.n for one in met if first <= one.record.month <= last and not _knows(one, country)
    )


def _reached(distinct: list[Presence], unknown: int) -> dict[str, int]:
    low = sum(one.n for one in distinct)
    return {"low": low, "high": low + unknown, "unknown": unknown}


def _present(records: list[Record]) -> int:
    return sum(some.n for record in records for some in record.people)


def _split(distinct: list[Presence]) -> dict[str, dict[str, int]]:
    parts: dict[str, Counter[str]] = {name: Counter() for name in SPLITS}
    for one in distinct:
        for name, counter in parts.items():
            holder = one.some if hasattr(one.some, name) else one.record
            counter[getattr(holder, name)] += one.n
    return {name: dict(counter) for name, counter in parts.items()}


def _by_any_topic(distinct: list[Presence]) -> dict[str, int]:
    named: Counter[str] = Counter()
    for one in distinct:
        for topic in one.record.topics:
            named[topic] += one.n
    return dict(named)
