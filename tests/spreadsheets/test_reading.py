"""A sheet that cannot be read is refused with one sentence: nothing is evaluated, expanded or read without end."""

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

USUAL = SpreadsheetLimits()
HEAD = ["desk", "day", "n"]
SHEET = "xl/worksheets/sheet1.xml"


def is_header(cells):
    return cells[:1] == ["desk"]


def read(content: bytes, limits: SpreadsheetLimits = USUAL):
    return list(read_rows(io.BytesIO(content), is_header, limits))


def refused(content: bytes, limits: SpreadsheetLimits = USUAL) -> UnreadableSpreadsheet:
    with pytest.raises(UnreadableSpreadsheet) as caught:
        read(content, limits)
    return caught.value


def book(fill, **options) -> bytes:
    """A workbook that `fill` writes into."""
    said = io.BytesIO()
    with xlsxwriter.Workbook(said, {"in_memory": True, **options}) as made:
        fill(made)
    return said.getvalue()


def sheet(*rows) -> bytes:
    def fill(made):
        page = made.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)

    return book(fill, strings_to_formulas=False)


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same zip with another part in the place of one."""
    said = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(said, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            new.writestr(entry, part if entry == name else old.read(entry))
    return said.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        return made.read(name)


def as_csv(*rows, separator: str = ",", encoding: str = "utf-8") -> bytes:
    said = io.StringIO()
    csv.writer(said, delimiter=separator).writerows(rows)
    return said.getvalue().encode(encoding)


def test_rows_come_with_the_numbers_that_a_spreadsheet_shows():
    rows = read(sheet([], HEAD, ["HND-01", "x", 3], [], ["HND-02", "", 2.5]))
    assert rows == [(2, HEAD), (3, ["HND-01", "x", 3]), (5, ["HND-02", None, 2.5])]


def test_a_book_of_another_library_reads_the_same():
    made = openpyxl.Workbook()
    made.active.append(HEAD)
    made.active.append(["HND-01", datetime(2026, 3, 15, 14, 30), True])
    said = io.BytesIO()
    made.save(said)
    assert read(said.getvalue()) == [(1, HEAD), (2, ["HND-01", date(2026, 3, 15), True])]


@pytest.mark.parametrize("epoch", [False, True])
def test_dates_are_days_whatever_their_format_and_epoch(epoch):
    def fill(made):
        page = made.add_worksheet()
        page.write_row(0, 0, HEAD)
        for row, how in enumerate(
            ("yyyy-mm-dd", "dd/mm/yy", '[$-409]d" of "mmm', "d.m.yyyy hh:mm"), 1
        ):
            page.write_datetime(row, 1, datetime(2026, 3, 15), made.add_format({"num_format": how}))
        page.write_number(5, 1, 46096, made.add_format({"num_format": '0.00" days"'}))

    rows = read(book(fill, date_1904=epoch))
    assert [cells[1] for _, cells in rows[1:]] == [date(2026, 3, 15)] * 4 + [46096]


def test_a_formula_is_marked_and_never_evaluated_nor_its_kept_result_taken():
    def fill(made):
        page = made.add_worksheet()
        page.write_row(0, 0, HEAD)
        page.write_formula(1, 2, "=1+1", value=2)

    assert read(book(fill))[1] == (2, [None, None, UnusableCell.FORMULA])


def test_a_text_that_looks_like_a_formula_is_a_text():
    assert read(sheet(HEAD, ["=1+1"]))[1] == (2, ["=1+1"])


def test_an_error_and_a_text_without_end_are_marked():
    content = sheet(HEAD, ["x" * 501, "x" * 500])
    errors = part_of(content, SHEET).replace(
        b"</sheetData>", b'<row r="9"><c r="A9" t="e"><v>#REF!</v></c></row></sheetData>'
    )
    rows = read(with_part(content, SHEET, errors))
    assert rows[1:] == [(2, [UnusableCell.TOO_LONG, "x" * 500]), (9, [UnusableCell.ERROR])]
    assert read(as_csv(HEAD, ["x" * 501]))[1] == (2, [UnusableCell.TOO_LONG])


def test_merged_cells_are_refused_by_their_range():
    def fill(made):
        page = made.add_worksheet()
        page.write_row(0, 0, HEAD)
        page.merge_range("B7:C9", "twice")

    problem = refused(book(fill))
    assert (problem.code, problem.location) == ("merged", "B7:C9")


def test_a_merged_title_is_named_rather_than_the_missing_header():
    def fill(made):
        made.add_worksheet().merge_range("A1:F1", "Our year")

    assert refused(book(fill)).location == "A1:F1"


def test_the_worksheet_with_our_columns_is_taken_and_two_of_them_are_refused():
    def fill(made):
        for name, first in zip("abc", names, strict=True):
            page = made.add_worksheet(name)
            page.write_row(0, 0, [first])
            page.write_row(1, 0, [name])

    names = ("notes", "desk", "else")
    assert read(book(fill)) == [(1, ["desk"]), (2, ["b"])]
    names = ("notes", "desk", "desk")
    assert refused(book(fill)).code == "several_sheets"
    names = ("notes", "others", "else")
    assert refused(book(fill)).code == "no_header"


def test_a_password_and_an_old_file_are_told():
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000).code == "locked"


def test_an_encrypted_zip_is_told():
    content = bytearray(sheet(HEAD))
    for place in range(len(content) - 4):
        if content[place : place + 4] == b"PK\x01\x02":
            content[place + 8] |= 1
    assert refused(bytes(content)).code == "locked"


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
def test_what_is_no_sheet_is_told(content):
    assert refused(content).code in ("not_a_sheet", "no_header")


def test_a_zip_without_a_workbook_is_no_sheet():
    said = io.BytesIO()
    with zipfile.ZipFile(said, "w") as made:
        made.writestr("content.xml", "<office/>")
    assert refused(said.getvalue()).code == "not_a_sheet"


def test_a_damaged_worksheet_is_told():
    content = sheet(HEAD, ["HND-01"])
    half = part_of(content, SHEET)[:-40]
    assert refused(with_part(content, SHEET, half)).code == "not_a_sheet"
    damaged = bytearray(content)
    place = content.index(SHEET.encode()) + len(SHEET) + 20
    damaged[place : place + 40] = b"\xff" * 40
    assert refused(bytes(damaged)).code == "not_a_sheet"


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    content = with_part(sheet(HEAD), SHEET, b" " * (150 * 1024 * 1024))
    assert len(content) < 200_000
    tracemalloc.start()
    began = time.perf_counter()
    assert refused(content).code == "zip_bomb"
    assert time.perf_counter() - began < 2
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_more_than_may_be_unpacked_is_refused():
    content = sheet(HEAD, *[[f"HND-{n}", n] for n in range(2000)])
    assert refused(content, SpreadsheetLimits(unpacked=50_000)).code == "zip_bomb"


def test_a_zip_that_lies_about_its_size_is_not_read_beyond_it():
    content = bytearray(with_part(sheet(HEAD), SHEET, b"<a>" + b" " * 40_000_000 + b"</a>"))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.find(mark)
        while place >= 0:
            size = content[place + offset : place + offset + 4]
            if int.from_bytes(size, "little") > 30_000_000:
                content[place + offset : place + offset + 4] = (1000).to_bytes(4, "little")
            place = content.find(mark, place + 4)
    tracemalloc.start()
    assert refused(bytes(content)).code == "not_a_sheet"
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_thousand_and_one_parts_are_refused():
    said = io.BytesIO()
    with zipfile.ZipFile(said, "w") as made:
        for n in range(1001):
            made.writestr(f"xl/{n}", "")
    assert refused(said.getvalue()).code == "zip_bomb"


def test_overlapping_parts_are_refused():
    content = sheet(HEAD)
    doubled = bytearray(content)
    for place in range(len(doubled) - 4):
        if doubled[place : place + 4] == b"PK\x01\x02":
            doubled[place + 20 : place + 24] = (len(content)).to_bytes(4, "little")
    assert refused(bytes(doubled)).code in ("zip_bomb", "not_a_sheet")


BOMB = (
    b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>"""
)
FROM_OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize(
    "name", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
@pytest.mark.parametrize("definitions", [BOMB, FROM_OUTSIDE])
def test_definitions_in_any_part_are_refused_and_never_expanded(name, definitions):
    content = sheet(HEAD, ["HND-01"])
    xml = part_of(content, name).split(b"?>", 1)[1]
    problem = refused(with_part(content, name, definitions + xml.replace(b"HND-01", b"&a;")))
    assert problem.code == "entities"


def test_definitions_written_in_another_encoding_are_refused_too():
    content = sheet(HEAD, ["HND-01"])
    xml = part_of(content, SHEET).split(b"?>", 1)[1].decode()
    for encoding in ("utf-16", "utf-7", "cp037"):
        said = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "b">]>{xml}'
        problem = refused(with_part(content, SHEET, said.encode(encoding)))
        assert problem.code in ("entities", "not_a_sheet")


def test_a_million_empty_rows_end_quickly():
    head = b'<row r="1"><c r="A1" t="inlineStr"><is><t>desk</t></is></c></row>'
    content = sheet(HEAD)
    before, after = part_of(content, SHEET).split(b"<sheetData>")[0], b"</sheetData></worksheet>"
    empty = b"".join(b'<row r="%d"/>' % n for n in range(2, 1_048_577))
    full = with_part(content, SHEET, before + b"<sheetData>" + head + empty + after)
    began = time.perf_counter()
    assert read(full) == [(1, ["desk"])]
    assert time.perf_counter() - began < 30


def test_a_row_a_million_rows_down_costs_nothing():
    def fill(made):
        page = made.add_worksheet()
        page.write_row(0, 0, HEAD)
        page.write_row(1_048_575, 0, ["HND-01"])

    assert read(book(fill))[1] == (1_048_576, ["HND-01"])


def test_styled_empty_cells_are_nothing():
    def fill(made):
        page = made.add_worksheet()
        page.write_row(0, 0, HEAD)
        page.write_blank(5, 90, None, made.add_format({"bold": True}))
        page.write_row(7, 0, ["  "])

    assert read(book(fill)) == [(1, HEAD)]


def test_a_million_blank_lines_of_a_csv_end_quickly():
    began = time.perf_counter()
    rows = read(b"desk,day\r\n" + b",,\r\n" * 1_000_000 + b"HND-01\r\n")
    assert rows == [(1, ["desk", "day"]), (1_000_002, ["HND-01"])]
    assert time.perf_counter() - began < 30


def test_too_many_columns_rows_or_bytes_are_told():
    wide = ["desk", *["x"] * 60]
    assert (refused(sheet(wide)).code, refused(sheet(wide)).location) == ("too_many_columns", "BH")
    assert refused(as_csv(wide)).code == "too_many_columns"
    assert refused(sheet(HEAD, *[["x"]] * 11), SpreadsheetLimits(rows=10)).code == "too_many_rows"
    assert len(read(sheet(HEAD, *[["x"]] * 10), SpreadsheetLimits(rows=10))) == 11
    assert refused(sheet(HEAD), SpreadsheetLimits(size=1000)).code == "too_large"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_csv_reads_in_any_usual_writing(separator, encoding):
    rows = (HEAD, ["HND-01", "Niños; y, más", "a\nb"], [], ["", "", "é"])
    content = as_csv(*rows, separator=separator, encoding=encoding)
    assert read(content) == [(1, HEAD), (2, list(rows[1])), (4, ["", "", "é"])]


def test_a_csv_may_say_its_separator():
    assert read(b"sep=;\r\ndesk;a,b,c\r\nx;y\r\n") == [(2, ["desk", "a,b,c"]), (3, ["x", "y"])]


def test_a_quotation_mark_that_never_closes_is_told():
    assert refused(b'desk,day\r\nx,"' + b"y," * 200_000).code == "open_quote"


def test_memory_stays_flat_while_rows_grow():
    peaks = []
    for many in (2_000, 40_000):
        content = sheet(HEAD, *[["HND-01", "2026-03-15", n % 90] for n in range(many)])
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
    few = SpreadsheetLimits(rows=10, lines=20)
    assert len(read(as_csv(HEAD, *[[]] * 18, ["x"]), few)) == 2
    for content in (b"desk,day" + b"\n" * 30, b"desk,day" + b"\r" * 30):
        assert refused(content, few).code == "too_many_rows"
