"""The page on which a supervisor imports a desk's own spreadsheet, and the template to fill in."""

from contextlib import closing
from typing import Any, BinaryIO, cast

from flask import Response, make_response, redirect, request, url_for
from flask_babel import gettext, ngettext
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import UnsupportedMediaType

from app.consultations.actions import spreadsheet_import
from app.consultations.actions.spreadsheet_import import ImportCheck, ImportResult
from app.consultations.forms.spreadsheets import columns, template
from app.consultations.forms.spreadsheets.rows import read_records
from app.consultations.rules.spreadsheets import CellError
from app.consultations.views.blueprint import blueprint
from app.db.session import db
from app.places.queries import DeskRow, list_desks
from app.spreadsheets.limits import SpreadsheetLimits, UnreadableSpreadsheet
from app.web.access import allow, principal
from app.web.outcomes import Renderers
from app.web.pages import flash_message, render_page
from app.web.requests import is_form, wants_json
from app.web.responses import json_response

MAX_BYTES = 2 * 1024 * 1024
LIMITS = SpreadsheetLimits(size=MAX_BYTES, unpacked=16 * 1024 * 1024, rows=5000, lines=10_000)
FORM_BYTES = 16 * 1024
"""The most bytes of the form around the file: its fields and boundaries."""
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/import")
@allow("import_consultations")
def import_form() -> Response:
    """Show the upload form."""
    return _page()


@blueprint.post("/import")
@allow("import_consultations", max_bytes=MAX_BYTES + FORM_BYTES)
def import_spreadsheet() -> AnyResponse:
    """Check a spreadsheet (`check`) or import it (`import`); 422 with all errors, else the number of consultations."""
    if not is_form():
        raise UnsupportedMediaType
    file = request.files.get("file")
    if file is None or not file.filename:
        return _error_response([], message=gettext("Choose a file."))
    try:
        with closing(file):
            return _check_or_import(cast(BinaryIO, file.stream))
    except UnreadableSpreadsheet as error:
        return _error_response([], message=error.message)


@blueprint.get("/import/template.xlsx")
@allow("import_consultations")
def template_xlsx() -> Response:
    """Return the template to fill in."""
    return _file(template.as_xlsx(_desks().keys()), XLSX_TYPE, "xlsx")


@blueprint.get("/import/template.csv")
@allow("import_consultations")
def template_csv() -> Response:
    """Return the header of the template alone."""
    return _file(template.as_csv(), "text/csv; charset=utf-8", "csv")


def _check_or_import(file: BinaryIO) -> AnyResponse:
    desks = _desks()
    records = read_records(file, desks.keys(), LIMITS)
    check = spreadsheet_import.check_import(db.session(), desks, records)
    if check.errors:
        return _error_response(check.errors, check.omitted)
    if request.form.get("do") != "import":
        return _check_response(check)
    authors = dict.fromkeys(principal().scope.countries, principal().account_id)
    outcome = spreadsheet_import.write_import(db.session(), authors, desks, check, lambda _: None)
    return outcome.render(Renderers(_import_response, _error_response))


def _desks() -> dict[str, DeskRow]:
    return {desk.code: desk for desk in list_desks(db.session(), principal().scope)}


def _import_response(result: ImportResult) -> AnyResponse:
    if wants_json():
        return json_response({"added": result.added, "same": result.same})
    flash_message(_summary(result.added, result.same))
    return redirect(url_for("consultations.import_form"))


def _summary(added: int, same: int) -> str:
    new = ngettext("%(num)s consultation added", "%(num)s consultations added", added)
    old = ngettext("%(num)s was there already", "%(num)s were there already", same)
    return f"{new}, {old}."


def _check_response(check: ImportCheck) -> Response:
    new = check.consultations - check.same
    if wants_json():
        return json_response({"added": 0, "same": check.same, "new": new})
    return _page(check_result={"new": new, "same": check.same})


def _error_response(errors: list[CellError], omitted: int = 0, message: str = "") -> Response:
    """Return 422 with the errors of cells, or with the message of an unreadable file."""
    if not wants_json():
        return _page(422, errors=errors, omitted=omitted, message=message)
    problems = [
        {
            "row": error.row,
            "column": error.column,
            "code": error.code,
            "message": columns.error_message(error),
        }
        for error in errors
    ]
    if message:
        problems = [{"row": 0, "column": "", "code": "unreadable", "message": message}]
    return json_response({"problems": problems}, 422)


def _page(status: int = 200, **variables: Any) -> Response:
    return render_page(
        "consultations/import.html",
        status,
        error_message=columns.error_message,
        columns=[(term, term.code in columns.REQUIRED) for term in columns.COLUMNS],
        **variables,
    )


def _file(content: bytes, content_type: str, extension: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = content_type
    disposition = f'attachment; filename="ventanilla.{extension}"'
    response.headers["Content-Disposition"] = disposition
    return response
