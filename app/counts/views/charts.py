"""Where the parts of a chart stand; colours and words come from the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from app.codelists.shared_codelists import KNOWN_AGES
from app.month import Month

SIDE, MIDDLE, STEP, TOP = 150, 60, 32, 28
WIDTH, HEIGHT, LEFT, RIGHT, UPPER, LOWER = 360, 196, 66, 26, 26, 30
COLUMN, LABEL_EVERY = 16, 3


@dataclass(frozen=True)
class Band:
    """One age band of the pyramid: where its bars stand and the people on both sides."""

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
    bands: tuple[Band, ...]
    rest: int


def pyramid(crossed: dict[tuple[str, str], int]) -> Pyramid:
    """The pyramid of people by sex and age band; `rest` are of another or no stated one."""
    women = {age: crossed.get(("female", age), 0) for age in KNOWN_AGES}
    men = {age: crossed.get(("male", age), 0) for age in KNOWN_AGES}
    longest = max(*women.values(), *men.values(), 1)
    scale = (SIDE - 42) / longest
    bands = tuple(
        Band(
            age,
            TOP + STEP * place,
            women[age],
            men[age],
            round(women[age] * scale, 1),
            round(men[age] * scale, 1),
        )
        for place, age in enumerate(reversed(KNOWN_AGES))
    )
    rest = sum(crossed.values()) - sum(women.values()) - sum(men.values())
    return Pyramid(SIDE * 2 + MIDDLE, TOP + STEP * len(bands), SIDE, MIDDLE, bands, rest)


@dataclass(frozen=True)
class Point:
    """One month of the trend: where it stands, its two figures, and whether its name is written."""

    month: Month
    value: int
    new: int
    x: float
    y: float
    new_y: float
    named: bool


@dataclass(frozen=True)
class Trend:
    """A line of persons reached over columns of new persons, which never stand higher than it."""

    width: int
    height: int
    left: int
    floor: int
    column: int
    points: tuple[Point, ...]
    lines: tuple[tuple[int, float], ...]

    @property
    def label_y(self) -> float:
        """Where the last figure is written: away from its line, never below the foot of the scale."""
        last, before = self.points[-1], self.points[-2]
        below = before.y < last.y and last.y + 24 < self.floor
        return last.y + 24 if below else last.y - 12

    @property
    def path(self) -> str:
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)


def trend(months: Sequence[tuple[Month, int, int]]) -> Trend:
    """The line of these months: each with its persons reached and its new persons."""
    top = round_up(max((value for _, value, _ in months), default=0))
    floor_y, tall = HEIGHT - LOWER, HEIGHT - LOWER - UPPER
    step = (WIDTH - LEFT - RIGHT) / max(len(months) - 1, 1)
    points = tuple(
        Point(
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
    """The next number that reads well at the end of a scale, at least 4."""
    if value <= 4:
        return 4
    unit = int(10 ** floor(log10(value)))
    return next(digit * unit for digit in (1, 2, 4, 5, 6, 8, 10) if digit * unit >= value)


@dataclass(frozen=True)
class Row:
    """One line of a breakdown: code, people, share of all (0–1), length of its bar (0–100)."""

    code: str
    n: int
    share: float
    length: float


def rows(parts: dict[str, int], order: Sequence[str] = ()) -> list[Row]:
    """A breakdown as bars: in a given order where there is one, else the most people first."""
    total, longest = sum(parts.values()), max(parts.values(), default=1)
    place = {code: n for n, code in enumerate(order)}
    codes = sorted(parts, key=lambda code: (place.get(code, 0), -parts[code], code))
    return [
        Row(code, parts[code], parts[code] / total, round(100 * parts[code] / longest, 1))
        for code in codes
    ]


def shade(value: int, most: int) -> int:
    """How strongly a tile is filled: 0 for nobody, 1 to 4 by its share of the most."""
    return 0 if value == 0 else min(4, 1 + value * 4 // (most + 1))
