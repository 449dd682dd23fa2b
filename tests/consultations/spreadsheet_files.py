"""Spreadsheets as desks keep them, for tests: rows by column, written as CSV or XLSX."""

import csv
import io
from pathlib import Path
from typing import Any

import xlsxwriter

COLUMNS = (
    "record", "desk", "held_on", "nationality", "situation", "repeat_contact", "sex", "age_band",
    "n", "topics", "outcomes",
)  # fmt: skip


def make_row(**fields: Any) -> dict[str, Any]:
    """Return the cells of one woman on 15 March; `fields` replaces cells."""
    defaults = {
        "record": "", "desk": "HND-01", "held_on": "2026-03-15", "nationality": "HND",
        "situation": "in_transit", "repeat_contact": "first_this_year", "sex": "female",
        "age_band": "age_25_59", "n": 1, "topics": "asylum", "outcomes": "information_given",
    }  # fmt: skip
    return {**defaults, **fields}


def cells(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Return header and rows; additional columns of any row come last."""
    additional = [name for row in rows for name in row if name not in COLUMNS]
    header = [*COLUMNS, *dict.fromkeys(additional)]
    return [list(header), *([row.get(name, "") for name in header] for row in rows)]


def as_csv(rows: list[list[Any]]) -> bytes:
    """Return a CSV of cells."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";").writerows(rows)
    return buffer.getvalue().encode()


def as_xlsx(rows: list[list[Any]]) -> bytes:
    """Return an XLSX of cells."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        worksheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            worksheet.write_row(number, 0, [cell for cell in row])
    return buffer.getvalue()


def save_file(folder: Path, content: bytes, name: str = "spreadsheet") -> Path:
    """Write a file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path
