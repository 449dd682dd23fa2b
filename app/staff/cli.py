"""`staff invite|close|reset`: accounts from the command line."""

import sys
from typing import NoReturn

import click
from flask.cli import AppGroup

from app.db.session import db, unit_of_work
from app.i18n.language import LOCALES
from app.places.queries import EVERYWHERE, find_desk
from app.staff import queries
from app.staff.actions import accounts
from app.staff.queries import AccountRow
from app.staff.vocabulary import ROLES
from app.web.pages import public_link

commands = AppGroup("staff", help="Accounts of staff.")


@commands.command("invite")
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES.codes), required=True)
@click.option("--desk", "desks", multiple=True, help="Code of a desk; may be given again.")
@click.option("--country", "countries", multiple=True, help="Alpha-3; may be given again.")
@click.option("--locale", type=click.Choice(list(LOCALES)), default="es")
def invite(
    username: str, role: str, desks: tuple[str, ...], countries: tuple[str, ...], locale: str
) -> None:
    """Invites an account and prints its one-time link."""
    with unit_of_work():
        session = db.session()
        ids = [find_desk(session, EVERYWHERE, code) for code in desks]
        if None in ids:
            _refuse("There is no desk of that code.")
        fields = {"username": username, "role": role, "locale": locale}
        own = [desk.id for desk in ids if desk]
        token, problems = accounts.invite(session, None, fields, own, countries)
        if problems:
            _refuse(f"{problems[0].field}: {problems[0].message}")
        link = public_link("staff.invitation", token=token)
    click.echo(link)


@commands.command("close")
@click.argument("username")
def close(username: str) -> None:
    """Closes an account and ends its sessions."""
    with unit_of_work():
        accounts.close_account(db.session(), None, _account(username))


@commands.command("reset")
@click.argument("username")
def reset(username: str) -> None:
    """Prints a one-time link with which the person sets a new password."""
    with unit_of_work():
        token = accounts.start_reset(db.session(), None, _account(username))
        link = public_link("staff.invitation", token=token)
    click.echo(link)


def _account(username: str) -> AccountRow:
    account = queries.find_account(db.session(), username)
    if account is None or account.closed_at is not None:
        _refuse("There is no open account of that name.")
    return account


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
