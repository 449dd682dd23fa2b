"""Totals of voluntary return, and which of its figures a reader may see (issue: figures; counting.md)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from app.codelists.shared_codelists import CHILDREN

EVENT_CODES = ("opened", "withdrawn", "handed_over")
DEPARTED, CHILDREN_ALONE = "departed_persons", "children_alone"
MEDIAN_DAYS = "median_days_consent_to_departure"
TOTALS = (*EVENT_CODES, DEPARTED)
SPLITS = ("sex", "age_band", "nationality", "transport_mode")
MINIMUM_COUNT = 11
"""Smaller counts are suppressed: only the country's own supervisor reads them."""
MINIMUM_RANGE = 5
"""The least distance between the most and the fewest that a suppressed count can be (counting.md, the gate)."""


@dataclass(frozen=True)
class Departure:
    """One request whose people departed in a month: they are [sex, age band, n]; days since the first consent."""

    persons: tuple[tuple[str, str, int], ...]
    nationality: str
    transport_mode: str
    is_child_alone: bool
    days: int


@dataclass(frozen=True)
class ReturnTotals:
    """All that a month's return figures of one place are computed from; `events` counts requests by EVENT_CODES.

    The methods without an argument are the formulas of `indicators.returns`.
    """

    events: Mapping[str, int] = field(default_factory=dict)
    departures: tuple[Departure, ...] = ()

    def opened(self) -> int:
        return self.events.get("opened", 0)

    def withdrawn(self) -> int:
        return self.events.get("withdrawn", 0)

    def handed_over(self) -> int:
        return self.events.get("handed_over", 0)

    def departed_persons(self) -> int:
        return sum(n for departure in self.departures for _, _, n in departure.persons)

    def children_alone(self) -> int:
        """Return those under 18 among the persons departed, in requests of a child alone."""
        alone = (departure for departure in self.departures if departure.is_child_alone)
        return sum(n for departure in alone for _, band, n in departure.persons if band in CHILDREN)

    def median_days(self) -> float | None:
        """Return the median of the days from first consent to departure; None if nobody departed."""
        days = [departure.days for departure in self.departures]
        return median(days) if days else None

    def total(self, code: str) -> int:
        """Return the total of one of TOTALS."""
        return self.departed_persons() if code == DEPARTED else self.events.get(code, 0)

    def departed_by_split(self) -> dict[str, dict[str, int]]:
        """Return the people who departed, by each of SPLITS."""
        counts = {split: Counter[str]() for split in SPLITS}
        for departure in self.departures:
            for sex, band, n in departure.persons:
                codes = (sex, band, departure.nationality, departure.transport_mode)
                for split, code in zip(SPLITS, codes, strict=True):
                    counts[split][code] += n
        return {split: dict(sorted(by_code.items())) for split, by_code in counts.items()}


@dataclass(frozen=True)
class FigureReader:
    """Who reads a place's figures: whether its country's own supervisor; whether it is one desk or the programme."""

    is_own: bool
    is_desk: bool = False
    is_programme: bool = False


def is_disclosable(n: int) -> bool:
    """Whether a count of people is zero, or large enough to be shown to others."""
    return n == 0 or n >= MINIMUM_COUNT


def visible_codes(
    reader: FigureReader, total: ReturnTotals, by_country: Mapping[str, ReturnTotals]
) -> frozenset[str]:
    """Return the codes of the figures and splits that a reader may see of a place.

    The place's own supervisor sees all, but never of one desk whether children travelled alone. Others see totals that
    are not small, and of the programme what does not disclose a country's small figure.
    """
    if reader.is_own:
        return _all_codes() - ({CHILDREN_ALONE} if reader.is_desk else set())
    if not reader.is_programme:
        return _with_median(total, {code for code in TOTALS if is_disclosable(total.total(code))})
    safe = {
        code
        for code in TOTALS
        if is_safe_sum([country.total(code) for country in by_country.values()])
    }
    return _with_median(total, safe) | (_programme_codes(total) if DEPARTED in safe else set())


def _all_codes() -> frozenset[str]:
    return frozenset({*TOTALS, *SPLITS, CHILDREN_ALONE, MEDIAN_DAYS})


def _with_median(total: ReturnTotals, codes: Iterable[str]) -> frozenset[str]:
    visible = frozenset(codes)
    has_median = DEPARTED in visible and len(total.departures) >= MINIMUM_COUNT
    return visible | {MEDIAN_DAYS} if has_median else visible


def _programme_codes(total: ReturnTotals) -> set[str]:
    """Return the codes of what adds up to the people who departed; visible only if they are."""
    splits = total.departed_by_split().items()
    codes = {split for split, counts in splits if all(map(is_disclosable, counts.values()))}
    return codes | ({CHILDREN_ALONE} if is_disclosable(total.children_alone()) else set())


def is_safe_sum(parts: Iterable[int]) -> bool:
    """Whether the sum of countries' figures discloses none that is suppressed: by subtraction, or nearly."""
    hidden = [n for n in parts if not is_disclosable(n)]
    others, rest = len(hidden) - 1, sum(hidden)
    if not hidden:
        return True
    fewest = max(1, rest - others * (MINIMUM_COUNT - 1))
    most = min(MINIMUM_COUNT - 1, rest - others)
    return rest >= MINIMUM_COUNT and most - fewest >= MINIMUM_RANGE
