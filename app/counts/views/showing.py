"""What the page of a month shows, put together from its figures."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.base.access import Scope
from app.base.database import db
from app.base.language import country
from app.base.lists import AGE_BANDS, CHILDREN, SEXES, SHORT_AGES, SITUATIONS
from app.base.month import Month
from app.base.pages import term
from app.consultations.vocabulary import TOPICS
from app.counts.indicators import INDICATORS, Indicator
from app.counts.queries.cells import Asked, DayVolume, Wanted, list_days
from app.counts.queries.figures import Figures, get_figures
from app.counts.queries.tables import Line, cross_sex_and_age, list_lines, list_trend
from app.counts.rules import is_minimum
from app.counts.views import charts
from app.places.vocabulary import programme

CARDS = ("reached_low", "consultations", "persons_in_consultations", "new", "year_reached_low")
CUMULATIVE = frozenset({"year_reached_low"})
MONTHS_OFFERED = 24
WORDS = {
    "sexes": SEXES,
    "ages": AGE_BANDS,
    "short_ages": SHORT_AGES,
    "nationality": country,
    "situation": partial(term, SITUATIONS),
    "topic": partial(term, TOPICS),
}


@dataclass(frozen=True)
class Card:
    """One figure large: its value and that of the month before (None where there is no such)."""

    indicator: Indicator
    value: int
    before: int | None


@dataclass(frozen=True)
class Tile:
    """One country on the map: where it stands, how strongly it is filled, and people reached."""

    code: str
    column: int
    row: int
    shade: int
    value: int


@dataclass(frozen=True)
class Choices:
    """Months and countries to choose from (none where there is but one), months beside this."""

    months: list[Month]
    countries: list[str]
    whole_programme: bool
    earlier: Month
    later: Month | None


@dataclass(frozen=True)
class MonthPage:
    """Everything that the template draws."""

    figures: Figures
    wanted: Wanted
    cards: list[Card]
    is_minimum: bool
    lines: list[Line]
    total: dict[str, int]
    days_shown: list[DayVolume]
    sexes_and_ages: charts.Pyramid
    crossed: Counter[tuple[str, str]]
    months: charts.Trend
    map: list[Tile]
    by: dict[str, list[charts.Row]]
    choices: Choices
    v: dict[str, Any]


def get_page(scope: Scope, asked: Asked) -> MonthPage:
    """The page of what was asked for."""
    session, wanted = db.session(), asked.wanted
    figures, cells, profiles = get_figures(session, scope, asked)
    lines = [] if wanted.desk else list_lines(asked, cells, profiles)
    crossed = cross_sex_and_age(cells, profiles)
    low, high = figures.values["reached_low"], figures.values["reached_high"]
    return MonthPage(
        figures=figures,
        wanted=wanted,
        cards=_cards(figures),
        is_minimum=is_minimum(low, high),
        lines=lines,
        total=_total(figures, lines),
        days_shown=list_days(session, scope, wanted) if wanted.desk else [],
        sexes_and_ages=charts.pyramid(crossed),
        crossed=crossed,
        months=charts.trend(list_trend(wanted, cells)),
        map=[] if wanted.country else _tiles(lines),
        by=_breakdowns(figures),
        choices=_choices(scope, asked),
        v=WORDS,
    )


def _cards(figures: Figures) -> list[Card]:
    now, before = figures.values, figures.before
    return [
        Card(INDICATORS[code], now[code], None if code in CUMULATIVE else before[code])
        for code in CARDS
    ]


def _total(figures: Figures, lines: list[Line]) -> dict[str, int]:
    by = figures.by
    return {
        "desks": sum(line.desks for line in lines),
        "consultations": figures.values["consultations"],
        "reached": figures.values["reached_low"],
        "women": by["sex"].get("female", 0),
        "children": sum(n for band, n in by["age_band"].items() if band in CHILDREN),
        "new": figures.values["new"],
    }


def _tiles(lines: list[Line]) -> list[Tile]:
    most = max((line.reached for line in lines), default=0)
    return [
        Tile(
            line.code, *programme()[line.code].tile, charts.shade(line.reached, most), line.reached
        )
        for line in lines
    ]


def _breakdowns(figures: Figures) -> dict[str, list[charts.Row]]:
    named = {name: figures.by[name] for name in ("nationality", "situation", "main_topic")}
    named["main_topic"] = dict.fromkeys(figures.by_topic_any, 0) | named["main_topic"]
    return {name: charts.rows(parts) for name, parts in named.items()}


def _choices(scope: Scope, asked: Asked) -> Choices:
    month, latest = asked.wanted.month, asked.latest
    months = [latest.plus(-n) for n in range(MONTHS_OFFERED)]
    countries = sorted(programme() if scope.programme else scope.countries)
    return Choices(
        months if month in months else [*months, month],
        countries if len(countries) > 1 else [],
        scope.programme,
        month.plus(-1),
        month.plus(1) if month < latest else None,
    )
