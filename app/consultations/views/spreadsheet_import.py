"""The page on which a supervisor brings a desk's own sheet, and the template to fill in."""

from contextlib import closing
from typing import Any, BinaryIO, cast

from flask import Response, jsonify, make_response, redirect, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.exceptions import UnsupportedMediaType

from app.consultations.actions import spreadsheet_import
from app.consultations.actions.spreadsheet_import import ImportCheck, ImportResult
from app.consultations.forms.spreadsheets import columns, template
from app.consultations.forms.spreadsheets.rows import read_records
from app.consultations.rules.spreadsheets import CellError
from app.consultations.views.blueprint import blueprint
from app.db.session import db
from app.places.queries import DeskRow, list_desks
from app.spreadsheets.limits import Limits, Unreadable
from app.web.access import allow, principal
from app.web.pages import flash_message, page
from app.web.requests import is_form, wants_json

MOST_BYTES = 2 * 1024 * 1024
LIMITS = Limits(size=MOST_BYTES, unpacked=16 * 1024 * 1024, rows=5000, lines=10_000)
ROOM = 16 * 1024
"""For the fields and the boundaries around the file."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/import")
@allow("import_consultations")
def import_form() -> Response:
    """The page that takes a sheet."""
    return _page()


@blueprint.post("/import")
@allow("import_consultations", most_bytes=MOST_BYTES + ROOM)
def import_spreadsheet() -> Any:
    """Checks a sheet (`check`) or brings it (`import`): 422 with all problems, else how many were added."""
    if not is_form():
        raise UnsupportedMediaType
    file = request.files.get("file")
    if file is None or not file.filename:
        return _refused([], 0, gettext("Choose a file."))
    try:
        with closing(file):
            return _brought(cast(BinaryIO, file.stream))
    except Unreadable as problem:
        return _refused([], 0, problem.sentence)


@blueprint.get("/import/template.xlsx")
@allow("import_consultations")
def template_xlsx() -> Response:
    """The sheet to fill in."""
    return _file(template.as_xlsx(_desks().keys()), XLSX, "xlsx")


@blueprint.get("/import/template.csv")
@allow("import_consultations")
def template_csv() -> Response:
    """The columns alone."""
    return _file(template.as_csv(), "text/csv; charset=utf-8", "csv")


def _brought(file: BinaryIO) -> Any:
    desks = _desks()
    checked = spreadsheet_import.check_import(
        db.session(), desks, read_records(file, desks.keys(), LIMITS)
    )
    if checked.errors:
        return _refused(checked.errors, checked.omitted)
    if request.form.get("do") != "import":
        return _fine(checked)
    authors = dict.fromkeys(principal().scope.countries, principal().account_id)
    done = spreadsheet_import.write_import(db.session(), authors, desks, checked, lambda _: None)
    return _refused(done, 0) if isinstance(done, list) else _done(done)


def _desks() -> dict[str, DeskRow]:
    return {desk.code: desk for desk in list_desks(db.session(), principal().scope)}


def _done(done: ImportResult) -> Any:
    if wants_json():
        return jsonify({"added": done.added, "same": done.same})
    flash_message(_counted(done.added, done.same))
    return redirect(url_for("consultations.import_form"))


def _counted(added: int, same: int) -> str:
    new = ngettext("%(num)s consultation added", "%(num)s consultations added", added)
    old = ngettext("%(num)s was there already", "%(num)s were there already", same)
    return f"{new}, {old}."


def _fine(checked: ImportCheck) -> Response:
    new = checked.consultations - checked.same
    if wants_json():
        return jsonify({"added": 0, "same": checked.same, "new": new})
    return _page(fine={"new": new, "same": checked.same})


def _refused(faults: list[CellError], more: int, sentence: str = "") -> Response:
    if not wants_json():
        return _page(422, faults=faults, more=more, sentence=sentence)
    told = [
        {
            "row": one.row,
            "column": one.column,
            "code": one.code,
            "message": columns.error_sentence(one),
        }
        for one in faults
    ]
    if sentence:
        told = [{"row": 0, "column": "", "code": "unreadable", "message": sentence}]
    answer = jsonify({"problems": told})
    answer.status_code = 422
    return answer


def _page(status: int = 200, **facts: Any) -> Response:
    return page(
        "consultations/import.html",
        status,
        say_of=columns.error_sentence,
        columns=[(term, term.code in columns.REQUIRED) for term in columns.COLUMNS],
        **facts,
    )


def _file(content: bytes, kind: str, ending: str) -> Response:
    answer = make_response(content)
    answer.headers["Content-Type"] = kind
    answer.headers["Content-Disposition"] = f'attachment; filename="ventanilla.{ending}"'
    return answer
