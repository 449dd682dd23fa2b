"""The shelters of the demo: read from the data file of this package, near the desks that refer people to them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from app.db.session import RowValues
from app.demo.programme.distributions import seeded_random
from app.demo.programme.places import DemoDesk
from app.places.rules import closes_with_country
from app.places.vocabulary import programme
from app.shelters.vocabulary import CONFIDENTIAL_TYPES

DATA = tomllib.loads((Path(__file__).parent / "shelters.toml").read_text("utf-8"))
CODE_ALPHABET, CODE_LENGTH = "CDFGHJKMNPQRTVWXY34679", 8
"""A protected shelter's code is random, so that it does not reveal even the country."""
STAY = 14


@dataclass(frozen=True)
class DemoShelter:
    """A shelter of the demo: the columns that it is opened with, the desk that refers to it, its beds by category.

    The country's first one (`is_main`) is that of its demo account.
    """

    fields: RowValues
    desk: str
    beds: dict[str, int]
    is_main: bool

    @property
    def code(self) -> str:
        return str(self.fields["code"])

    @property
    def country(self) -> str:
        return str(self.fields["country"])

    @property
    def account(self) -> str:
        """The user name of its coordinator's account."""
        return f"shelter.{(self.country if self.is_main else self.code).lower()}"


def demo_shelters(plans: list[DemoDesk]) -> list[DemoShelter]:
    """Return every shelter of the demo, by country."""
    by_country: dict[str, list[DemoDesk]] = {}
    for plan in plans:
        by_country.setdefault(plan.country, []).append(plan)
    return [
        _shelter(place, entry, desks[entry["near"] - 1])
        for country, desks in by_country.items()
        for place, entry in enumerate(DATA[country], start=1)
    ]


def _shelter(place: int, entry: RowValues, desk: DemoDesk) -> DemoShelter:
    country, details = desk.country, programme()[desk.country]
    is_confidential = entry["type"] in CONFIDENTIAL_TYPES
    code = _hidden_code(country, place) if is_confidential else f"{country}-S{place}"
    closed_on = closes_with_country(country, None)
    north, east = entry["off"]
    fields = {
        "code": code,
        **{name: entry[name] for name in ("name", "type", "organisation")},
        "country": country,
        "adm1": desk.fields["adm1"],
        "address": f"{entry['name']}, {desk.fields['name']}",
        "directions": "",
        "latitude": round(desk.fields["latitude"] + north, 4),
        "longitude": round(desk.fields["longitude"] + east, 4),
        "phone": f"555-01{place:02d}",
        "email": f"{code.lower()}@example.org",
        "meeting_point": desk.fields["name"] if is_confidential else "",
        "time_zone": details.time_zone,
        "opens_at": entry.get("opens", ""),
        "closes_at": entry.get("closes", ""),
        "languages": details.languages[:2],
        **_admission(entry),
        "is_protected": is_confidential,
        "is_accepting": closed_on is None,
        "hold_minutes": 120 if is_confidential else 90,
        "reply_minutes": 30,
        "closed_on": closed_on,
        "version": 1,
        "inbox_version": 0,
    }
    return DemoShelter(fields, desk.code, entry["beds"], is_main=place == 1)


def _admission(entry: RowValues) -> RowValues:
    defaults: RowValues = {
        "youngest": None,
        "oldest": None,
        "stay_limit_days": entry.get("stay", STAY),
    }
    return {**defaults, **DATA["takes"][entry.get("takes", "everybody")]}


def _hidden_code(country: str, place: int) -> str:
    rng = seeded_random("shelter", country, place)
    return "".join(rng.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
