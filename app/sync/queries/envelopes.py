"""Reads what tablets sent: known arrivals, and what was set aside."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.consultations.models import Consultation
from app.places.models import Desk
from app.staff.models import Account
from app.sync.models import Device, Envelope
from app.sync.vocabulary import CREATED, DUPLICATE, HELD, OPEN
from app.web.access import Principal

CONSULTATIONS = Consultation.__table__
ENVELOPES = Envelope.__table__
DEVICES = Device.__table__
DESKS = Desk.__table__
ACCOUNTS = Account.__table__
SHOWN_AFTER = timedelta(days=5)
"""A voiding whose record has not arrived by then is shown with what was set aside (reliability.md 2.4, 43)."""


@dataclass(frozen=True)
class EnvelopeRow:
    """One envelope with its desk, and its tablet's and author's names where they are known."""

    number: int
    id: UUID
    receipt: str
    source: str
    device_id: UUID | None
    key_id: str
    format: int
    kind: str
    about: UUID | None
    desk_id: int
    country: str
    author_id: int | None
    result: str
    reason: str
    state: str
    sealed: bytes | None
    received_at: datetime
    settled_at: datetime | None
    desk: str
    desk_name: str
    time_zone: str
    device_name: str | None
    author: str | None


_own = [name for name in EnvelopeRow.__dataclass_fields__ if name in ENVELOPES.c]
_rows: Select[Any] = (
    select(
        *(ENVELOPES.c[name] for name in _own),
        DESKS.c.code.label("desk"),
        DESKS.c.name.label("desk_name"),
        DESKS.c.time_zone,
        DEVICES.c.name.label("device_name"),
        ACCOUNTS.c.username.label("author"),
    )
    .join(DESKS, DESKS.c.id == ENVELOPES.c.desk_id)
    .outerjoin(DEVICES, DEVICES.c.id == ENVELOPES.c.device_id)
    .outerjoin(ACCOUNTS, ACCOUNTS.c.id == ENVELOPES.c.author_id)
)


def list_received_unscoped(session: Session, ids: Collection[UUID]) -> dict[UUID, list[Any]]:
    """Id, receipt, tablet and result of every line that has one of the ids, whoever sent it."""
    names = ("id", "receipt", "device_id", "result")
    wanted = select(*(ENVELOPES.c[name] for name in names)).where(ENVELOPES.c.id.in_(ids))
    known: dict[UUID, list[Any]] = {}
    for row in session.execute(wanted.order_by(ENVELOPES.c.number)):
        known.setdefault(row.id, []).append(row)
    return known


def _mine(asking: Principal) -> Any:
    """What the account may put right: its own records, a supervisor's countries'."""
    own = ENVELOPES.c.author_id == asking.account_id
    return or_(own, ENVELOPES.c.country.in_(asking.scope.countries))


def _to_mend(now: datetime) -> Any:
    late = (ENVELOPES.c.state == HELD) & (ENVELOPES.c.received_at < now - SHOWN_AFTER)
    return or_(ENVELOPES.c.state == OPEN, late)


def list_unresolved(session: Session, asking: Principal, now: datetime) -> list[EnvelopeRow]:
    """What was set aside and waits for the account, the oldest first; at most 200."""
    wanted = _rows.where(_mine(asking), _to_mend(now)).order_by(ENVELOPES.c.number).limit(200)
    return [EnvelopeRow(**row._mapping) for row in session.execute(wanted)]


def count_unresolved(session: Session, asking: Principal, now: datetime) -> int:
    """How many records that were set aside wait for the account."""
    wanted = select(func.count()).select_from(ENVELOPES).where(_mine(asking), _to_mend(now))
    return int(session.execute(wanted).scalar_one())


def count_unresolved_of_device(session: Session, device_id: UUID) -> int:
    """How many records of a tablet were set aside and are not settled."""
    wanted = select(func.count()).select_from(ENVELOPES)
    of_it = (ENVELOPES.c.state == OPEN) & stored_of_device(device_id)
    return int(session.execute(wanted.where(of_it)).scalar_one())


def count_quarantined(session: Session, countries: Collection[str]) -> int:
    """How many records are set aside or held back in these countries, whoever is to put them right."""
    wanted = select(func.count()).select_from(ENVELOPES)
    aside = ENVELOPES.c.country.in_(countries) & ENVELOPES.c.state.in_((OPEN, HELD))
    return int(session.execute(wanted.where(aside)).scalar_one())


def find_envelope(session: Session, asking: Principal, number: int) -> EnvelopeRow | None:
    """An envelope that the account may put right, None where there is none or it is foreign."""
    row = session.execute(_rows.where(_mine(asking), ENVELOPES.c.number == number)).first()
    return EnvelopeRow(**row._mapping) if row else None


def lock_envelope(session: Session, asking: Principal, number: int) -> EnvelopeRow | None:
    """The same envelope, held until the transaction ends."""
    wanted = _rows.where(_mine(asking), ENVELOPES.c.number == number).with_for_update(of=ENVELOPES)
    row = session.execute(wanted).first()
    return EnvelopeRow(**row._mapping) if row else None


def lock_waiting_voids(
    session: Session, device_id: UUID, desk_id: int, arriving: Collection[UUID]
) -> list[EnvelopeRow]:
    """A tablet's voidings that waited for records of its desk which are there by now, or are `arriving`.

    In the order of their arrival, held until the transaction ends.
    """
    there = select(CONSULTATIONS.c.id).where(
        CONSULTATIONS.c.id == ENVELOPES.c.about, CONSULTATIONS.c.desk_id == desk_id
    )
    of_it = (ENVELOPES.c.state == HELD) & stored_of_device(device_id)
    wanted = _rows.where(of_it, or_(ENVELOPES.c.about.in_(arriving), there.exists()))
    locked = wanted.order_by(ENVELOPES.c.number).limit(500).with_for_update(of=ENVELOPES)
    return [EnvelopeRow(**row._mapping) for row in session.execute(locked)]


def count_since(session: Session, device_id: UUID, since: datetime) -> int:
    """How many envelopes a tablet sent since a moment."""
    wanted = select(func.count()).where(*_since(device_id, since))
    return int(session.execute(wanted).scalar_one())


def sum_quarantined_since(session: Session, device_id: UUID, since: datetime) -> tuple[int, int]:
    """How many of them were not taken at once, and how many bytes of them are still kept."""
    taken = ENVELOPES.c.result.in_((CREATED, DUPLICATE)) & (ENVELOPES.c.state != HELD)
    size = func.coalesce(func.sum(func.length(ENVELOPES.c.sealed)), 0)
    wanted = select(func.count(), size).where(*_since(device_id, since), ~taken)
    n, kept = session.execute(wanted).one()
    return int(n), int(kept)


def _since(device_id: UUID, since: datetime) -> tuple[Any, ...]:
    own = ENVELOPES.c.source == str(device_id)
    return ENVELOPES.c.device_id == device_id, ENVELOPES.c.received_at > since, own


def stored_of_device(device_id: UUID) -> Any:
    """What is kept sealed of a tablet: the same words as the index `ix_envelope_device_id_kept`."""
    return (ENVELOPES.c.device_id == device_id) & ENVELOPES.c.sealed.is_not(None)
