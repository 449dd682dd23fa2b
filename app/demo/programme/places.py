"""The demo's countries and desks: read from the data file of this package, dated for a period."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from app.db.session import RowValues
from app.demo.programme.distributions import Distribution
from app.places.rules import closes_with_country
from app.places.vocabulary import programme

DATA = tomllib.loads((Path(__file__).parent / "programme.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Period:
    """The days that the demo fills, both included."""

    first: date
    last: date

    def day_at(self, share: float) -> date:
        """Return the day at a share (0 to 1) of the period."""
        return self.first + timedelta(days=int((self.last - self.first).days * share))


@dataclass(frozen=True)
class DemoDesk:
    """A desk of the demo: the fields that it is opened with, its share of consultations and their yearly growth."""

    fields: RowValues
    weight: float
    growth: float
    at_border: bool
    is_main: bool

    @property
    def code(self) -> str:
        return str(self.fields["code"])

    @property
    def country(self) -> str:
        return str(self.fields["country"])


@dataclass(frozen=True)
class VisitorDistributions:
    """The visitors of a country: nationalities, situations of its nationals and of the others."""

    nationalities: Distribution
    nationals: Distribution
    situations: Distribution


def demo_desks(period: Period) -> list[DemoDesk]:
    """Return every desk of the demo by country and code; the country's first is its main one."""
    return [
        _desk(country, place, entry, period)
        for country in programme()
        for place, entry in enumerate(DATA[country]["desks"], start=1)
    ]


def _desk(country: str, place: int, entry: RowValues, period: Period) -> DemoDesk:
    details, entries = programme()[country], DATA[country]
    opened_on = entry.get("since") or max(period.day_at(entry["opens"]), details.entered)
    closed_on = period.day_at(entry["closes"]) if "closes" in entry else None
    fields = {
        "code": f"{country}-{place:02d}",
        "name": entry["place"],
        "country": country,
        "adm1": entry["adm1"],
        "time_zone": details.time_zone,
        "organisation": entry["organisation"],
        "modality": entry.get("modality", "informational"),
        "opened_on": opened_on,
        "closed_on": closes_with_country(country, closed_on),
        "latitude": entry["at"][0],
        "longitude": entry["at"][1],
    }
    share = entries["share"] * entry["weight"] / sum(desk["weight"] for desk in entries["desks"])
    return DemoDesk(fields, share, entries["growth"], entry.get("border", False), place == 1)


@cache
def visitor_distributions(country: str) -> VisitorDistributions:
    """Return the distributions of a country's visitors."""
    shares = {**DATA["usual"], **DATA[country]}
    return VisitorDistributions(
        *(Distribution(shares[name]) for name in ("nationalities", "nationals", "situations"))
    )


def languages_of(nationality: str) -> tuple[str, ...]:
    """Return the languages (ISO 639-3) of people of a nationality met abroad, the usual one first."""
    languages = DATA["languages"]
    return tuple(languages.get(nationality, languages["others"]))
