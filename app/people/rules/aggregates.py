"""What a consultation and its lines add to the cells that figures are read from, and take from them again."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from app.people.rules.reach import is_distinct, is_known_in_programme

ADD, TAKE = 1, -1
DIMENSIONS = ("sex_age", "nationality", "situation", "main_topic", "topic_any")
ALL_OUTCOMES = ""
"""The outcome of the volume cells that hold every consultation."""
AggregateKey = tuple[Any, ...]


class VolumeSource(Protocol):
    """What volume cells must know of a consultation."""

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
    """Differences by cell; keys and sums are in the order of the tables' columns.

    A volume's sums end with the last receipt it has seen.
    """

    reach: dict[AggregateKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0]))
    breakdowns: dict[AggregateKey, list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )
    volumes: dict[AggregateKey, list[Any]] = field(default_factory=dict)

    def add_line(self, line: Mapping[str, Any], sign: int) -> None:
        """Adds or takes the people of a line (columns of person_line); one that cannot count adds nothing."""
        if line["is_void"] or not line["qualifying"]:
            return
        place = DeskMonth(line["month"], line["country"], line["desk_id"])
        past = PreviousMonths(
            line["previous_in_country"], line["previous_in_programme"], bool(line["known"])
        )
        self.add_people(place, past, sign * line["n"])
        for part, code in dimensions_of(line):
            self.add_breakdown(place, past, (part, code), sign * line["n"])

    def merge(self, other: "AggregateDelta") -> None:
        """Adds the differences of another."""
        for key, (n,) in other.reach.items():
            self.reach[key][0] += n
        for key, (here, programme) in other.breakdowns.items():
            sums = self.breakdowns[key]
            sums[0] += here
            sums[1] += programme
        for key, (*counted, received_at) in other.volumes.items():
            self.add_day(key, counted, received_at)

    def add_people(self, place: "DeskMonth", past: "PreviousMonths", n: int) -> None:
        """Adds n people with one past."""
        self.reach[(*place, *past)][0] += n

    def add_breakdown(
        self, place: "DeskMonth", past: "PreviousMonths", part: tuple[str, str], n: int
    ) -> None:
        """Adds n people to one part and code, as far as they count in their month."""
        here, programme = counts_in_month(place.month, past)
        if here or programme:
            sums = self.breakdowns[(*place, *part)]
            sums[0] += n if here else 0
            sums[1] += n if programme else 0

    def add_volume(self, some: VolumeSource, sign: int) -> None:
        """Adds or takes a consultation; being received is never taken back."""
        month = some.held_on.year * 100 + some.held_on.month
        place = DeskMonth(month, some.country, some.desk_id)
        counted = [sign, sign * some.is_tally, sign * some.persons]
        for outcome in (ALL_OUTCOMES, *some.outcomes):
            self.add_day((outcome, *place, some.held_on), counted, some.received_at)

    def add_day(self, key: AggregateKey, counted: list[int], received_at: datetime) -> None:
        """Adds consultations, tallies and persons to one outcome and day."""
        sums = self.volumes.setdefault(key, [0, 0, 0, received_at])
        for n, some in enumerate(counted):
            sums[n] += some
        sums[3] = max(sums[3], received_at)


class DeskMonth(NamedTuple):
    """A month (yyyymm) at a desk of a country."""

    month: int
    country: str
    desk_id: int


class PreviousMonths(NamedTuple):
    """Previous contacts as person_line keeps them."""

    in_country: int
    in_programme: int
    is_known: bool


def counts_in_month(month: int, past: PreviousMonths) -> tuple[bool, bool]:
    """Whether people with a past count in their month: in the country's figure, in the programme's."""
    everywhere = is_known_in_programme(past.is_known, past.in_programme)
    return (
        is_distinct(past.is_known, month, past.in_country, month, month),
        is_distinct(everywhere, month, past.in_programme, month, month),
    )


def dimensions_of(line: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parts that a line's people stand in: pairs of part and code."""
    one_each = [
        ("sex_age", f"{line['sex']}.{line['age_band']}"),
        ("nationality", line["nationality"]),
        ("situation", line["situation"]),
        ("main_topic", line["main_topic"]),
    ]
    return one_each + [("topic_any", topic) for topic in line["topics"]]
