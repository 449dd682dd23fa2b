"""The command `consultations import`: imports the consultations of a desk's own spreadsheet."""

import sys
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import AppGroup
from flask_babel import gettext, ngettext

from app.codelists.codelist import N_
from app.consultations.actions import spreadsheet_import
from app.consultations.actions.spreadsheet_import import ImportCheck, ImportResult
from app.consultations.forms.spreadsheets.columns import error_message
from app.consultations.forms.spreadsheets.rows import read_records
from app.consultations.rules.spreadsheets import CellError
from app.db.session import db, unit_of_work
from app.places.queries import ALL_DESKS, DeskRow, list_desks
from app.spreadsheets.limits import SpreadsheetLimits, UnreadableSpreadsheet
from app.staff import queries as staff
from app.web.access import Scope
from app.web.outcomes import Conflict

commands = AppGroup("consultations", help="Consultations.")
IMPORTED = N_("%(added)s consultations added, %(same)s were there already.")
CHECKED = N_("No problem: %(added)s consultations would be added, %(same)s are there already.")


@commands.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file and store nothing.")
@click.option(
    "--by", "username", help="The supervisor recorded as author; by default the country's first."
)
def import_spreadsheet(path: Path, dry_run: bool, username: str | None) -> None:
    """Import a spreadsheet (XLSX or CSV), all of it or nothing; importing it again adds nothing."""
    desks = _desks(username)
    check = _check(path, desks)
    if check.errors:
        _exit_with_errors(check.errors, check.omitted)
    authors = _authors(check, desks, username)
    if dry_run:
        new = check.consultations - check.same
        click.echo(_summary(CHECKED, new, check.same))
        return
    result = _write(check, desks, authors)
    click.echo(_summary(IMPORTED, result.added, result.same))


def _desks(username: str | None) -> dict[str, DeskRow]:
    session = db.session()
    scope = ALL_DESKS if username is None else _scope_of(username)
    desks = {desk.code: desk for desk in list_desks(session, scope)}
    session.rollback()
    return desks


def _scope_of(username: str) -> Scope:
    account = staff.find_account(db.session(), username)
    if account is None or account.closed_at is not None or account.role != "supervisor":
        _exit(gettext("There is no open supervisor account of that name."))
    return staff.get_scope(db.session(), account)


def _check(path: Path, desks: dict[str, DeskRow]) -> ImportCheck:
    try:
        with path.open("rb") as file:
            records = read_records(file, desks.keys(), SpreadsheetLimits())
            with click.progressbar(
                records, label=gettext("Checking"), file=sys.stderr, hidden=_is_hidden()
            ) as bar:
                return spreadsheet_import.check_import(db.session(), desks, bar)
    except UnreadableSpreadsheet as error:
        _exit(error.message)
    finally:
        db.session.rollback()


def _authors(check: ImportCheck, desks: dict[str, DeskRow], username: str | None) -> dict[str, int]:
    """Return the author's account id by country: the account given, else the country's first open supervisor."""
    session = db.session()
    accounts = sorted(staff.list_accounts(session), key=lambda line: line.account.id)
    lines = [line for line in accounts if line.account.role == "supervisor"]
    session.rollback()
    authors: dict[str, int] = {}
    for line in lines:
        if line.account.closed_at is None and username in (None, line.account.username):
            for country in line.countries:
                authors.setdefault(country, line.account.id)
    missing = sorted(spreadsheet_import.countries_of(check, desks) - authors.keys())
    if missing:
        countries = ", ".join(missing)
        _exit(gettext("There is no open supervisor account for %(country)s.", country=countries))
    return authors


def _write(check: ImportCheck, desks: dict[str, DeskRow], authors: dict[str, int]) -> ImportResult:
    length, label = check.consultations, gettext("Writing")
    progress = click.progressbar(length=length, label=label, file=sys.stderr, hidden=_is_hidden())
    with unit_of_work(), progress as bar:
        outcome = spreadsheet_import.write_import(db.session(), authors, desks, check, bar.update)
        match outcome:
            case Conflict():
                db.session.rollback()
    match outcome:
        case Conflict(errors):
            _exit_with_errors(errors, 0)
    return outcome.value


def _is_hidden() -> bool:
    return not sys.stderr.isatty()


def _summary(message: str, added: int, same: int) -> str:
    return str(gettext(message, added=added, same=same))


def _exit_with_errors(errors: list[CellError], omitted: int) -> NoReturn:
    for error in errors:
        click.echo(f"{_place(error)}: {error_message(error)}", err=True)
    n = len(errors) + omitted
    _exit(
        str(ngettext("%(num)s problem.", "%(num)s problems.", n))
        + " "
        + gettext("Nothing was stored.")
    )


def _place(error: CellError) -> str:
    if not error.column:
        return str(gettext("Row %(row)s", row=error.row))
    return str(gettext("Row %(row)s, column %(column)s", row=error.row, column=error.column))


def _exit(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
