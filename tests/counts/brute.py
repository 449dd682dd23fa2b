"""Counts a history by hand, from the words of the counting rules alone, record by record."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

GIVES_SOMETHING = {
    "information_given", "material_given", "document_help",
    "appointment_booked", "referral_made", "return_request_opened",
}  # fmt: skip


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
    """A consultation as it stands at the end."""

    desk: str
    country: str
    held_on: date
    outcomes: tuple[str, ...]
    topics: tuple[str, ...] = ()
    main_topic: str = ""
    people: tuple[Some, ...] = ()
    voided: bool = False

    @property
    def refused(self) -> bool:
        return self.outcomes == ("person_declined_record",)


def figures(records: Iterable[Record], month: str, year_start: int) -> dict[str, object]:
    """The figures of a month (`2026-03`) as `/counts.json` names them, of one place's records."""
    first = _first_of_year(month, year_start)
    live = [record for record in records if not record.voided]
    here = [record for record in live if _month(record) == month]
    year = [record for record in live if first <= _month(record) <= month]
    return {
        "consultations": len(here),
        "tallies": sum(record.refused for record in here),
        "persons_in_consultations": _present(here),
        "reached": _reached(here, {"first_this_year", "first_this_month"}),
        "new": _people(here, {"first_this_year"}),
        "year_to_date": {
            "from": first,
            "reached": _reached(year, {"first_this_year"}),
            "consultations": len(year),
            "persons_in_consultations": _present(year),
        },
        "by": _split(here),
        "by_topic_any": _by_any_topic(here),
    }


def _month(record: Record) -> str:
    return record.held_on.strftime("%Y-%m")


def _first_of_year(month: str, year_start: int) -> str:
    year, number = map(int, month.split("-"))
    return f"{year if number >= year_start else year - 1}-{year_start:02d}"


def _present(records: list[Record]) -> int:
    return sum(some.n for record in records for some in record.people)


def _gave_something(record: Record) -> bool:
    return any(outcome in GIVES_SOMETHING for outcome in record.outcomes)


def _people(records: list[Record], answers: set[str]) -> int:
    return sum(
        some.n
        for record in records
        if _gave_something(record)
        for some in record.people
        if some.answer in answers
    )


def _reached(records: list[Record], answers: set[str]) -> dict[str, int]:
    low, unknown = _people(records, answers), _people(records, {"unknown"})
    return {"low": low, "high": low + unknown, "unknown": unknown}


def _counting(records: list[Record]) -> list[tuple[Record, Some]]:
    return [
        (record, some)
        for record in records
        if _gave_something(record)
        for some in record.people
        if some.answer in ("first_this_year", "first_this_month")
    ]


def _split(records: list[Record]) -> dict[str, dict[str, int]]:
    parts: dict[str, Counter[str]] = {
        name: Counter()
        for name in ("sex", "age_band", "nationality", "situation", "main_topic", "desk", "country")
    }
    for record, some in _counting(records):
        for name, counter in parts.items():
            holder = some if hasattr(some, name) else record
            counter[getattr(holder, name)] += some.n
    return {name: dict(counter) for name, counter in parts.items()}


def _by_any_topic(records: list[Record]) -> dict[str, int]:
    named: Counter[str] = Counter()
    for record, some in _counting(records):
        for topic in record.topics:
            named[topic] += some.n
    return dict(named)
