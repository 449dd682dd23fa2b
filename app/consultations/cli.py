"""`consultations import`: brings the consultations of a desk's own sheet from the command line."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from flask.cli import AppGroup
from flask_babel import gettext, ngettext

from app.codelists.codelist import N_
from app.consultations.actions import spreadsheet_import
from app.consultations.actions.spreadsheet_import import ImportCheck, ImportResult
from app.consultations.forms.spreadsheets.columns import error_sentence
from app.consultations.forms.spreadsheets.rows import read_records
from app.consultations.rules.spreadsheets import CellError
from app.db.session import db, unit_of_work
from app.places.queries import EVERYWHERE, DeskRow, list_desks
from app.spreadsheets.limits import Limits, Unreadable
from app.staff import queries as staff
from app.web.access import Scope

commands = AppGroup("consultations", help="Consultations.")
DONE = N_("%(added)s consultations added, %(same)s were there already.")
DRY = N_("No problem: %(added)s consultations would be added, %(same)s are there already.")


@commands.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Look for problems and store nothing.")
@click.option("--by", "username", help="The supervisor who brings it; else the country's first.")
def import_spreadsheet(path: Path, dry_run: bool, username: str | None) -> None:
    """Brings a sheet (XLSX or CSV), all of it or nothing; brought again it adds nothing."""
    desks = _desks(username)
    checked = _checked(path, desks)
    if checked.errors:
        _refuse_all(checked.errors, checked.omitted)
    authors = _authors(checked, desks, username)
    if dry_run:
        new = checked.consultations - checked.same
        click.echo(_said(DRY, new, checked.same))
        return
    done = _written(checked, desks, authors)
    click.echo(_said(DONE, done.added, done.same))


def _desks(username: str | None) -> dict[str, DeskRow]:
    session = db.session()
    scope = EVERYWHERE if username is None else _scope_of(username)
    desks = {desk.code: desk for desk in list_desks(session, scope)}
    session.rollback()
    return desks


def _scope_of(username: str) -> Scope:
    account = staff.find_account(db.session(), username)
    if account is None or account.closed_at is not None or account.role != "supervisor":
        _refuse(gettext("There is no open supervisor account of that name."))
    return staff.get_scope(db.session(), account)


def _checked(path: Path, desks: dict[str, DeskRow]) -> ImportCheck:
    try:
        with path.open("rb") as file:
            found = read_records(file, desks.keys(), Limits())
            with click.progressbar(found, label=gettext("Checking"), **_on_terminal()) as shown:
                return spreadsheet_import.check_import(db.session(), desks, shown)
    except Unreadable as problem:
        _refuse(problem.sentence)
    finally:
        db.session.rollback()


def _authors(
    checked: ImportCheck, desks: dict[str, DeskRow], username: str | None
) -> dict[str, int]:
    """Who answers for the records of each country: the account named, else the first open supervisor."""
    session = db.session()
    known = sorted(staff.list_accounts(session), key=lambda line: line.account.id)
    lines = [line for line in known if line.account.role == "supervisor"]
    session.rollback()
    authors: dict[str, int] = {}
    for line in lines:
        if line.account.closed_at is None and username in (None, line.account.username):
            for country in line.countries:
                authors.setdefault(country, line.account.id)
    missing = sorted(spreadsheet_import.countries_of(checked, desks) - authors.keys())
    if missing:
        where = ", ".join(missing)
        _refuse(gettext("There is no open supervisor account for %(country)s.", country=where))
    return authors


def _written(
    checked: ImportCheck, desks: dict[str, DeskRow], authors: dict[str, int]
) -> ImportResult:
    length, label = checked.consultations, gettext("Writing")
    bar = click.progressbar(length=length, label=label, **_on_terminal())
    with unit_of_work(), bar as shown:
        done = spreadsheet_import.write_import(db.session(), authors, desks, checked, shown.update)
        if isinstance(done, list):
            db.session.rollback()
    if isinstance(done, list):
        _refuse_all(done, 0)
    return done


def _on_terminal() -> dict[str, Any]:
    return {"file": sys.stderr, "hidden": not sys.stderr.isatty()}


def _said(message: str, added: int, same: int) -> str:
    return str(gettext(message, added=added, same=same))


def _refuse_all(faults: list[CellError], more: int) -> NoReturn:
    for fault in faults:
        click.echo(f"{_place(fault)}: {error_sentence(fault)}", err=True)
    many = len(faults) + more
    _refuse(
        str(ngettext("%(num)s problem.", "%(num)s problems.", many))
        + " "
        + gettext("Nothing was stored.")
    )


def _place(fault: CellError) -> str:
    if not fault.column:
        return str(gettext("Row %(row)s", row=fault.row))
    return str(gettext("Row %(row)s, column %(column)s", row=fault.row, column=fault.column))


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)
