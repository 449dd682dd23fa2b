"""SELECTs on tablets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.places.models import Desk
from app.sync.models import Device, Envelope
from app.web.access import Scope

DEVICES = Device.__table__
ENVELOPES = Envelope.__table__
DESKS = Desk.__table__


@dataclass(frozen=True)
class DeviceRow:
    """One tablet with its desk; the numbers of records are as it reported them at its last contact."""

    id: UUID
    name: str
    desk_id: int
    created_at: datetime
    enrolled_at: datetime | None
    revoked_at: datetime | None
    code_expires_at: datetime | None
    last_contact_at: datetime | None
    waiting: int
    oldest_at: datetime | None
    saved: int
    lost: int
    app_version: str
    is_persisted: bool | None
    desk: str
    desk_name: str
    country: str
    time_zone: str

    @property
    def is_enrolled(self) -> bool:
        return self.enrolled_at is not None and self.revoked_at is None


_columns = [name for name in DeviceRow.__dataclass_fields__ if name in DEVICES.c]
_devices: Select[Any] = select(
    *(DEVICES.c[name] for name in _columns),
    DESKS.c.code.label("desk"),
    DESKS.c.name.label("desk_name"),
    DESKS.c.country,
    DESKS.c.time_zone,
).join(DESKS, DESKS.c.id == DEVICES.c.desk_id)


def find_device_by_credential(session: Session, digest: str) -> DeviceRow | None:
    """Return the tablet of a credential, also a revoked one."""
    row = session.execute(_devices.where(DEVICES.c.credential_digest == digest)).first()
    return DeviceRow(**row._mapping) if row else None


def lock_device_by_code(session: Session, digest: str) -> DeviceRow | None:
    """Lock until the transaction ends and return the tablet that a code enrols."""
    statement = _devices.where(DEVICES.c.code_digest == digest).with_for_update(of=DEVICES)
    row = session.execute(statement).first()
    return DeviceRow(**row._mapping) if row else None


def lock_device_unscoped(session: Session, device_id: UUID) -> DeviceRow | None:
    """Lock a tablet until the transaction ends: what it sends waits in line, and a revocation takes effect at once."""
    statement = _devices.where(DEVICES.c.id == device_id).with_for_update(of=DEVICES)
    row = session.execute(statement).first()
    return DeviceRow(**row._mapping) if row else None


def find_device(session: Session, scope: Scope, device_id: UUID) -> DeviceRow | None:
    """Return a tablet of the scope's countries; None if there is none or it is of another country."""
    row = session.execute(_within(scope).where(DEVICES.c.id == device_id)).first()
    return DeviceRow(**row._mapping) if row else None


def list_devices(session: Session, scope: Scope) -> list[DeviceRow]:
    """List the tablets of the scope's countries, or all for the programme; by country, desk and name."""
    ordered = _within(scope).order_by(DESKS.c.country, DESKS.c.code, DEVICES.c.name, DEVICES.c.id)
    return [DeviceRow(**row._mapping) for row in session.execute(ordered)]


def _within(scope: Scope) -> Select[Any]:
    return _devices if scope.programme else _devices.where(DESKS.c.country.in_(scope.countries))


def count_waiting(session: Session, country: str | None, desk_ids: frozenset[int] | None) -> int:
    """Count the records that wait on enrolled tablets as last reported: of a country, of these desks, or everywhere."""
    statement = (
        select(func.coalesce(func.sum(DEVICES.c.waiting), 0))
        .join(DESKS, DESKS.c.id == DEVICES.c.desk_id)
        .where(DEVICES.c.revoked_at.is_(None), DEVICES.c.enrolled_at.is_not(None))
    )
    if country is not None:
        statement = statement.where(DESKS.c.country == country)
    if desk_ids is not None:
        statement = statement.where(DEVICES.c.desk_id.in_(desk_ids))
    return int(session.execute(statement).scalar_one())


@dataclass(frozen=True)
class WaitingTotals:
    """How many records wait on enrolled tablets as last reported, and since when the oldest waits."""

    waiting: int
    oldest_at: datetime | None


def get_waiting_totals(session: Session) -> WaitingTotals:
    """Return the totals over all enrolled tablets."""
    is_enrolled = DEVICES.c.revoked_at.is_(None) & DEVICES.c.enrolled_at.is_not(None)
    sums = select(func.coalesce(func.sum(DEVICES.c.waiting), 0), func.min(DEVICES.c.oldest_at))
    waiting, oldest_at = session.execute(sums.where(is_enrolled)).one()
    return WaitingTotals(int(waiting), oldest_at)


def count_arrived(session: Session, device_ids: list[UUID]) -> dict[UUID, int]:
    """Count the different records that arrived from each tablet, sent by itself or imported, by its id."""
    statement = (
        select(ENVELOPES.c.device_id, func.count(ENVELOPES.c.id.distinct()).label("n"))
        .where(ENVELOPES.c.device_id.in_(device_ids))
        .group_by(ENVELOPES.c.device_id)
        .order_by(ENVELOPES.c.device_id)
    )
    return {row.device_id: row.n for row in session.execute(statement)}
