"""What the page of a month shows, put together from its figures."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.codelists.shared_codelists import AGE_BANDS, CHILDREN, SEXES, SHORT_AGES, SITUATIONS
from app.consultations.vocabulary import TOPICS
from app.counts.queries.cells import MONTH_BEFORE, Asked, DayVolume, Wanted, list_days
from app.counts.queries.figures import Figures, get_figures
from app.counts.queries.tables import (
    Line,
    MonthLine,
    list_lines,
    list_months,
    list_year,
)
from app.counts.rules.people import cross_sex_and_age
from app.counts.views import charts, referred, returned
from app.counts.views.cards import Card, Comparison, compare, list_cards
from app.db.session import db
from app.i18n.language import country
from app.month import Month
from app.places.vocabulary import programme
from app.referrals.vocabulary import DECLINE_REASONS
from app.web.access import Scope
from app.web.pages import term

MONTHS_OFFERED = 24
WORDS = {
    "sexes": SEXES,
    "ages": AGE_BANDS,
    "short_ages": SHORT_AGES,
    "nationality": country,
    "situation": partial(term, SITUATIONS),
    "topic": partial(term, TOPICS),
    "declined": DECLINE_REASONS,
}


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
    """Months and countries to choose from (none where there is but one), months beside this.

    `compare` is what the page's addresses say of the comparison: None for the month before.
    """

    months: list[Month]
    countries: list[str]
    whole_programme: bool
    earlier: Month
    later: Month | None
    compare: str | None


@dataclass(frozen=True)
class MonthPage:
    """Everything that the template draws."""

    figures: Figures
    wanted: Wanted
    cards: list[Card]
    found: Comparison
    lines: list[Line]
    total: dict[str, int]
    days_shown: list[DayVolume]
    sexes_and_ages: charts.Pyramid
    crossed: Counter[tuple[str, str]]
    months: charts.Trend
    year: list[tuple[MonthLine, int]]
    map: list[Tile]
    by: dict[str, list[charts.Row]]
    referred: referred.ReferredPart
    returned: returned.ReturnPart
    choices: Choices
    v: dict[str, Any]


def get_page(scope: Scope, asked: Asked) -> MonthPage:
    """The page of what was asked for."""
    session, wanted = db.session(), asked.wanted
    figures, cells, parts = get_figures(session, scope, asked)
    lines = [] if wanted.desk else list_lines(asked, parts)
    crossed = cross_sex_and_age(parts.by["sex_age"])
    months, found = list_months(wanted, cells), compare(wanted, cells)
    return MonthPage(
        figures=figures,
        wanted=wanted,
        cards=list_cards(figures, found),
        found=found,
        lines=lines,
        total=_total(figures, lines),
        days_shown=list_days(session, scope, wanted) if wanted.desk else [],
        sexes_and_ages=charts.pyramid(crossed),
        crossed=crossed,
        months=charts.trend([(line.month, line.reached, line.new) for line in months]),
        year=list_year(wanted, months),
        map=[] if wanted.country else _tiles(lines),
        by=_breakdowns(figures),
        referred=referred.get_part(figures),
        returned=returned.get_part(figures),
        choices=_choices(scope, asked),
        v=WORDS,
    )


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
    month, latest, compared = asked.wanted.month, asked.latest, asked.wanted.compared
    months = [latest.plus(-n) for n in range(MONTHS_OFFERED)]
    countries = sorted(programme() if scope.programme else scope.countries)
    return Choices(
        months if month in months else [*months, month],
        countries if len(countries) > 1 else [],
        scope.programme,
        month.plus(-1),
        month.plus(1) if month < latest else None,
        None if compared == MONTH_BEFORE else compared,
    )
