"""The tables under the figures: a line per country, desk or month."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from app.base.lists import CHILDREN
from app.base.month import Month, months_between
from app.counts.queries.cells import TREND, Asked, Wanted
from app.counts.queries.figures import list_active
from app.counts.rules import Cells, Profile, counted, low
from app.places.vocabulary import programme


@dataclass(frozen=True)
class Line:
    """One country or desk (which has a name): desks active and the month's figures."""

    code: str
    name: str
    desks: int
    consultations: int
    reached: int
    women: int
    children: int
    new: int


def list_lines(asked: Asked, cells: Cells, profiles: list[Profile]) -> list[Line]:
    """A line per country of the programme that month, or per desk of a country; biggest first."""
    found = _desk_lines if asked.wanted.country else _country_lines
    lines = found(asked, cells, profiles)
    return sorted(lines, key=lambda line: (-line.reached, -line.consultations, line.code))


def _country_lines(asked: Asked, cells: Cells, profiles: list[Profile]) -> list[Line]:
    active = Counter(desk.country for desk in list_active(asked.wanted.month, asked.desks))
    volumes = _volumes(cells, "country")
    parts = _parts(profiles, "country", cells)
    codes = sorted({*active, *volumes, *_in_programme(asked.wanted)})
    return [
        Line(code, "", active[code], volumes[code], *(p[code] for p in parts)) for code in codes
    ]


def _desk_lines(asked: Asked, cells: Cells, profiles: list[Profile]) -> list[Line]:
    active = {desk.id for desk in list_active(asked.wanted.month, asked.desks)}
    volumes = _volumes(cells, "desk_id")
    parts = _parts(profiles, "desk_id", cells)
    return [
        Line(
            desk.code,
            desk.name,
            int(desk.id in active),
            volumes[desk.id],
            *(part[desk.id] for part in parts),
        )
        for desk in asked.desks
        if desk.id in active or desk.id in volumes
    ]


def _in_programme(wanted: Wanted) -> list[str]:
    first, last = wanted.month.first_day, wanted.month.last_day
    return [code for code, one in programme().items() if one.is_in(first, last)]


def _volumes(cells: Cells, key: str) -> Counter[Any]:
    sums: Counter[Any] = Counter()
    for volume in cells.volumes:
        if volume.month == cells.month:
            sums[getattr(volume, key)] += volume.consultations
    return sums


def _parts(profiles: list[Profile], key: str, cells: Cells) -> list[Counter[Any]]:
    reached, women, children, new = parts = [Counter[Any]() for _ in range(4)]
    for some in counted(profiles, cells.month, cells.month):
        place = getattr(some, key)
        reached[place] += some.n
        women[place] += some.n if some.sex == "female" else 0
        children[place] += some.n if some.age_band in CHILDREN else 0
        new[place] += some.n if some.previous < cells.year_start else 0
    return parts


def list_trend(wanted: Wanted, cells: Cells) -> list[tuple[Month, int]]:
    """Persons reached in each of the twelve months up to the wanted one."""
    months = months_between(wanted.month.plus(1 - TREND), wanted.month)
    return [(month, low(cells.reaches, int(month), int(month))) for month in months]


def cross_sex_and_age(cells: Cells, profiles: list[Profile]) -> Counter[tuple[str, str]]:
    """Persons reached in the month by sex and age band."""
    crossed: Counter[tuple[str, str]] = Counter()
    for some in counted(profiles, cells.month, cells.month):
        crossed[some.sex, some.age_band] += some.n
    return crossed
