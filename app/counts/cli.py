"""`counts show`, `counts prove` and `counts rebuild`: figures on the command line."""

import json
import sys
import time
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext

from app.audit.actions import record_audit
from app.counts import actions, forms
from app.counts.indicators.indicator import Indicator
from app.counts.indicators.people import PEOPLE
from app.counts.indicators.referrals import REFERRALS
from app.counts.indicators.returns import RETURNS
from app.counts.queries import figures
from app.counts.queries.figures import Figures
from app.db.session import db, unit_of_work
from app.month import Month
from app.places.vocabulary import programme
from app.referrals.vocabulary import DECLINE_REASONS
from app.settings import current_settings
from app.web.access import Scope

DECLINED = "declined"
commands = AppGroup("counts", help="Figures.")


def _month(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    try:
        return str(Month.parse(text))
    except ValueError:
        raise click.BadParameter("write it as 2026-03") from None


@commands.command("show")
@click.option(
    "--country", type=click.Choice(tuple(programme())), help="Alpha-3; else the programme."
)
@click.option("--month", required=True, callback=_month, help="YYYY-MM")
@click.option("--format", "shown_as", type=click.Choice(("table", "json")), default="table")
def show(country: str | None, month: str, shown_as: str) -> None:
    """Print the figures of a country or of the programme; the reading is recorded in the audit log.

    They are exact; those of voluntary return that are small stand as a dash.
    """
    with unit_of_work():
        scope = Scope(programme=True)
        args = {"month": month, "country": country or ""}
        try:
            resolved = forms.read_query(scope, args, current_settings().reporting_year_start)
        except forms.QueryRefused:
            click.echo("There are no figures of that month.", err=True)
            sys.exit(1)
        shown, _, _ = figures.get_figures(db.session(), scope, resolved)
        subject = f"figures:{resolved.query.name}:{month}"
        record_audit(None, "figures_read", subject, country or "")
    if shown_as == "json":
        click.echo(json.dumps(figures.to_json(shown), indent=2, sort_keys=True))
    else:
        click.echo(_table(shown))


@commands.command("prove")
@with_appcontext
def prove() -> None:
    """Compute every figure from its rows; exit 1 and name the first that differs from the pages."""
    chunks = actions.list_chunks()
    with _bar("Proving", len(chunks)) as bar:
        difference, lines = actions.prove(chunks, bar.update)
    if difference is not None:
        click.echo(difference, err=True)
        sys.exit(1)
    click.echo(
        f"Rows and figures agree: {len(chunks)} months of countries, {lines} lines of people."
    )


@commands.command("rebuild")
@with_appcontext
def rebuild() -> None:
    """Compute every aggregate again while the app runs; an interrupted run is resumed."""
    every_chunk = actions.list_chunks()
    run, chunks = actions.start_rebuild(every_chunk)
    done = len(every_chunk) - len(chunks)
    if done:
        click.echo(f"Resuming an interrupted rebuild: {done} months are done already.", err=True)
    start = time.perf_counter()
    try:
        with _bar("Rebuilding", len(chunks)) as bar:
            corrected, lines = actions.rebuild(run, chunks, bar.update)
    except actions.RebuildSuperseded:
        click.echo("Another rebuild has started meanwhile and does the rest.", err=True)
        sys.exit(1)
    rate = lines / max(time.perf_counter() - start, 0.001)
    click.echo(
        f"{lines} lines of people added up, {rate:.0f} a second; {corrected} sums were wrong."
    )


def _bar(label: str, length: int) -> Any:
    hidden = not sys.stderr.isatty()
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden)


def _table(shown: Figures) -> str:
    indicators: dict[str, Indicator[Any, Any]] = {**PEOPLE, **REFERRALS, **RETURNS}
    values = shown.values | shown.referrals | shown.returns.values
    width = max(len(indicator.label) for indicator in indicators.values())
    lines = [f"{shown.query.name} {shown.query.month}"]
    for code, indicator in indicators.items():
        value = "–" if values[code] is None else f"{values[code]:,}"
        lines.append(f"{indicator.label:<{width}}  {value:>9}  {indicator.unit}")
    for reason, n in shown.declined.items():
        label = f"{DECLINED}: {DECLINE_REASONS[reason].label}"
        lines.append(f"{label:<{width}}  {n:>9,}  {REFERRALS['declined'].unit}")
    complete = shown.completeness
    lines.append(f"{complete.reported} of {complete.expected} desks reported.")
    lines.append(f"{complete.waiting_on_tablets:,} records wait on tablets.")
    return "\n".join(lines)
