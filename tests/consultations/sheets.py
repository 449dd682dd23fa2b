"""Sheets as desks keep them, for tests: rows by column, written as CSV or XLSX."""

import csv
import io
from pathlib import Path
from typing import Any

import xlsxwriter

COLUMNS = (
    "record", "desk", "held_on", "nationality", "situation", "repeat_contact", "sex", "age_band",
    "n", "topics", "outcomes",
)  # fmt: skip


def a_row(**said: Any) -> dict[str, Any]:
    """One woman on 15 March; `said` replaces cells."""
    usual = {
        "record": "", "desk": "HND-01", "held_on": "2026-03-15", "nationality": "HND",
        "situation": "in_transit", "repeat_contact": "first_this_year", "sex": "female",
        "age_band": "age_25_59", "n": 1, "topics": "asylum", "outcomes": "information_given",
    }  # fmt: skip
    return {**usual, **said}


def cells(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Header and rows; columns that any row names beside the usual ones come last."""
    more = [name for row in rows for name in row if name not in COLUMNS]
    header = [*COLUMNS, *dict.fromkeys(more)]
    return [list(header), *([row.get(name, "") for name in header] for row in rows)]


def as_csv(rows: list[list[Any]]) -> bytes:
    """A CSV of cells."""
    said = io.StringIO()
    csv.writer(said, delimiter=";").writerows(rows)
    return said.getvalue().encode()


def as_xlsx(rows: list[list[Any]]) -> bytes:
    """An XLSX of cells."""
    said = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(said, options) as made:
        page = made.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, [cell for cell in row])
    return said.getvalue()


def saved(folder: Path, content: bytes, name: str = "sheet") -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path
