"""Coordinates of the parts of a chart; colours and texts come from the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from app.codelists.shared_codelists import STATED_AGE_BANDS
from app.counts.queries.tables import PlaceLine
from app.month import Month
from app.places.vocabulary import programme

SIDE, MIDDLE, STEP, TOP = 150, 60, 32, 28
WIDTH, HEIGHT, LEFT, RIGHT, UPPER, LOWER = 360, 196, 66, 26, 26, 30
COLUMN, LABEL_EVERY = 16, 3


@dataclass(frozen=True)
class AgeBandBars:
    """One age band of the pyramid: vertical position, people on both sides and widths of their bars."""

    code: str
    y: int
    women: int
    men: int
    women_width: float
    men_width: float


@dataclass(frozen=True)
class Pyramid:
    """Women to the left, men to the right of a column of age bands, the oldest on top."""

    width: int
    height: int
    side: int
    middle: int
    bands: tuple[AgeBandBars, ...]
    rest: int


def pyramid(crossed: dict[tuple[str, str], int]) -> Pyramid:
    """Return the pyramid of people by sex and age band; `rest` are of another or no stated sex or age."""
    women = {age: crossed.get(("female", age), 0) for age in STATED_AGE_BANDS}
    men = {age: crossed.get(("male", age), 0) for age in STATED_AGE_BANDS}
    longest = max(*women.values(), *men.values(), 1)
    scale = (SIDE - 42) / longest
    bands = tuple(
        AgeBandBars(
            age,
            TOP + STEP * position,
            women[age],
            men[age],
            round(women[age] * scale, 1),
            round(men[age] * scale, 1),
        )
        for position, age in enumerate(reversed(STATED_AGE_BANDS))
    )
    rest = sum(crossed.values()) - sum(women.values()) - sum(men.values())
    return Pyramid(SIDE * 2 + MIDDLE, TOP + STEP * len(bands), SIDE, MIDDLE, bands, rest)


@dataclass(frozen=True)
class TrendPoint:
    """One month of the trend: its two figures, their positions, and whether its axis label is drawn."""

    month: Month
    value: int
    new: int
    x: float
    y: float
    new_y: float
    has_label: bool


@dataclass(frozen=True)
class Trend:
    """A line of persons reached over columns of new persons, which are never higher than the line."""

    width: int
    height: int
    left: int
    floor: int
    column: int
    points: tuple[TrendPoint, ...]
    lines: tuple[tuple[int, float], ...]

    @property
    def label_y(self) -> float:
        """Vertical position of the last figure: away from its line, never below the foot of the scale."""
        last, before = self.points[-1], self.points[-2]
        below = before.y < last.y and last.y + 24 < self.floor
        return last.y + 24 if below else last.y - 12

    @property
    def path(self) -> str:
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)


def trend(months: Sequence[tuple[Month, int, int]]) -> Trend:
    """Return the trend of months, each given with its persons reached and its new persons."""
    top = round_up(max((value for _, value, _ in months), default=0))
    floor_y, tall = HEIGHT - LOWER, HEIGHT - LOWER - UPPER
    step = (WIDTH - LEFT - RIGHT) / max(len(months) - 1, 1)
    points = tuple(
        TrendPoint(
            month,
            value,
            new,
            round(LEFT + step * n, 1),
            round(floor_y - tall * value / top, 1),
            round(floor_y - tall * new / top, 1),
            (len(months) - 1 - n) % LABEL_EVERY == 0,
        )
        for n, (month, value, new) in enumerate(months)
    )
    halves = (0, top // 2, top) if top % 2 == 0 else (0, top)
    lines = tuple((value, round(floor_y - tall * value / top, 1)) for value in halves)
    return Trend(WIDTH, HEIGHT, LEFT, floor_y, COLUMN, points, lines)


def round_up(value: int) -> int:
    """Return the next number that reads well at the end of a scale, at least 4."""
    if value <= 4:
        return 4
    unit = int(10 ** floor(log10(value)))
    return next(digit * unit for digit in (1, 2, 4, 5, 6, 8, 10) if digit * unit >= value)


@dataclass(frozen=True)
class BarRow:
    """One line of a breakdown: code, people, share of all (0–1), length of its bar (0–100)."""

    code: str
    n: int
    share: float
    length: float


def bar_rows(counts: dict[str, int], order: Sequence[str] = ()) -> list[BarRow]:
    """Return a breakdown as bars: in the order of codes if one is passed, else the most people first."""
    total, longest = sum(counts.values()), max(counts.values(), default=1)
    position = {code: n for n, code in enumerate(order)}
    codes = sorted(counts, key=lambda code: (position.get(code, 0), -counts[code], code))
    return [
        BarRow(code, counts[code], counts[code] / total, round(100 * counts[code] / longest, 1))
        for code in codes
    ]


@dataclass(frozen=True)
class CountryTile:
    """One country on the map: column and row, shade (0 to 4), and people reached."""

    code: str
    column: int
    row: int
    shade: int
    value: int


def country_tiles(places: Sequence[PlaceLine]) -> list[CountryTile]:
    """Return the map of the programme's countries."""
    most = max((line.reached for line in places), default=0)
    return [
        CountryTile(
            line.code, *programme()[line.code].tile, shade(line.reached, most), line.reached
        )
        for line in places
    ]


def shade(value: int, most: int) -> int:
    """Return how dark a tile is: 0 for nobody, 1 to 4 by its share of the most."""
    return 0 if value == 0 else min(4, 1 + value * 4 // (most + 1))
