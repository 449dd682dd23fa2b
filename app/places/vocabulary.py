"""The programme countries and their first-level areas, read once from the data files of this package."""

import csv
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from app.codelists.codelist import N_, Codelist, Term

HERE = Path(__file__).parent
DESK_STATES = Codelist(
    "desk_state",
    Term("open", N_("Open")),
    Term("closed", N_("Closed")),
    Term("not_yet", N_("Not open yet")),
)


@dataclass(frozen=True)
class ProgrammeCountry:
    """A programme country: ISO codes, days of entry and exit, languages of its desks, number format."""

    code: str
    alpha2: str
    entered: date
    left: date | None
    languages: tuple[str, ...]
    shown_in: str
    locale: str
    time_zone: str
    tile: tuple[int, int]

    def is_in(self, first: date, last: date) -> bool:
        """Whether the country was in the programme on any day from first to last."""
        return self.entered <= last and (self.left is None or self.left >= first)


@dataclass(frozen=True)
class Area:
    """A first-level administrative area by its OCHA P-code."""

    country: str
    pcode: str
    name: str


@cache
def programme() -> dict[str, ProgrammeCountry]:
    """Return the programme countries by alpha-3, sorted by code."""
    entries = tomllib.loads((HERE / "programme.toml").read_text("utf-8"))
    return {code: _country(code, entry) for code, entry in sorted(entries.items())}


def _country(code: str, entry: dict[str, object]) -> ProgrammeCountry:
    fields = {"left": None, **entry}
    fields["languages"] = tuple(fields["languages"])  # type: ignore[arg-type]
    fields["tile"] = tuple(fields["tile"])  # type: ignore[arg-type]
    return ProgrammeCountry(code=code, **fields)  # type: ignore[arg-type]


@cache
def areas() -> dict[str, Area]:
    """Return every first-level area of the programme countries by P-code."""
    with (HERE / "adm1.csv").open(encoding="utf-8", newline="") as file:
        return {row["pcode"]: Area(**row) for row in csv.DictReader(file)}
