"""Tablets: adding, enrolling, moving and revoking them, and recording the state that they report."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Never
from uuid import UUID, uuid4

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import db
from app.field_errors import FieldError
from app.places.queries import ALL_DESKS, DeskRow, find_desk
from app.sync.queries import devices as queries
from app.sync.queries.devices import DEVICES, DeviceRow
from app.sync.rules import secrets
from app.web import device_auth
from app.web.outcomes import Accepted, Invalid, Outcome


@dataclass(frozen=True)
class EnrolmentCode:
    """The one-time code that enrols a tablet, shown only once, and when it expires."""

    device_id: UUID
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class AddedDevice:
    """A tablet that waits to be enrolled: its code, its name, the name of its desk."""

    code: EnrolmentCode
    name: str
    desk_name: str


@dataclass(frozen=True)
class Heartbeat:
    """The state that a tablet reports: records waiting to be sent, the oldest of them, all it ever saved, its app."""

    waiting: int
    oldest_at: datetime | None
    saved: int
    version: str
    persisted: bool | None


def load_device(credential: str) -> device_auth.EnrolledDevice:
    """Return the tablet of a credential; raises NotEnrolled if it is unknown or was revoked."""
    row = queries.find_device_by_credential(db.session(), secrets.digest(credential))
    if row is None:
        raise device_auth.NotEnrolled("unknown")
    if row.revoked_at is not None:
        raise device_auth.NotEnrolled("revoked")
    return device_auth.EnrolledDevice(row.id, row.desk_id)


def add(
    session: Session,
    account_id: int,
    desk_code: str,
    name: str | None,
    errors: Collection[FieldError],
) -> Outcome[AddedDevice, Never]:
    """Add a tablet to a desk; without a name it gets the next number. `errors` are those of unreadable fields."""
    desk = _find_desk(session, desk_code)
    if desk is None or errors:
        return Invalid([*errors] or [FieldError("desk", "unknown_code")])
    name = name or _next_name(session, desk)
    return Accepted(AddedDevice(add_device(session, account_id, desk, name), name, desk.name))


def _find_desk(session: Session, code: str) -> DeskRow | None:
    return find_desk(session, ALL_DESKS, code) if code else None


def _next_name(session: Session, desk: DeskRow) -> str:
    devices = queries.list_devices(session, ALL_DESKS)
    return f"T{1 + sum(device.desk_id == desk.id for device in devices)}"


def add_device(session: Session, account_id: int, desk: DeskRow, name: str) -> EnrolmentCode:
    """Add a tablet to a desk and return the code that enrols it."""
    device_id = uuid4()
    code, expires_at = _generate_code()
    row = {"id": device_id, "name": name, "desk_id": desk.id, "created_by": account_id}
    times = {"created_at": clock.now(), "code_expires_at": expires_at}
    session.execute(insert(DEVICES).values(**row, **times, code_digest=secrets.digest(code)))
    record_audit(account_id, "device_added", f"device:{device_id}", desk.country)
    return EnrolmentCode(device_id, code, expires_at)


def _generate_code() -> tuple[str, datetime]:
    return secrets.generate_enrolment_code(), clock.now() + secrets.CODE_LIFETIME


def renew_code(session: Session, account_id: int, device: DeviceRow) -> EnrolmentCode:
    """Return a new code for a tablet that lost its data or was revoked; using it ends the old credential."""
    code, expires_at = _generate_code()
    values = {"code_digest": secrets.digest(code), "code_expires_at": expires_at}
    session.execute(update(DEVICES).where(DEVICES.c.id == device.id).values(**values))
    record_audit(account_id, "device_added", f"device:{device.id}", device.country)
    return EnrolmentCode(device.id, code, expires_at)


def enrol(session: Session, text: str) -> tuple[DeviceRow, str] | None:
    """Enrol the tablet of a code; return it with its credential, None if the code is wrong, used or expired.

    The records that it had not sent at its last contact count as lost until they arrive after all.
    """
    code = secrets.parse_enrolment_code(text)
    device = queries.lock_device_by_code(session, secrets.digest(code)) if code else None
    if device is None or device.code_expires_at is None or device.code_expires_at < clock.now():
        return None
    credential = secrets.generate_credential()
    values = {
        "credential_digest": secrets.digest(credential),
        "code_digest": None,
        "code_expires_at": None,
        "enrolled_at": clock.now(),
        "revoked_at": None,
        "revoked_by": None,
        "waiting": 0,
        "oldest_at": None,
        "lost": device.lost + device.waiting,
    }
    session.execute(update(DEVICES).where(DEVICES.c.id == device.id).values(**values))
    record_audit(None, "device_enrolled", f"device:{device.id}", device.country)
    return device, credential


def revoke_device(session: Session, account_id: int, device: DeviceRow) -> None:
    """Revoke a tablet: it may send nothing more and keeps its records. Revoking twice is the same as once."""
    values = {"revoked_at": clock.now(), "revoked_by": account_id, "code_digest": None}
    enrolled = update(DEVICES).where(DEVICES.c.id == device.id, DEVICES.c.revoked_at.is_(None))
    changed = session.execute(
        enrolled.values(**values, code_expires_at=None).returning(DEVICES.c.id)
    )
    if changed.first() is not None:
        record_audit(account_id, "device_revoked", f"device:{device.id}", device.country)


def move(
    session: Session,
    account_id: int,
    device: DeviceRow,
    desk_code: str,
    errors: Collection[FieldError],
) -> Outcome[DeskRow, Never]:
    """Move a tablet to the desk of a code; `errors` are those of unreadable fields."""
    desk = _find_desk(session, desk_code)
    if desk is None or errors:
        return Invalid([*errors] or [FieldError("desk", "unknown_code")])
    move_device(session, account_id, device, desk)
    return Accepted(desk)


def move_device(session: Session, account_id: int, device: DeviceRow, desk: DeskRow) -> None:
    """Move a tablet to another desk; records made on it for the former desk are quarantined when they arrive."""
    session.execute(update(DEVICES).where(DEVICES.c.id == device.id).values(desk_id=desk.id))
    record_audit(account_id, "device_moved", f"device:{device.id}", desk.country)


def record_heartbeat(session: Session, device_id: UUID, heartbeat: Heartbeat) -> DeviceRow:
    """Store the state that a tablet reports; return the tablet with the desk that it belongs to now.

    Raises NotEnrolled if it was revoked meanwhile.
    """
    device = queries.lock_device_unscoped(session, device_id)
    if device is None or not device.is_enrolled:
        raise device_auth.NotEnrolled("revoked")
    values: dict[str, object] = {
        "last_contact_at": clock.now(),
        "waiting": heartbeat.waiting,
        "oldest_at": heartbeat.oldest_at,
        "saved": heartbeat.saved,
        "app_version": heartbeat.version,
        "is_persisted": heartbeat.persisted,
    }
    session.execute(update(DEVICES).where(DEVICES.c.id == device_id).values(**values))
    return device
