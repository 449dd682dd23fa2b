"""What a consultation and its lines add to the aggregates that figures are read from, or subtract from them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from app.people.rules.reach import is_distinct, is_known_in_programme

DIMENSIONS = ("sex_age", "nationality", "situation", "main_topic", "topic_any")
ALL_OUTCOMES = ""
"""The outcome of the volume aggregates that hold every consultation."""
AggregateKey = tuple[Any, ...]


class VolumeSource(Protocol):
    """The attributes of a consultation that volume aggregates are computed from."""

    @property
    def desk_id(self) -> int: ...
    @property
    def country(self) -> str: ...
    @property
    def held_on(self) -> date: ...
    @property
    def outcomes(self) -> tuple[str, ...]: ...
    @property
    def is_tally(self) -> bool: ...
    @property
    def persons(self) -> int: ...
    @property
    def received_at(self) -> datetime: ...


@dataclass
class AggregateDelta:
    """Differences by aggregate; keys and values are in the order of the tables' columns.

    A value of `volumes` ends with the time of the last receipt.
    """

    reach: dict[AggregateKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0]))
    breakdowns: dict[AggregateKey, list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    volumes: dict[AggregateKey, list[Any]] = field(default_factory=dict)

    def add_line(self, line: Mapping[str, Any], factor: int) -> None:
        """Add (factor +1) or subtract (-1) the people of a row of person_line; skip a line that cannot count."""
        if line["is_void"] or not line["qualifying"]:
            return
        desk_month = DeskMonth(line["month"], line["country"], line["desk_id"])
        previous = PreviousMonths(
            line["previous_in_country"], line["previous_in_programme"], bool(line["is_known"])
        )
        self.add_people(desk_month, previous, factor * line["n"])
        for dimension, code in dimensions_of(line):
            self.add_breakdown(desk_month, previous, (dimension, code), factor * line["n"])

    def merge(self, other: "AggregateDelta") -> None:
        """Add the differences of another delta."""
        for key, (n,) in other.reach.items():
            self.reach[key][0] += n
        for key, (in_country, in_programme) in other.breakdowns.items():
            sums = self.breakdowns[key]
            sums[0] += in_country
            sums[1] += in_programme
        for key, (*counts, received_at) in other.volumes.items():
            self.add_day(key, counts, received_at)

    def add_people(self, desk_month: "DeskMonth", previous: "PreviousMonths", n: int) -> None:
        """Add n people with the same previous contacts."""
        self.reach[(*desk_month, *previous)][0] += n

    def add_breakdown(
        self, desk_month: "DeskMonth", previous: "PreviousMonths", code: tuple[str, str], n: int
    ) -> None:
        """Add n people to a pair of dimension and code, as far as they count in their month."""
        in_country, in_programme = counts_in_month(desk_month.month, previous)
        if in_country or in_programme:
            sums = self.breakdowns[(*desk_month, *code)]
            sums[0] += n if in_country else 0
            sums[1] += n if in_programme else 0

    def add_volume(self, consultation: VolumeSource, factor: int) -> None:
        """Add (factor +1) or subtract (-1) a consultation; the time of its receipt is never subtracted."""
        held_on = consultation.held_on
        month = held_on.year * 100 + held_on.month
        desk_month = DeskMonth(month, consultation.country, consultation.desk_id)
        counts = [factor, factor * consultation.is_tally, factor * consultation.persons]
        for outcome in (ALL_OUTCOMES, *consultation.outcomes):
            self.add_day((outcome, *desk_month, held_on), counts, consultation.received_at)

    def add_day(self, key: AggregateKey, counts: list[int], received_at: datetime) -> None:
        """Add counts of consultations, tallies and persons to one outcome and day."""
        sums = self.volumes.setdefault(key, [0, 0, 0, received_at])
        for index, count in enumerate(counts):
            sums[index] += count
        sums[3] = max(sums[3], received_at)


class DeskMonth(NamedTuple):
    """A month (yyyymm) at a desk of a country."""

    month: int
    country: str
    desk_id: int


class PreviousMonths(NamedTuple):
    """Previous contacts as person_line stores them."""

    in_country: int
    in_programme: int
    is_known: bool


def counts_in_month(month: int, previous: PreviousMonths) -> tuple[bool, bool]:
    """Whether people with these previous contacts count in a month: in the country's figure, in the programme's."""
    is_known = is_known_in_programme(previous.is_known, previous.in_programme)
    return (
        is_distinct(previous.is_known, month, previous.in_country, month, month),
        is_distinct(is_known, month, previous.in_programme, month, month),
    )


def dimensions_of(line: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the pairs of dimension and code that a line's people count in."""
    single_valued = [
        ("sex_age", f"{line['sex']}.{line['age_band']}"),
        ("nationality", line["nationality"]),
        ("situation", line["situation"]),
        ("main_topic", line["main_topic"]),
    ]
    return single_valued + [("topic_any", topic) for topic in line["topics"]]
