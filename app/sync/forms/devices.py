"""What an admin says of a tablet, and each tablet as the page shows it."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import StringField

from app import clock
from app.db.session import Session
from app.field_errors import FieldError
from app.places.queries import EVERYWHERE, DeskRow, find_desk
from app.sync.queries import devices as queries
from app.sync.queries.devices import DeviceRow
from app.sync.rules import devices as rules
from app.web.access import Scope
from app.web.forms import PageForm, SafeTextField, max_length, required
from app.web.requests import is_form, read_json


class DeviceDeskForm(PageForm):
    """Which desk a tablet belongs to."""

    optional_fields: ClassVar[frozenset[str]] = frozenset()
    desk = StringField(validators=[required()])

    @classmethod
    def read(cls) -> tuple[Any, list[FieldError]]:
        """What was sent as form fields or as JSON, and what is wrong with it."""
        if is_form():
            form = cls.from_request()
            return form, form.field_errors()
        raw, known = read_json(), cls()._fields.keys()
        unknown = [FieldError(name[:40], "unknown_field") for name in sorted(raw.keys() - known)]
        texts = {name: raw[name] for name in raw.keys() & known if isinstance(raw[name], str)}
        form, left_out = cls(MultiDict(texts)), cls.optional_fields - raw.keys()
        wrong = [problem for problem in form.field_errors() if problem.field not in left_out]
        return form, [*unknown, *wrong]

    def find_desk(self, session: Session) -> DeskRow | None:
        """The desk that was named; None where there is none."""
        return find_desk(session, EVERYWHERE, (self.desk.data or "").strip().upper())


class DeviceForm(DeviceDeskForm):
    """What is said of a new tablet; a program may leave its name out."""

    may_be_left_out = frozenset({"name"})

    name = SafeTextField(validators=[required(), max_length(39)])

    def name_or_default(self, session: Session, desk: DeskRow) -> str:
        """The tablet's name, or the desk's next number."""
        every = queries.list_devices(session, EVERYWHERE)
        return self.name.data or f"T{1 + sum(one.desk_id == desk.id for one in every)}"


@dataclass(frozen=True)
class DeviceCard:
    """One tablet: whether it is silent with records on it, how many are missing, whether its app is old."""

    row: DeviceRow
    is_silent: bool
    missing: int
    is_old: bool


@dataclass(frozen=True)
class DeviceOverview:
    """The tablets of a scope: the silent ones that hold records first, then all others by desk."""

    silent: list[DeviceCard]
    desks: list[tuple[str, list[DeviceCard]]]
    waiting: int


def device_overview(session: Session, scope: Scope, version: str) -> DeviceOverview:
    """The tablets of the scope's countries as they stand now; `version` is the app's newest."""
    rows = queries.list_devices(session, scope)
    arrived = queries.count_arrived(session, [row.id for row in rows])
    every = [_shown(row, arrived.get(row.id, 0), version, clock.now()) for row in rows]
    others = [one for one in every if not one.is_silent]
    by_desk = [(name, list(own)) for name, own in groupby(others, lambda one: one.row.desk)]
    silent = [one for one in every if one.is_silent]
    return DeviceOverview(silent, by_desk, sum(one.row.waiting for one in every if one.row.is_enrolled))


def _shown(row: DeviceRow, arrived: int, version: str, now: datetime) -> DeviceCard:
    silent = row.is_enrolled and rules.is_silent(row.contact_at, row.waiting, now)
    missing = rules.missing(row.saved, row.waiting, arrived)
    return DeviceCard(row, silent, missing, row.app_version not in ("", version))
