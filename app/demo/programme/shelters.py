"""The shelters of the demo: read from the data file of this package, near the desks that send people there."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.demo.programme.distributions import chance_of
from app.demo.programme.places import DemoDesk
from app.places.rules import closes_with_country
from app.places.vocabulary import programme
from app.shelters.vocabulary import CONFIDENTIAL_TYPES

DATA = tomllib.loads((Path(__file__).parent / "shelters.toml").read_text("utf-8"))
SIGNS, DRAWN = "CDFGHJKMNPQRTVWXY34679", 8
"""The code of a protected shelter says nothing: not even its country."""
STAY = 14


@dataclass(frozen=True)
class DemoShelter:
    """A shelter of the demo: the columns that it is opened with, the desk that sends there, its places by category.

    The country's first one (`leads`) is that of its demo account.
    """

    fields: dict[str, Any]
    desk: str
    beds: dict[str, int]
    leads: bool

    @property
    def code(self) -> str:
        return str(self.fields["code"])

    @property
    def country(self) -> str:
        return str(self.fields["country"])

    @property
    def account(self) -> str:
        """The name of the account that answers there."""
        return f"shelter.{(self.country if self.leads else self.code).lower()}"


def demo_shelters(plans: list[DemoDesk]) -> list[DemoShelter]:
    """Every shelter of the demo, by country."""
    by_country: dict[str, list[DemoDesk]] = {}
    for plan in plans:
        by_country.setdefault(plan.country, []).append(plan)
    return [
        _shelter(place, entry, desks[entry["near"] - 1])
        for country, desks in by_country.items()
        for place, entry in enumerate(DATA[country], start=1)
    ]


def _shelter(place: int, entry: dict[str, Any], desk: DemoDesk) -> DemoShelter:
    country, known = desk.country, programme()[desk.country]
    hides = entry["type"] in CONFIDENTIAL_TYPES
    code = _hidden_code(country, place) if hides else f"{country}-S{place}"
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
        "mailbox": f"{code.lower()}@example.org",
        "meeting_point": desk.fields["name"] if hides else "",
        "time_zone": known.time_zone,
        "opens_at": entry.get("opens", ""),
        "closes_at": entry.get("closes", ""),
        "languages": known.languages[:2],
        **_whom(entry),
        "is_protected": hides,
        "is_accepting": closed_on is None,
        "hold_minutes": 120 if hides else 90,
        "reply_minutes": 30,
        "closed_on": closed_on,
        "version": 1,
        "inbox_version": 0,
    }
    return DemoShelter(fields, desk.code, entry["beds"], leads=place == 1)


def _whom(entry: dict[str, Any]) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "youngest": None,
        "oldest": None,
        "stay_limit_days": entry.get("stay", STAY),
    }
    return {**usual, **DATA["takes"][entry.get("takes", "everybody")]}


def _hidden_code(country: str, place: int) -> str:
    chance = chance_of("shelter", country, place)
    return "".join(chance.choice(SIGNS) for _ in range(DRAWN))
