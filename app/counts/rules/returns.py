"""What figures of voluntary return are made of, and which of them a reader may see (issue: figures; counting.md)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from app.codelists.shared_codelists import CHILDREN

COUNTED = ("opened", "withdrawn", "handed_over")
DEPARTED, CHILDREN_ALONE = "departed_persons", "children_alone"
MEDIAN_DAYS = "median_days_consent_to_departure"
TOTALS = (*COUNTED, DEPARTED)
SPLITS = ("sex", "age_band", "nationality", "transport_mode")
FEWEST = 11
"""Fewer than these are small: only the country's own supervisor reads them."""
NARROWEST = 5
"""By so much at least the most and the fewest that a hidden figure can be lie apart (counting.md, the gate)."""


@dataclass(frozen=True)
class Departure:
    """One request whose people departed in a month: they are [sex, age band, n]; days since the first consent."""

    persons: tuple[tuple[str, str, int], ...]
    nationality: str
    transport_mode: str
    is_child_alone: bool
    days: int


@dataclass(frozen=True)
class Returned:
    """All that a month's figures of one place are reckoned from; `happened` counts requests by what befell them."""

    happened: Mapping[str, int] = field(default_factory=dict)
    departures: tuple[Departure, ...] = ()

    @property
    def persons(self) -> int:
        """People who departed."""
        return sum(n for one in self.departures for _, _, n in one.persons)

    @property
    def children_alone(self) -> int:
        """Those under 18 among them, in requests of a child alone."""
        alone = (one for one in self.departures if one.is_child_alone)
        return sum(n for one in alone for _, band, n in one.persons if band in CHILDREN)

    @property
    def days(self) -> list[int]:
        """How long each request that departed took from its first consent."""
        return [one.days for one in self.departures]

    @property
    def median_days(self) -> float | None:
        """The middle one of them; None where nobody departed."""
        return median(self.days) if self.departures else None

    def total(self, code: str) -> int:
        """One of TOTALS."""
        return self.persons if code == DEPARTED else self.happened.get(code, 0)

    def split(self) -> dict[str, dict[str, int]]:
        """The people who departed, by each of SPLITS."""
        found = {name: Counter[str]() for name in SPLITS}
        for one in self.departures:
            for sex, band, n in one.persons:
                cells = (sex, band, one.nationality, one.transport_mode)
                for name, cell in zip(SPLITS, cells, strict=True):
                    found[name][cell] += n
        return {name: dict(sorted(cells.items())) for name, cells in found.items()}


@dataclass(frozen=True)
class Reader:
    """How a reader looks at a place: as its country's own supervisor, and whether it is one desk or the programme."""

    is_own: bool
    is_desk: bool = False
    is_programme: bool = False


def is_plain(n: int) -> bool:
    """Whether a figure of people is nobody, or many enough to be shown to others."""
    return n == 0 or n >= FEWEST


def shown_to(reader: Reader, whole: Returned, by_country: Mapping[str, Returned]) -> frozenset[str]:
    """The codes of figures and splits that a reader may see of a place.

    The place's own supervisor sees all, but never of one desk whether children travelled alone. Others see totals that
    are not small, and of the programme what does not give a country's small figure away.
    """
    if reader.is_own:
        return _everything() - ({CHILDREN_ALONE} if reader.is_desk else set())
    if not reader.is_programme:
        return _shown_beside(whole, {code for code in TOTALS if is_plain(whole.total(code))})
    safe = {
        code for code in TOTALS if is_safe_sum([one.total(code) for one in by_country.values()])
    }
    return _shown_beside(whole, safe) | (_of_programme(whole) if DEPARTED in safe else set())


def _everything() -> frozenset[str]:
    return frozenset({*TOTALS, *SPLITS, CHILDREN_ALONE, MEDIAN_DAYS})


def _shown_beside(whole: Returned, totals: Iterable[str]) -> frozenset[str]:
    shown = frozenset(totals)
    has_median = DEPARTED in shown and len(whole.days) >= FEWEST
    return shown | {MEDIAN_DAYS} if has_median else shown


def _of_programme(whole: Returned) -> set[str]:
    """What adds up to the people who departed is shown only where they are."""
    found = {name for name, cells in whole.split().items() if all(map(is_plain, cells.values()))}
    return found | ({CHILDREN_ALONE} if is_plain(whole.children_alone) else set())


def is_safe_sum(parts: Iterable[int]) -> bool:
    """Whether the sum of countries' figures tells none that is hidden: by subtraction, or nearly."""
    hidden = [n for n in parts if not is_plain(n)]
    others, rest = len(hidden) - 1, sum(hidden)
    if not hidden:
        return True
    fewest = max(1, rest - others * (FEWEST - 1))
    most = min(FEWEST - 1, rest - others)
    return rest >= FEWEST and most - fewest >= NARROWEST
