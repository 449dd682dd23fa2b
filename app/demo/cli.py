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
@click.option("--months", type=click.IntRange(1, 60), default=13, help="How many, up to this one.")
@click.option("--consultations", type=click.IntRange(1, 20_000_000), default=6000)
@click.option("--if-empty", is_flag=True, help="Do nothing where the database has desks.")
@with_appcontext
def demo(seed: int, months: int, consultations: int, if_empty: bool) -> None:
    """Builds a synthetic programme in an empty database."""
    if current_settings().production:
        _refuse("The demo programme is not for production.")
    if _is_in_use():
        if not if_empty:
            _refuse("The database already has desks: the demo programme needs an empty one.")
        return
    wish = building.Wish(seed, months, consultations)
    terminal = sys.stderr.isatty()
    bar = click.progressbar(
        length=consultations, label="Demo", file=sys.stderr, hidden=not terminal
    )
    gc.freeze()  # a million rows would have every module looked through again and again
    began = monotonic()
    with unit_of_work(), bar as shown:
        built = building.build(db.session(), wish, shown.update)
    _say_what_stands(built, wish)
    click.echo(_say_how_fast(built, wish, monotonic() - began))


def _is_in_use() -> bool:
    try:
        return has_desks(db.session())
    finally:
        db.session.rollback()


def _say_what_stands(built: building.Built, wish: building.Wish) -> None:
    countries = ", ".join(country.lower() for country in programme())
    click.echo(f"{wish.consultations} consultations at {built.desks} desks, {wish.months} months.")
    click.echo(
        f"Sign in as desk.<country>, shelter.<country> or supervisor.<country> ({countries}),"
    )
    click.echo(f"as regional or as admin; the password is {PASSWORD}")


def _say_how_fast(built: building.Built, wish: building.Wish, seconds: float) -> str:
    rows = (wish.consultations + built.persons) / seconds
    people = f"{wish.consultations} consultations and {built.persons} person rows"
    return f"{people} in {seconds:.1f} seconds: {rows:.0f} rows a second."


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
