"""Adds, enrols, moves and revokes tablets, and keeps what they say of themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import db
from app.places.queries import DeskRow
from app.sync.queries import devices as queries
from app.sync.queries.devices import DEVICES, DeviceRow
from app.sync.rules import secrets
from app.web import device_auth


@dataclass(frozen=True)
class EnrolmentCode:
    """A tablet that may be enrolled: its one-time code, shown this once, and until when it holds."""

    device_id: UUID
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Heartbeat:
    """What a tablet says of itself: records that wait, the oldest of them, all it ever saved, its app."""

    waiting: int
    oldest_at: datetime | None
    saved: int
    version: str
    persisted: bool | None


def load_device(credential: str) -> device_auth.Device:
    """The tablet of a credential; raises NotEnrolled where it is unknown or was revoked."""
    found = queries.find_device_by_credential(db.session(), secrets.digest(credential))
    if found is None:
        raise device_auth.NotEnrolled("unknown")
    if found.revoked_at is not None:
        raise device_auth.NotEnrolled("revoked")
    return device_auth.Device(found.id, found.desk_id)


def add_device(session: Session, by: int, desk: DeskRow, name: str) -> EnrolmentCode:
    """A new tablet of a desk."""
    device_id = uuid4()
    code, expires_at = _fresh_code()
    row = {"id": device_id, "name": name, "desk_id": desk.id, "created_by": by}
    times = {"created_at": clock.now(), "code_expires_at": expires_at}
    session.execute(insert(DEVICES).values(**row, **times, code_digest=secrets.digest(code)))
    record_audit(by, "device_added", f"device:{device_id}", desk.country)
    return EnrolmentCode(device_id, code, expires_at)


def _fresh_code() -> tuple[str, datetime]:
    return secrets.draw_code(), clock.now() + secrets.CODE_HOLDS


def renew_code(session: Session, by: int, device: DeviceRow) -> EnrolmentCode:
    """A new code for a tablet that lost its data or was revoked; its old credential ends when the code is used."""
    code, expires_at = _fresh_code()
    changed = {"code_digest": secrets.digest(code), "code_expires_at": expires_at}
    session.execute(update(DEVICES).where(DEVICES.c.id == device.id).values(**changed))
    record_audit(by, "device_added", f"device:{device.id}", device.country)
    return EnrolmentCode(device.id, code, expires_at)


def enrol(session: Session, typed: str) -> tuple[DeviceRow, str] | None:
    """The tablet of a code and its credential, this once; None where the code is wrong, used or too old.

    What the tablet had not sent when it was last heard of is kept as lost until it arrives after all.
    """
    code = secrets.read_code(typed)
    device = queries.lock_device_by_code(session, secrets.digest(code)) if code else None
    if device is None or device.code_expires_at is None or device.code_expires_at < clock.now():
        return None
    credential = secrets.draw_credential()
    new = {
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
    session.execute(update(DEVICES).where(DEVICES.c.id == device.id).values(**new))
    record_audit(None, "device_enrolled", f"device:{device.id}", device.country)
    return device, credential


def revoke_device(session: Session, by: int, device: DeviceRow) -> None:
    """Ends what a tablet may send; it keeps what it has. Twice is once."""
    ended = {"revoked_at": clock.now(), "revoked_by": by, "code_digest": None}
    wanted = update(DEVICES).where(DEVICES.c.id == device.id, DEVICES.c.revoked_at.is_(None))
    done = session.execute(wanted.values(**ended, code_expires_at=None).returning(DEVICES.c.id))
    if done.first() is not None:
        record_audit(by, "device_revoked", f"device:{device.id}", device.country)


def move_device(session: Session, by: int, device: DeviceRow, desk: DeskRow) -> None:
    """Gives a tablet to another desk; what was recorded on it for the former one is set aside when it arrives."""
    session.execute(update(DEVICES).where(DEVICES.c.id == device.id).values(desk_id=desk.id))
    record_audit(by, "device_moved", f"device:{device.id}", desk.country)


def record_heartbeat(session: Session, device_id: UUID, said: Heartbeat) -> DeviceRow:
    """Keeps what a tablet says of itself; the tablet with the desk that it belongs to now."""
    device = queries.lock_device_unscoped(session, device_id)
    if device is None or not device.is_enrolled:
        raise device_auth.NotEnrolled("revoked")
    kept: dict[str, Any] = {
        "contact_at": clock.now(),
        "waiting": said.waiting,
        "oldest_at": said.oldest_at,
        "saved": said.saved,
        "app_version": said.version,
        "is_persisted": said.persisted,
    }
    session.execute(update(DEVICES).where(DEVICES.c.id == device_id).values(**kept))
    return device
