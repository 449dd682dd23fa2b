"""The figures of a month: the page and its JSON."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, request, url_for
from werkzeug import Response as AnyResponse

from app.audit.actions import record_audit
from app.codelists.shared_codelists import AGE_BANDS, CHILDREN, SEXES, SHORT_AGES, SITUATIONS
from app.consultations.vocabulary import TOPICS
from app.counts import forms
from app.counts.queries.figures import Figures, get_figures, to_json
from app.counts.queries.people import DayVolume, list_days
from app.counts.queries.statement_params import MONTH_BEFORE, FigureQuery, ResolvedQuery
from app.counts.queries.tables import (
    ComparedRecords,
    MonthLine,
    PlaceLine,
    compared_records,
    list_months,
    list_places,
    list_year,
)
from app.counts.rules.people import cross_sex_and_age
from app.counts.schemas.answers import FiguresAnswer
from app.counts.views import charts, figure_cards
from app.db.session import db
from app.i18n.language import country_name
from app.month import Month
from app.places.vocabulary import programme
from app.settings import current_settings
from app.web.access import Scope, allow, principal
from app.web.openapi.answers import ErrorAnswer
from app.web.openapi.describe import describe
from app.web.pages import render_page, term

MONTHS_OFFERED = 24
LABELS = {
    "sexes": SEXES,
    "ages": AGE_BANDS,
    "short_ages": SHORT_AGES,
    "nationality": country_name,
    "situation": partial(term, SITUATIONS),
    "topic": partial(term, TOPICS),
}
blueprint = Blueprint("counts", __name__)
QUERY = {
    "country": "ISO 3166-1 alpha-3; without it the programme, for those who may see it.",
    "month": "`YYYY-MM`; without it the month that runs.",
    "desk": "Code of one desk.",
    "revision": "An older figure of a closed month.",
}


@blueprint.get("/counts")
@allow("see_counts", audited=True)
def figures() -> AnyResponse:
    """Return the page of a country's, a desk's or the programme's month; record the reading in the audit log."""
    try:
        resolved = _read_query()
    except forms.QueryRefused as refused:
        return _redirect_to_own_country(refused.status)
    _audit(resolved)
    return render_page("counts/month.html", **vars(month_page(principal().scope, resolved)))


def _redirect_to_own_country(status: int) -> AnyResponse:
    if status != forms.FORBIDDEN:
        abort(status)
    month, compare = request.args.get("month"), request.args.get("compare")
    first = min(principal().scope.countries)
    return redirect(url_for("counts.figures", country=first, month=month, compare=compare))


@blueprint.get("/counts.json")
@allow("see_counts", audited=True)
@describe(answers={200: FiguresAnswer, 403: ErrorAnswer, 404: ErrorAnswer}, query=QUERY)
def figures_json() -> Response:
    """Return the same figures as JSON (outside.md, Counts); record the reading in the audit log."""
    try:
        resolved = _read_query()
    except forms.QueryRefused as refused:
        abort(refused.status)
    _audit(resolved)
    return jsonify(to_json(get_figures(db.session(), principal().scope, resolved)[0]))


def _read_query() -> ResolvedQuery:
    begins = current_settings().reporting_year_start
    return forms.read_query(principal().scope, request.args, begins)


def _audit(resolved: ResolvedQuery) -> None:
    query = resolved.query
    subject = f"figures:{query.name}:{query.month}"
    record_audit(principal().account_id, "figures_read", subject, query.country or "")


@dataclass(frozen=True)
class MonthOptions:
    """Months and countries to choose from (no countries if there is only one), and the months before and after.

    `compare` is the comparison in the page's addresses: None for the month before.
    """

    months: list[Month]
    countries: list[str]
    whole_programme: bool
    earlier: Month
    later: Month | None
    compare: str | None


@dataclass(frozen=True)
class MonthPage:
    """The context of the template."""

    figures: Figures
    query: FigureQuery
    cards: list[figure_cards.FigureCard]
    records: ComparedRecords
    place_lines: list[PlaceLine]
    total: dict[str, int]
    day_volumes: list[DayVolume]
    sex_age_chart: charts.Pyramid
    sex_age_table: Counter[tuple[str, str]]
    month_chart: charts.Trend
    year_lines: list[tuple[MonthLine, int]]
    country_tiles: list[charts.CountryTile]
    breakdowns: dict[str, list[charts.BarRow]]
    referral_section: figure_cards.FigureSection
    return_section: figure_cards.FigureSection
    options: MonthOptions
    labels: dict[str, Any]


def month_page(scope: Scope, resolved: ResolvedQuery) -> MonthPage:
    """Return the context of the page for a query."""
    session, query = db.session(), resolved.query
    figures, aggregates, breakdowns = get_figures(session, scope, resolved)
    places = [] if query.desk else list_places(resolved, breakdowns)
    crossed = cross_sex_and_age(breakdowns.by["sex_age"])
    months = list_months(query, aggregates)
    records = compared_records(query, aggregates)
    return MonthPage(
        figures=figures,
        query=query,
        cards=figure_cards.list_cards(figures, records),
        records=records,
        place_lines=places,
        total=_total(figures, places),
        day_volumes=list_days(session, scope, query) if query.desk else [],
        sex_age_chart=charts.pyramid(crossed),
        sex_age_table=crossed,
        month_chart=charts.trend([(line.month, line.reached, line.new) for line in months]),
        year_lines=list_year(query, months),
        country_tiles=[] if query.country else charts.country_tiles(places),
        breakdowns=_breakdown_bars(figures),
        referral_section=figure_cards.referral_section(figures),
        return_section=figure_cards.return_section(figures),
        options=_options(scope, resolved),
        labels=LABELS,
    )


def _total(figures: Figures, places: list[PlaceLine]) -> dict[str, int]:
    by = figures.by
    return {
        "desks": sum(line.desks for line in places),
        "consultations": figures.values["consultations"],
        "reached": figures.values["reached_low"],
        "women": by["sex"].get("female", 0),
        "children": sum(n for band, n in by["age_band"].items() if band in CHILDREN),
        "new": figures.values["new"],
    }


def _breakdown_bars(figures: Figures) -> dict[str, list[charts.BarRow]]:
    named = {name: figures.by[name] for name in ("nationality", "situation", "main_topic")}
    named["main_topic"] = dict.fromkeys(figures.by_topic_any, 0) | named["main_topic"]
    return {name: charts.bar_rows(counts) for name, counts in named.items()}


def _options(scope: Scope, resolved: ResolvedQuery) -> MonthOptions:
    month, latest, compared = resolved.query.month, resolved.latest, resolved.query.compared
    months = [latest.plus(-n) for n in range(MONTHS_OFFERED)]
    countries = sorted(programme() if scope.programme else scope.countries)
    return MonthOptions(
        months if month in months else [*months, month],
        countries if len(countries) > 1 else [],
        scope.programme,
        month.plus(-1),
        month.plus(1) if month < latest else None,
        None if compared == MONTH_BEFORE else compared,
    )
