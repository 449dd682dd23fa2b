"""The form of a new tablet, and the tablets as their page shows them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from werkzeug.datastructures import MultiDict

from app import clock
from app.db.session import Session
from app.json_object import JsonObject
from app.sync.queries import devices as queries
from app.sync.queries.devices import DeviceRow
from app.sync.rules import devices as rules
from app.web.access import Scope
from app.web.requests import plain_fields


def device_from_form(form: MultiDict[str, str]) -> JsonObject:
    """Return the form fields of a new tablet in the shape of its JSON; the form must name it."""
    return {"name": "", **plain_fields(form)}


@dataclass(frozen=True)
class DeviceCard:
    """One tablet: whether it is silent with records on it, how many records are missing, whether its app is old."""

    row: DeviceRow
    is_silent: bool
    missing: int
    is_old: bool


@dataclass(frozen=True)
class DeviceOverview:
    """The tablets of a scope: the silent ones with records on them first, then all others by desk."""

    silent: list[DeviceCard]
    desks: list[tuple[str, list[DeviceCard]]]
    waiting: int


def device_overview(session: Session, scope: Scope, version: str) -> DeviceOverview:
    """Return the tablets of the scope's countries in their present state; `version` is the app's newest version."""
    rows = queries.list_devices(session, scope)
    arrived = queries.count_arrived(session, [row.id for row in rows])
    cards = [_card(row, arrived.get(row.id, 0), version, clock.now()) for row in rows]
    others = [card for card in cards if not card.is_silent]
    by_desk = [(desk, list(group)) for desk, group in groupby(others, lambda card: card.row.desk)]
    silent = [card for card in cards if card.is_silent]
    return DeviceOverview(silent, by_desk, sum(row.waiting for row in rows if row.is_enrolled))


def _card(row: DeviceRow, arrived: int, version: str, now: datetime) -> DeviceCard:
    is_silent = row.is_enrolled and rules.is_silent(row.last_contact_at, row.waiting, now)
    missing = rules.count_missing(row.saved, row.waiting, arrived)
    return DeviceCard(row, is_silent, missing, row.app_version not in ("", version))
