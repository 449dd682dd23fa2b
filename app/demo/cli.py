"""`demo`: builds the demo programme in an empty database."""

import gc
import sys
from time import monotonic
from typing import NoReturn

import click
from flask.cli import with_appcontext

from app.db.session import db, unit_of_work
from app.demo.actions import building
from app.demo.actions.accounts import PASSWORD
from app.places.queries import has_desks
from app.places.vocabulary import programme
from app.settings import current_settings


@click.command("demo")
@click.option("--seed", type=click.IntRange(0), default=1, help="Other numbers, other people.")
@click.option(
    "--months", type=click.IntRange(1, 60), default=13, help="Number of months, up to this one."
)
@click.option("--consultations", type=click.IntRange(1, 20_000_000), default=6000)
@click.option("--if-empty", is_flag=True, help="Do nothing if the database has desks.")
@with_appcontext
def demo(seed: int, months: int, consultations: int, if_empty: bool) -> None:
    """Build a synthetic programme in an empty database."""
    if current_settings().production:
        _refuse("The demo programme is not for production.")
    if _is_in_use():
        if not if_empty:
            _refuse("The database already has desks: the demo programme needs an empty one.")
        return
    options = building.DemoOptions(seed, months, consultations)
    terminal = sys.stderr.isatty()
    bar = click.progressbar(
        length=consultations, label="Demo", file=sys.stderr, hidden=not terminal
    )
    gc.freeze()  # else the collector would scan every module again and again for a million rows
    began = monotonic()
    with unit_of_work(), bar as progress:
        result = building.build(db.session(), options, progress.update)
    _print_summary(result, options)
    click.echo(_speed(result, options, monotonic() - began))


def _is_in_use() -> bool:
    try:
        return has_desks(db.session())
    finally:
        db.session.rollback()


def _print_summary(result: building.DemoResult, options: building.DemoOptions) -> None:
    countries = ", ".join(country.lower() for country in programme())
    click.echo(
        f"{options.consultations} consultations at {result.desks} desks, {options.months} months."
    )
    click.echo(
        f"Sign in as desk.<country>, shelter.<country> or supervisor.<country> ({countries}),"
    )
    click.echo(f"as regional or as admin; the password is {PASSWORD}")


def _speed(result: building.DemoResult, options: building.DemoOptions, seconds: float) -> str:
    rows = (options.consultations + result.persons) / seconds
    people = f"{options.consultations} consultations and {result.persons} person rows"
    return f"{people} in {seconds:.1f} seconds: {rows:.0f} rows a second."


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
