"""`staff invite|close|reset`: accounts on the command line."""

import sys
from typing import NoReturn

import click
from flask.cli import AppGroup

from app.db.session import db, unit_of_work
from app.i18n.language import LOCALES
from app.places.queries import ALL_DESKS, find_desk
from app.staff import queries
from app.staff.actions import accounts, invitations
from app.staff.queries import AccountRow
from app.staff.vocabulary import ROLES
from app.web.outcomes import Accepted, Invalid
from app.web.pages import public_url_for

commands = AppGroup("staff", help="Accounts of staff.")


@commands.command("invite")
@click.argument("username")
@click.option("--role", type=click.Choice(ROLES.codes), required=True)
@click.option("--desk", "desks", multiple=True, help="Code of a desk; repeatable.")
@click.option("--country", "countries", multiple=True, help="Alpha-3 code; repeatable.")
@click.option("--locale", type=click.Choice(list(LOCALES)), default="es")
def invite(
    username: str, role: str, desks: tuple[str, ...], countries: tuple[str, ...], locale: str
) -> None:
    """Invite an account and print its one-time link."""
    with unit_of_work():
        session = db.session()
        rows = [find_desk(session, ALL_DESKS, code) for code in desks]
        if None in rows:
            _refuse("There is no desk of that code.")
        fields = {"username": username, "role": role, "locale": locale}
        desk_ids = [desk.id for desk in rows if desk]
        match invitations.invite(session, None, fields, desk_ids, countries):
            case Accepted(invitation):
                link = public_url_for("staff.invitation", token=invitation.token)
            case Invalid([error, *_]):
                _refuse(f"{error.field}: {error.message}")
    click.echo(link)


@commands.command("close")
@click.argument("username")
def close(username: str) -> None:
    """Close an account and end its sessions."""
    with unit_of_work():
        accounts.close_account(db.session(), None, _get_open_account(username))


@commands.command("reset")
@click.argument("username")
def reset(username: str) -> None:
    """Print a one-time link with which the person sets a new password."""
    with unit_of_work():
        token = accounts.start_reset(db.session(), None, _get_open_account(username))
        link = public_url_for("staff.invitation", token=token)
    click.echo(link)


def _get_open_account(username: str) -> AccountRow:
    account = queries.find_account(db.session(), username)
    if account is None or account.closed_at is not None:
        _refuse("There is no open account of that name.")
    return account


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
