"""A spreadsheet of a desk is imported whole or not at all, stored once, and no identifier in it is repeated."""

import io
import os
import signal
import subprocess
import sys
import time

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app.audit.models import AuditEntry
from app.consultations.actions import spreadsheet_import
from app.consultations.actions.spreadsheet_import import ImportResult
from app.consultations.forms.spreadsheets import label_codes
from app.consultations.forms.spreadsheets.columns import COLUMNS, MESSAGES, error_message
from app.consultations.forms.spreadsheets.rows import read_records
from app.consultations.models import Consultation
from app.consultations.rules.spreadsheets import CellError
from app.db.session import db, unit_of_work
from app.i18n import language
from app.i18n.language import LOCALES
from app.people.actions.cards import issue
from app.people.models.lines import PersonLine
from app.places.queries import ALL_DESKS, list_desks
from app.spreadsheets.limits import SpreadsheetLimits
from app.web.outcomes import Accepted, Conflict
from tests.benchmarks.server import ROOT
from tests.consultations.spreadsheet_files import as_csv, as_xlsx, cells, make_row, save_file
from tests.factories.records import JSON, in_new_context, make_account, make_desk
from tests.factories.two_country_world import row_counts


def desks():
    by_code = {desk.code: desk for desk in list_desks(db.session(), ALL_DESKS)}
    db.session.rollback()
    return by_code


def check_spreadsheet(content: bytes, known_desks=None):
    known_desks = desks() if known_desks is None else known_desks
    records = read_records(io.BytesIO(content), known_desks.keys(), SpreadsheetLimits())
    checked = spreadsheet_import.check_import(db.session(), known_desks, records)
    db.session.rollback()
    return checked


def import_spreadsheet(world, content: bytes) -> ImportResult:
    checked = check_spreadsheet(content)
    assert checked.errors == []
    authors = {
        "HND": world.accounts["susana"].account_id,
        "GTM": world.accounts["gabi"].account_id,
    }
    with unit_of_work():
        result = spreadsheet_import.write_import(
            db.session(), authors, desks(), checked, lambda _: None
        )
    assert isinstance(result, Accepted), result
    return result.value


def errors_of(rows, writer=as_csv) -> list[tuple[int, str, str]]:
    return [
        (error.row, error.column, error.code)
        for error in check_spreadsheet(writer(cells(rows))).errors
    ]


def contents() -> list[tuple]:
    """Return the content of all stored consultations, without numbers and times."""
    of_row = ("held_on", "channel", "modality", "travel_group", "language", "topics")
    of_row += ("main_topic", "outcomes", "flags", "persons", "is_tally")
    of_line = ("group_index", "sex", "age_band", "nationality", "situation", "n", "repeat_contact")
    consultations = []
    for row in db.session.scalars(select(Consultation).order_by(Consultation.id)):
        lines = select(PersonLine).where(PersonLine.consultation_id == row.id)
        people = db.session.scalars(lines.order_by(PersonLine.id))
        consultations.append(
            (
                *tuple(getattr(row, name) for name in of_row),
                sorted(tuple(getattr(line, name) for name in of_line) for line in people),
            )
        )
    db.session.rollback()
    return sorted(consultations)


def run(app, *arguments):
    # Outside of the test's own app context, as a command would be.
    return in_new_context(
        app.test_cli_runner().invoke, args=["consultations", "import", *map(str, arguments)]
    )


FAMILY = [
    make_row(record="1", n=2, topics="asylum; health", flags="disability", main_topic="health"),
    make_row(record="1", sex="male", age_band="age_5_11", topics="", outcomes="", held_on=""),
    make_row(record="1", nationality="VEN", repeat_contact="unknown", desk="", topics=""),
    make_row(record="2"),
    make_row(record="2", held_on="2026-03-16"),
    make_row(),
    make_row(),
]
TALLY = dict.fromkeys(make_row(), "") | {
    "desk": "HND-01", "held_on": "2026-03-15", "outcomes": "person_declined_record",
}  # fmt: skip


@pytest.mark.parametrize("writer", [as_csv, as_xlsx])
def test_a_spreadsheet_is_stored_once_however_often_it_is_imported(world, writer):
    content = writer(cells([*FAMILY, TALLY]))
    assert import_spreadsheet(world, content) == ImportResult(added=6, same=0)
    before = row_counts(), contents()

    assert import_spreadsheet(world, content) == ImportResult(added=0, same=6)
    assert check_spreadsheet(content).same == 6

    assert (row_counts(), contents()) == before
    assert before[0]["consultation"] == 6
    assert before[0]["person_line"] == 7
    family = next(consultation for consultation in before[1] if consultation[9] == 4)
    assert family[5:9] == (("asylum", "health"), "health", ("information_given",), ("disability",))
    assert [line[0] for line in family[-1]] == [0, 0, 1]


def test_a_spreadsheet_with_one_more_row_adds_that_row(world):
    import_spreadsheet(world, as_csv(cells(FAMILY)))
    assert import_spreadsheet(world, as_csv(cells([*FAMILY, make_row()]))) == ImportResult(
        added=1, same=5
    )


def test_one_audit_entry_is_written_for_each_desk_that_got_a_record(world):
    content = as_csv(
        cells([make_row(), make_row(n=2), make_row(desk="HND-02"), make_row(desk="GTM-01")])
    )
    import_spreadsheet(world, content)
    import_spreadsheet(world, content)
    lines = db.session.execute(
        select(AuditEntry.subject, AuditEntry.country, AuditEntry.account_id)
        .where(AuditEntry.action == "imported")
        .order_by(AuditEntry.number)
    ).all()
    hnd, gtm = (world.accounts[name].account_id for name in ("susana", "gabi"))
    assert [tuple(line) for line in lines] == [
        ("desk:GTM-01", "GTM", gtm),
        ("desk:HND-01", "HND", hnd),
        ("desk:HND-02", "HND", hnd),
    ]


def test_the_same_record_with_other_content_is_reported_and_nothing_is_stored(world):
    import_spreadsheet(world, as_csv(cells([make_row(record="7")])))
    before = row_counts()
    changed = [make_row(record="8"), make_row(record="7", n=2)]
    assert errors_of(changed) == [(3, "A", "different")]
    assert row_counts() == before


def test_what_somebody_else_imports_between_check_and_writing_is_reported(world):
    checked = check_spreadsheet(as_csv(cells([make_row(record="8"), make_row(record="7", n=2)])))
    assert checked.errors == []
    import_spreadsheet(world, as_csv(cells([make_row(record="7")])))
    authors = {"HND": world.accounts["susana"].account_id}
    with unit_of_work():
        result = spreadsheet_import.write_import(
            db.session(), authors, desks(), checked, lambda _: None
        )
        db.session.rollback()
    assert result == Conflict([CellError(3, "A", "different")])
    assert row_counts()["consultation"] == 1


def test_one_error_keeps_the_whole_spreadsheet_out(world, tmp_path):
    path = save_file(tmp_path, as_csv(cells([make_row(), make_row(sex="horse"), make_row()])))
    before = row_counts()
    result = run(world.app, path)
    assert result.exit_code == 1
    assert "G" in result.stderr and "3" in result.stderr
    assert "horse" not in result.output
    assert row_counts() == before


def test_every_error_is_reported_by_row_and_column(world):
    rows = [
        make_row(sex="horse", n="3,5", held_on="03/15/2026"),
        make_row(held_on="15.3.26", desk="GTM-99", topics="asylum; unknown thing"),
        make_row(nationality="", age_band="", repeat_contact=""),
        make_row(n=100, held_on="2040-01-01", flags="none; disability"),
        make_row(outcomes="person_declined_record"),
        make_row(n=True, held_on="yesterday", main_topic="health"),
        make_row(held_on="2026-01-10", repeat_contact="first_this_month"),
    ]
    assert errors_of(rows) == [
        (2, "C", "day_unclear"),
        (2, "G", "unknown_code"),
        (2, "I", "not_a_number"),
        (3, "B", "not_your_desk"),
        (3, "C", "day_unclear"),
        (3, "J", "unknown_code"),
        (4, "D", "required"),
        (4, "F", "required"),
        (4, "H", "required"),
        (5, "C", "in_future"),
        (5, "I", "out_of_range"),
        (5, "L", "excludes_others"),
        (6, "I", "only_a_tally"),
        (6, "J", "only_a_tally"),
        (7, "C", "not_a_date"),
        (7, "I", "not_a_number"),
        (7, "M", "not_a_topic_marked"),
        (8, "F", "impossible_answer"),
    ]


def test_rows_of_one_record_must_agree_and_stand_together(world):
    rows = [
        make_row(record="1"),
        make_row(record="1", topics="health", sex="male"),
        make_row(record="2"),
        make_row(record="1"),
    ]
    assert errors_of(rows) == [(3, "J", "not_the_same"), (5, "A", "scattered_record")]


def test_the_same_profile_twice_in_a_record_adds_up(world):
    import_spreadsheet(world, as_csv(cells([make_row(record="1"), make_row(record="1", n=2)])))
    assert [consultation[9] for consultation in contents()] == [3]


def test_a_formula_and_an_error_are_faults_of_their_cells(world):
    book = openpyxl.Workbook()
    for row in cells([make_row(), make_row(n="=1+1")]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    faults = check_spreadsheet(buffer.getvalue()).errors
    assert [(error.row, error.column, error.code) for error in faults] == [(3, "I", "formula")]


@pytest.mark.parametrize(
    "day", ["2026-03-15", "15/03/2026", "15.3.2026", "15-03-2026", "2026/3/15"]
)
def test_a_day_may_be_written_in_several_ways(world, day):
    import_spreadsheet(world, as_csv(cells([make_row(held_on=day)])))
    assert [str(consultation[0]) for consultation in contents()] == ["2026-03-15"]


@pytest.mark.parametrize("day", ["03/15/2026", "15/03/26", "31.2.2026", "2026-15-03", "0/0/2026"])
def test_a_day_that_could_be_another_is_refused(world, day):
    assert errors_of([make_row(held_on=day)]) == [(2, "C", "day_unclear")]


def test_columns_are_reported_by_position_and_never_by_their_header(world):
    header, row = cells([make_row()])
    rows = [[*header, "Nombre y apellido", "SEX"], [*row, "Ana", "female"]]
    checked = check_spreadsheet(as_csv(rows))
    assert [(error.row, error.column, error.code) for error in checked.errors] == [
        (1, "L", "unknown_column"),
        (1, "M", "duplicate_column"),
    ]
    without = [line[:6] + line[7:] for line in cells([make_row()])]
    faults = check_spreadsheet(as_csv(without)).errors
    assert [(error.row, error.code, error.named_column) for error in faults] == [
        (1, "missing_column", "sex")
    ]
    assert "Nombre" not in "".join(error_message(error) for error in checked.errors)


IDENTIFIERS = {
    "ana.lopez@example.org": "e_mail",
    "wa.me/50499123456": "web",
    "@ana_lopez": "web",
    "GOMC900514HDFRRL09": "document",
    "AB1234567": "document",
    "8-123-4": "document",
    "P<HNDLOPEZ<<ANA": "document",
    "0801-1990-12345": "number",
    "+504 9912 3456": "number",
    "9９1 2３4": "number",
    "O8O1 199O": "number",
    "+50 41": "phone",
}


@pytest.mark.parametrize(("text", "rule"), IDENTIFIERS.items())
def test_an_identifier_in_any_cell_is_named_and_never_repeated(world, tmp_path, text, rule, caplog):
    for column in (*cells([make_row()])[0], "channel", "flags", "main_topic", "language"):
        if column == "n" and rule == "number":
            continue
        errors = check_spreadsheet(as_csv(cells([make_row(**{column: text})]))).errors
        assert [problem.code for problem in errors] == [rule], column
    header, row = cells([make_row()])
    path = save_file(tmp_path, as_xlsx([[*header, "Notes"], [*row, f"see {text} please"]]))
    result = run(world.app, path)
    assert result.exit_code == 1
    assert text not in result.output + caplog.text
    answer = upload(world, path.read_bytes())
    assert rule in {problem["code"] for problem in answer.get_json()["problems"]}
    assert text not in answer.text
    assert row_counts()["consultation"] == 0


def test_a_long_number_in_a_number_cell_is_an_identifier(world):
    rows = [make_row(n=99123456), make_row(record=801199012345)]
    assert errors_of(rows, as_xlsx) == [(2, "I", "number"), (3, "A", "number")]


LABELLED_CODES = {
    "nationality": ("HND", "VEN", "HTI", "CIV", "XXX"),
    "situation": ("in_transit", "host_community", "unknown"),
    "repeat_contact": ("first_this_year", "repeat_this_month", "unknown"),
    "sex": ("female", "male", "other", "not_stated"),
    "age_band": ("age_0_4", "age_60_plus", "unknown_child"),
    "channel": ("desk_in_person", "email", "other"),
    "modality": ("transactional", "accompaniment"),
    "travel_group": ("uasc", "family_no_children"),
    "language": ("spa", "hat", "eng"),
    "topics": ("entry_visa_transit", "consular", "other"),
    "outcomes": ("document_help", "person_left", "information_given"),
    "flags": ("older_person", "disability"),
}


def label(column: str, code: str, locale: str) -> str:
    """Return the label of a code as a page in that language shows it."""
    if column == "language":
        return dict(language.languages_by_name(locale))[code]
    if column == "nationality" and code != "XXX":
        return dict(language.countries_by_name(locale))[code]
    terms = (
        label_codes.shared_codelists.SPECIAL_NATIONALITIES
        if code == "XXX"
        else label_codes.CODELISTS[column][0]
    )
    directory = label_codes.current_app.config["BABEL_TRANSLATION_DIRECTORIES"]
    return label_codes.catalogue_of(locale, directory).gettext(terms[code].label)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_labels_of_any_language_say_the_same_as_codes(world, data):
    multiple = {"topics", "outcomes", "flags"}
    fields = {
        column: data.draw(st.lists(st.sampled_from(codes), min_size=1, unique=True))
        if column in multiple
        else [data.draw(st.sampled_from(codes))]
        for column, codes in LABELLED_CODES.items()
    }
    locale = data.draw(st.sampled_from(sorted(LOCALES)))
    change = data.draw(st.sampled_from([str, str.upper, str.lower, lambda text: f"  {text} "]))
    separator = data.draw(st.sampled_from(["; ", ";", "\n", ", "]))
    plain = make_row(**{column: ";".join(codes) for column, codes in fields.items()})
    labelled = make_row(
        **{
            column: separator.join(change(label(column, code, locale)) for code in codes)
            for column, codes in fields.items()
        }
    )
    catalogue = label_codes.catalogue_of(locale, label_codes._directory())
    header, row = cells([labelled])
    named = [catalogue.gettext(COLUMNS[code].label) for code in header]
    coded, other = (
        check_spreadsheet(as_csv(cells([plain]))),
        check_spreadsheet(as_xlsx([named, row])),
    )
    assert coded.errors == other.errors == []
    assert [pending.data for pending in spreadsheet_import._pending_rows(coded)] == [
        pending.data for pending in spreadsheet_import._pending_rows(other)
    ]


def test_every_label_of_every_column_means_its_code_or_is_reported_as_ambiguous(app):
    for column, codes in LABELLED_CODES.items():
        meant = label_codes.codes_by_label(column)
        for locale in LOCALES:
            for code in codes:
                assert meant[label_codes.normalise(label(column, code, locale))] in (
                    code,
                    label_codes.AMBIGUOUS,
                )
    names = label_codes.codes_by_column_name(COLUMNS)
    assert label_codes.AMBIGUOUS not in names.values()


def test_a_word_that_means_two_things_is_refused(world, monkeypatch):
    meant = label_codes._by_word([("Gato", "cat"), ("gató", "cake"), ("perro", "dog")])
    assert meant["gato"] == label_codes.AMBIGUOUS
    assert meant["perro"] == "dog"
    assert "ambiguous" in MESSAGES


def test_two_thousand_errors_are_all_reported_quickly(world, tmp_path):
    rows = [make_row(sex="horse" if n % 2 else "female", n=0 if n % 2 else 1) for n in range(2000)]
    path = save_file(tmp_path, as_xlsx(cells(rows)))
    started_at = time.process_time()
    result = run(world.app, path)
    seconds = time.process_time() - started_at
    assert result.exit_code == 1
    lines = result.stderr.strip().split("\n")
    assert len(lines) == 2001
    assert all(
        f" {n + 2}, " in line for n, line in zip(range(1, 2000, 2), lines[0::2], strict=False)
    )
    assert seconds < 10


def test_a_dry_run_stores_nothing_and_says_what_would_come(world, tmp_path):
    path = save_file(tmp_path, as_xlsx(cells(FAMILY)))
    before = row_counts()
    result = run(world.app, path, "--dry-run")
    assert (result.exit_code, row_counts()) == (0, before)
    assert "5" in result.output
    assert run(world.app, path).exit_code == 0
    assert row_counts()["consultation"] == 5
    assert run(world.app, path).exit_code == 0
    assert row_counts()["consultation"] == 5
    bad = save_file(tmp_path, as_xlsx(cells([make_row(sex="horse")])))
    assert run(world.app, bad, "--dry-run").exit_code == 1
    assert run(world.app, tmp_path / "nowhere").exit_code == 2


def test_the_author_of_an_import_is_the_account_named_or_the_first_supervisor(world, tmp_path):
    make_account("sonia", "supervisor", countries=("HND",))
    first = save_file(tmp_path, as_csv(cells([make_row()])))
    assert run(world.app, first).exit_code == 0
    assert (
        run(
            world.app, save_file(tmp_path, as_csv(cells([make_row(n=2)])), "b"), "--by", "sonia"
        ).exit_code
        == 0
    )
    authors = [
        row.author_id for row in db.session.scalars(select(Consultation).order_by("persons"))
    ]
    db.session.rollback()
    by_name = {name: account.account_id for name, account in world.accounts.items()}
    assert authors[0] == by_name["susana"] != authors[1]
    for name in ("ana", "adela", "nobody"):
        assert run(world.app, first, "--by", name).exit_code == 1
    theirs = save_file(tmp_path, as_csv(cells([make_row(desk="GTM-01")])))
    assert run(world.app, theirs, "--by", "susana").exit_code == 1


def test_without_a_supervisor_a_spreadsheet_is_refused_with_one_sentence(app, tmp_path):
    make_desk()
    result = run(app, save_file(tmp_path, as_csv(cells([make_row()]))))
    assert result.exit_code == 1
    assert len(result.stderr.strip().split("\n")) == 1
    assert "HND" in result.stderr


def test_figures_after_an_import_are_those_counted_by_hand(world):
    rows = [
        make_row(n=2),
        make_row(sex="male", repeat_contact="repeat_this_month"),
        make_row(age_band="age_0_4", repeat_contact="unknown", n=3),
        make_row(repeat_contact="first_this_month", outcomes="information_given; person_left"),
        make_row(n=5, outcomes="person_left"),
        TALLY,
    ]
    import_spreadsheet(world, as_csv(cells(rows)))
    figures = world["susana"].get_json("/counts.json?country=HND&month=2026-03").get_json()
    assert (figures["consultations"], figures["tallies"]) == (6, 1)
    assert figures["persons_in_consultations"] == 12
    assert figures["reached"] == {"low": 3, "high": 6, "unknown": 3}
    assert figures["new"] == 2


def test_a_card_in_a_spreadsheet_counts_its_people_once(world):
    with unit_of_work():
        codes = issue(db.session(), world.accounts["susana"].account_id, desks()["HND-01"], 2, 2026)
    rows = [
        make_row(record="1", card=codes[0], n=2, repeat_contact="unknown"),
        make_row(record="2", card=codes[0].lower(), desk="HND-02", held_on="2026-04-02", n=3),
        make_row(record="3", card=codes[1].replace("-", " "), repeat_contact="unknown"),
        make_row(record="4", repeat_contact="unknown"),
    ]
    content = as_csv(cells(rows))
    assert import_spreadsheet(world, content) == ImportResult(added=4, same=0)
    assert import_spreadsheet(world, content) == ImportResult(added=0, same=4)
    statement = select(PersonLine.held_on, PersonLine.ordinal, PersonLine.previous_in_country)
    lines = db.session.execute(
        statement.where(PersonLine.card_id.is_not(None)).order_by(PersonLine.id)
    )
    person_lines = [(str(line[0]), *line[1:]) for line in lines]
    db.session.rollback()
    assert person_lines == [
        ("2026-03-15", 1, 0),
        ("2026-03-15", 2, 0),
        ("2026-04-02", 1, 202603),
        ("2026-04-02", 2, 202603),
        ("2026-04-02", 3, 0),
        ("2026-03-15", 1, 0),
    ]
    mistyped = codes[0][:-1] + ("0" if codes[0][-1] != "0" else "1")
    assert errors_of([make_row(card=mistyped)]) == [(2, "L", "card_mistyped")]


def upload(world, content: bytes, do: str = "import", name: str = "susana", headers=JSON):
    """Post a file by the page's form; return the answer."""
    browser = world[name]
    file = FileStorage(io.BytesIO(content), "sheet.xlsx")
    fields = {"do": do, "csrf_token": browser.token(), "file": file}
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    post = browser.client.post
    return in_new_context(
        post, "/consultations/import", data=body, content_type=kind, headers=headers
    )


def test_a_supervisor_imports_a_spreadsheet_by_the_page(world):
    content = as_xlsx(cells(FAMILY))
    assert upload(world, content, "check").get_json() == {"added": 0, "same": 0, "new": 5}
    assert row_counts()["consultation"] == 0
    assert upload(world, content).get_json() == {"added": 5, "same": 0}
    assert upload(world, content).get_json() == {"added": 0, "same": 5}
    page = upload(world, content, headers={"Accept": "text/html"})
    assert (page.status_code, page.location) == (302, "/consultations/import")
    assert "5" in world["susana"].get("/consultations/import").text


def test_the_page_lists_every_problem_and_stores_nothing(world):
    rows = [make_row(sex="horse"), make_row(desk="GTM-01")]
    before = row_counts()
    refused = upload(world, as_csv(cells(rows)))
    assert refused.status_code == 422
    problems = [
        (problem["row"], problem["column"], problem["code"])
        for problem in refused.get_json()["problems"]
    ]
    assert problems == [(2, "G", "unknown_code"), (3, "B", "not_your_desk")]
    page = upload(world, as_csv(cells(rows)), headers={"Accept": "text/html"})
    assert page.status_code == 422
    assert page.text.count('<td class="num">') == 2
    assert "horse" not in page.text
    assert row_counts() == before


def test_what_cannot_be_read_is_one_sentence_on_the_page(world):
    for content in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"a,b\n1,2\n"):
        refused = upload(world, content)
        assert refused.status_code == 422
        assert len(refused.get_json()["problems"]) == 1
    nothing = world["susana"].post_form("/consultations/import", {"do": "import"})
    assert nothing.status_code == 422


def test_the_page_takes_two_megabytes_and_everything_else_stays_small(world):
    large = as_csv([*cells([make_row()]), *[["x" * 499] * 20] * 180])
    assert 1_500_000 < len(large) < 2_000_000
    assert upload(world, large).status_code == 422
    assert upload(world, large + large).status_code == 413
    data = {"csrf_token": world["susana"].token(), "current": "x" * 300_000}
    assert (
        in_new_context(world["susana"].client.post, "/account/password", data=data).status_code
        == 413
    )
    many = as_csv([*cells([make_row()]), *[["x"]] * 5001])
    assert upload(world, many).status_code == 422


def test_only_supervisors_import_spreadsheets_and_only_of_their_countries(world):
    content = as_csv(cells([make_row()]))
    for name in ("ana", "rita", "adela", "cora"):
        assert upload(world, content, name=name).status_code == 403
    assert upload(world, content, name="gabi").status_code == 422
    missing = upload(world, as_csv(cells([make_row(desk="XYZ-01")])), name="gabi")
    assert missing.get_json() == upload(world, content, name="gabi").get_json()
    assert row_counts()["consultation"] == 0


@pytest.mark.parametrize("locale", sorted(LOCALES))
def test_the_template_filled_in_by_its_own_lists_is_taken(world, locale):
    browser = world["susana"]
    browser.client.set_cookie("locale", locale)
    book = openpyxl.load_workbook(
        io.BytesIO(browser.get("/consultations/import/template.xlsx").data)
    )
    first, words = book.worksheets
    for column in range(1, first.max_column + 1):
        offered = words.cell(3, column).value
        if offered:
            first.cell(2, column, offered)
    heads = {
        label_codes.codes_by_column_name(COLUMNS)[label_codes.normalise(c.value)]: c.column
        for c in first[1]
    }
    assert heads.keys() == set(COLUMNS.codes)
    first.cell(2, heads["held_on"], "2026-03-15")
    first.cell(2, heads["n"], 3)
    buffer = io.BytesIO()
    book.save(buffer)
    assert upload(world, buffer.getvalue()).get_json() == {"added": 1, "same": 0}
    assert not [c for row in words.iter_rows() for c in row if c.data_type == "f"]
    plain = browser.get("/consultations/import/template.csv").data
    assert check_spreadsheet(plain).errors == []


def test_an_import_killed_half_way_leaves_nothing(world, tmp_path):
    rows = [make_row(record=str(n), n=1 + n % 9) for n in range(4000)]
    path = save_file(tmp_path, as_csv(cells(rows)))
    before = row_counts()
    url = world.app.config["SETTINGS"].database_url
    environment = {**os.environ, "DATABASE_URL": url}
    db.session.remove()
    command = [sys.executable, "-m", "tests.consultations.slow_import", str(path)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"half-way\n"
        finally:
            os.kill(process.pid, signal.SIGKILL)
    assert row_counts() == before
    assert import_spreadsheet(world, path.read_bytes()) == ImportResult(added=4000, same=0)
