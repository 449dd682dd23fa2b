"""An unreadable spreadsheet is refused with one sentence: nothing is evaluated, expanded or read without end."""

import csv
import io
import time
import tracemalloc
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter

from app.spreadsheets.limits import (
    UNREADABLE_REASONS,
    SpreadsheetLimits,
    UnreadableSpreadsheet,
    UnusableCell,
)
from app.spreadsheets.reading import read_rows

pytestmark = pytest.mark.both_databases

DEFAULT_LIMITS = SpreadsheetLimits()
HEADER = ["desk", "day", "n"]
WORKSHEET_PART = "xl/worksheets/sheet1.xml"


def is_header(cells):
    return cells[:1] == ["desk"]


def read(content: bytes, limits: SpreadsheetLimits = DEFAULT_LIMITS):
    return list(read_rows(io.BytesIO(content), is_header, limits))


def refusal_of(content: bytes, limits: SpreadsheetLimits = DEFAULT_LIMITS) -> UnreadableSpreadsheet:
    with pytest.raises(UnreadableSpreadsheet) as caught:
        read(content, limits)
    return caught.value


def workbook_of(fill, **options) -> bytes:
    """Return a workbook that `fill` writes into."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as workbook:
        fill(workbook)
    return buffer.getvalue()


def spreadsheet(*rows) -> bytes:
    def fill(workbook):
        worksheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            worksheet.write_row(number, 0, row)

    return workbook_of(fill, strings_to_formulas=False)


def replace_part(content: bytes, name: str, part: bytes) -> bytes:
    """Return the same zip with one part replaced."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, part if entry == name else old.read(entry))
    return buffer.getvalue()


def read_part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def as_csv(*rows, separator: str = ",", encoding: str = "utf-8") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator).writerows(rows)
    return buffer.getvalue().encode(encoding)


def test_rows_come_with_the_numbers_that_a_spreadsheet_shows():
    rows = read(spreadsheet([], HEADER, ["HND-01", "x", 3], [], ["HND-02", "", 2.5]))
    assert rows == [(2, HEADER), (3, ["HND-01", "x", 3]), (5, ["HND-02", None, 2.5])]


def test_a_book_of_another_library_reads_the_same():
    workbook = openpyxl.Workbook()
    workbook.active.append(HEADER)
    workbook.active.append(["HND-01", datetime(2026, 3, 15, 14, 30), True])
    buffer = io.BytesIO()
    workbook.save(buffer)
    assert read(buffer.getvalue()) == [(1, HEADER), (2, ["HND-01", date(2026, 3, 15), True])]


@pytest.mark.parametrize("epoch", [False, True])
def test_dates_are_days_whatever_their_format_and_epoch(epoch):
    def fill(workbook):
        worksheet = workbook.add_worksheet()
        worksheet.write_row(0, 0, HEADER)
        for row, number_format in enumerate(
            ("yyyy-mm-dd", "dd/mm/yy", '[$-409]d" of "mmm', "d.m.yyyy hh:mm"), 1
        ):
            worksheet.write_datetime(
                row, 1, datetime(2026, 3, 15), workbook.add_format({"num_format": number_format})
            )
        worksheet.write_number(5, 1, 46096, workbook.add_format({"num_format": '0.00" days"'}))

    rows = read(workbook_of(fill, date_1904=epoch))
    assert [cells[1] for _, cells in rows[1:]] == [date(2026, 3, 15)] * 4 + [46096]


def test_a_formula_is_marked_and_never_evaluated_nor_its_kept_result_taken():
    def fill(workbook):
        worksheet = workbook.add_worksheet()
        worksheet.write_row(0, 0, HEADER)
        worksheet.write_formula(1, 2, "=1+1", value=2)

    assert read(workbook_of(fill))[1] == (2, [None, None, UnusableCell.FORMULA])


def test_a_text_that_looks_like_a_formula_is_a_text():
    assert read(spreadsheet(HEADER, ["=1+1"]))[1] == (2, ["=1+1"])


def test_an_error_and_a_text_without_end_are_marked():
    content = spreadsheet(HEADER, ["x" * 501, "x" * 500])
    errors = read_part(content, WORKSHEET_PART).replace(
        b"</sheetData>", b'<row r="9"><c r="A9" t="e"><v>#REF!</v></c></row></sheetData>'
    )
    rows = read(replace_part(content, WORKSHEET_PART, errors))
    assert rows[1:] == [(2, [UnusableCell.TOO_LONG, "x" * 500]), (9, [UnusableCell.ERROR])]
    assert read(as_csv(HEADER, ["x" * 501]))[1] == (2, [UnusableCell.TOO_LONG])


def test_merged_cells_are_refused_by_their_range():
    def fill(workbook):
        worksheet = workbook.add_worksheet()
        worksheet.write_row(0, 0, HEADER)
        worksheet.merge_range("B7:C9", "twice")

    problem = refusal_of(workbook_of(fill))
    assert (problem.code, problem.location) == ("merged", "B7:C9")


def test_a_merged_title_is_named_rather_than_the_missing_header():
    def fill(workbook):
        workbook.add_worksheet().merge_range("A1:F1", "Our year")

    assert refusal_of(workbook_of(fill)).location == "A1:F1"


def test_the_worksheet_with_our_columns_is_taken_and_two_of_them_are_refused():
    def fill(workbook):
        for name, first in zip("abc", names, strict=True):
            worksheet = workbook.add_worksheet(name)
            worksheet.write_row(0, 0, [first])
            worksheet.write_row(1, 0, [name])

    names = ("notes", "desk", "else")
    assert read(workbook_of(fill)) == [(1, ["desk"]), (2, ["b"])]
    names = ("notes", "desk", "desk")
    assert refusal_of(workbook_of(fill)).code == "several_sheets"
    names = ("notes", "others", "else")
    assert refusal_of(workbook_of(fill)).code == "no_header"


def test_a_file_with_a_password_or_of_an_old_format_is_refused():
    assert refusal_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000).code == "locked"


def test_an_encrypted_zip_is_refused():
    content = bytearray(spreadsheet(HEADER))
    for position in range(len(content) - 4):
        if content[position : position + 4] == b"PK\x01\x02":
            content[position + 8] |= 1
    assert refusal_of(bytes(content)).code == "locked"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"PK\x03\x04 and then nothing",
        b"desk;day\0;n",
        "desk,day,n".encode("utf-16"),
        bytes([0x81, 0x8D, 0x90]) * 10,
    ],
)
def test_a_file_that_is_no_spreadsheet_is_refused(content):
    assert refusal_of(content).code in ("not_a_sheet", "no_header")


def test_a_zip_without_a_workbook_is_no_spreadsheet():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    assert refusal_of(buffer.getvalue()).code == "not_a_sheet"


def test_a_damaged_worksheet_is_refused():
    content = spreadsheet(HEADER, ["HND-01"])
    truncated = read_part(content, WORKSHEET_PART)[:-40]
    assert refusal_of(replace_part(content, WORKSHEET_PART, truncated)).code == "not_a_sheet"
    damaged = bytearray(content)
    position = content.index(WORKSHEET_PART.encode()) + len(WORKSHEET_PART) + 20
    damaged[position : position + 40] = b"\xff" * 40
    assert refusal_of(bytes(damaged)).code == "not_a_sheet"


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    content = replace_part(spreadsheet(HEADER), WORKSHEET_PART, b" " * (150 * 1024 * 1024))
    assert len(content) < 200_000
    tracemalloc.start()
    started_at = time.process_time()
    assert refusal_of(content).code == "zip_bomb"
    assert time.process_time() - started_at < 2
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_more_than_may_be_unpacked_is_refused():
    content = spreadsheet(HEADER, *[[f"HND-{n}", n] for n in range(2000)])
    assert refusal_of(content, SpreadsheetLimits(unpacked=50_000)).code == "zip_bomb"


def test_a_zip_that_lies_about_its_size_is_not_read_beyond_it():
    content = bytearray(
        replace_part(spreadsheet(HEADER), WORKSHEET_PART, b"<a>" + b" " * 40_000_000 + b"</a>")
    )
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        position = content.find(mark)
        while position >= 0:
            size = content[position + offset : position + offset + 4]
            if int.from_bytes(size, "little") > 30_000_000:
                content[position + offset : position + offset + 4] = (1000).to_bytes(4, "little")
            position = content.find(mark, position + 4)
    tracemalloc.start()
    assert refusal_of(bytes(content)).code == "not_a_sheet"
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_thousand_and_one_parts_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for n in range(1001):
            archive.writestr(f"xl/{n}", "")
    assert refusal_of(buffer.getvalue()).code == "zip_bomb"


def test_overlapping_parts_are_refused():
    content = spreadsheet(HEADER)
    overlapping = bytearray(content)
    for position in range(len(overlapping) - 4):
        if overlapping[position : position + 4] == b"PK\x01\x02":
            overlapping[position + 20 : position + 24] = (len(content)).to_bytes(4, "little")
    assert refusal_of(bytes(overlapping)).code in ("zip_bomb", "not_a_sheet")


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>"""
)
FROM_OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize(
    "name", [WORKSHEET_PART, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
@pytest.mark.parametrize("definitions", [BOMB, FROM_OUTSIDE])
def test_definitions_in_any_part_are_refused_and_never_expanded(name, definitions):
    content = spreadsheet(HEADER, ["HND-01"])
    xml = read_part(content, name).split(b"?>", 1)[1]
    problem = refusal_of(replace_part(content, name, definitions + xml.replace(b"HND-01", b"&a;")))
    assert problem.code == "entities"


def test_definitions_written_in_another_encoding_are_refused_too():
    content = spreadsheet(HEADER, ["HND-01"])
    xml = read_part(content, WORKSHEET_PART).split(b"?>", 1)[1].decode()
    for encoding in ("utf-16", "utf-7", "cp037"):
        document = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "b">]>{xml}'
        problem = refusal_of(replace_part(content, WORKSHEET_PART, document.encode(encoding)))
        assert problem.code in ("entities", "not_a_sheet")


def test_a_million_empty_rows_end_quickly():
    head = b'<row r="1"><c r="A1" t="inlineStr"><is><t>desk</t></is></c></row>'
    content = spreadsheet(HEADER)
    before, after = (
        read_part(content, WORKSHEET_PART).split(b"<sheetData>")[0],
        b"</sheetData></worksheet>",
    )
    empty = b"".join(b'<row r="%d"/>' % n for n in range(2, 1_048_577))
    full = replace_part(content, WORKSHEET_PART, before + b"<sheetData>" + head + empty + after)
    started_at = time.process_time()
    assert read(full) == [(1, ["desk"])]
    assert time.process_time() - started_at < 30


def test_a_row_a_million_rows_down_costs_nothing():
    def fill(workbook):
        worksheet = workbook.add_worksheet()
        worksheet.write_row(0, 0, HEADER)
        worksheet.write_row(1_048_575, 0, ["HND-01"])

    assert read(workbook_of(fill))[1] == (1_048_576, ["HND-01"])


def test_styled_empty_cells_are_nothing():
    def fill(workbook):
        worksheet = workbook.add_worksheet()
        worksheet.write_row(0, 0, HEADER)
        worksheet.write_blank(5, 90, None, workbook.add_format({"bold": True}))
        worksheet.write_row(7, 0, ["  "])

    assert read(workbook_of(fill)) == [(1, HEADER)]


def test_a_million_blank_lines_of_a_csv_end_quickly():
    started_at = time.process_time()
    rows = read(b"desk,day\r\n" + b",,\r\n" * 1_000_000 + b"HND-01\r\n")
    assert rows == [(1, ["desk", "day"]), (1_000_002, ["HND-01"])]
    assert time.process_time() - started_at < 30


def test_too_many_columns_rows_or_bytes_are_refused():
    wide = ["desk", *["x"] * 60]
    refusal = refusal_of(spreadsheet(wide))
    assert (refusal.code, refusal.location) == ("too_many_columns", "BH")
    assert refusal_of(as_csv(wide)).code == "too_many_columns"
    assert (
        refusal_of(spreadsheet(HEADER, *[["x"]] * 11), SpreadsheetLimits(rows=10)).code
        == "too_many_rows"
    )
    assert len(read(spreadsheet(HEADER, *[["x"]] * 10), SpreadsheetLimits(rows=10))) == 11
    assert refusal_of(spreadsheet(HEADER), SpreadsheetLimits(size=1000)).code == "too_large"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_csv_reads_in_any_usual_writing(separator, encoding):
    rows = (HEADER, ["HND-01", "Niños; y, más", "a\nb"], [], ["", "", "é"])
    content = as_csv(*rows, separator=separator, encoding=encoding)
    assert read(content) == [(1, HEADER), (2, list(rows[1])), (4, ["", "", "é"])]


def test_a_csv_may_say_its_separator():
    assert read(b"sep=;\r\ndesk;a,b,c\r\nx;y\r\n") == [(2, ["desk", "a,b,c"]), (3, ["x", "y"])]


def test_a_quotation_mark_that_never_closes_is_refused():
    assert refusal_of(b'desk,day\r\nx,"' + b"y," * 200_000).code == "open_quote"


def test_memory_stays_flat_while_rows_grow():
    peaks = []
    for n_rows in (2_000, 40_000):
        content = spreadsheet(HEADER, *[["HND-01", "2026-03-15", n % 90] for n in range(n_rows)])
        tracemalloc.start()
        for _ in read_rows(io.BytesIO(content), is_header, SpreadsheetLimits()):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000


def test_every_refusal_has_its_one_sentence(app):
    for term in UNREADABLE_REASONS:
        assert UnreadableSpreadsheet(term.code, "B2:C3").message
    assert "B2:C3" in UnreadableSpreadsheet("merged", "B2:C3").message


def test_more_lines_than_may_be_are_refused_before_any_is_read():
    limits = SpreadsheetLimits(rows=10, lines=20)
    assert len(read(as_csv(HEADER, *[[]] * 18, ["x"]), limits)) == 2
    for content in (b"desk,day" + b"\n" * 30, b"desk,day" + b"\r" * 30):
        assert refusal_of(content, limits).code == "too_many_rows"
