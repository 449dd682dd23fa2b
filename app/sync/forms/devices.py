"""Forms of tablets, and the tablets as their page shows them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import StringField

from app import clock
from app.db.session import Session
from app.field_errors import FieldError
from app.places.queries import ALL_DESKS, DeskRow, find_desk
from app.sync.queries import devices as queries
from app.sync.queries.devices import DeviceRow
from app.sync.rules import devices as rules
from app.web.access import Scope
from app.web.forms import PageForm, SafeTextField, max_length, required
from app.web.requests import is_form, read_json


class DeviceDeskForm(PageForm):
    """The desk that a tablet belongs to."""

    optional_fields: ClassVar[frozenset[str]] = frozenset()
    desk = StringField(validators=[required()])

    @classmethod
    def read(cls) -> tuple[Any, list[FieldError]]:
        """Read the form fields or JSON of the request; return the form and its errors."""
        if is_form():
            form = cls.from_request()
            return form, form.field_errors()
        raw, names = read_json(), cls()._fields.keys()
        unknown = [FieldError(name[:40], "unknown_field") for name in sorted(raw.keys() - names)]
        texts = {name: raw[name] for name in raw.keys() & names if isinstance(raw[name], str)}
        form, missing = cls(MultiDict(texts)), cls.optional_fields - raw.keys()
        errors = [error for error in form.field_errors() if error.field not in missing]
        return form, [*unknown, *errors]

    def find_desk(self, session: Session) -> DeskRow | None:
        """Return the desk with the given code; None if there is none."""
        return find_desk(session, ALL_DESKS, (self.desk.data or "").strip().upper())


class DeviceForm(DeviceDeskForm):
    """A new tablet; in JSON its name may be missing."""

    optional_fields = frozenset({"name"})

    name = SafeTextField(validators=[required(), max_length(39)])

    def name_or_default(self, session: Session, desk: DeskRow) -> str:
        """Return the tablet's name, or the next number of the desk as its name."""
        devices = queries.list_devices(session, ALL_DESKS)
        return self.name.data or f"T{1 + sum(device.desk_id == desk.id for device in devices)}"


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
