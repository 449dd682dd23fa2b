"""SELECTs on received envelopes: earlier arrivals, and the quarantine."""

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
from app.sync.vocabulary import AWAITING_RECORD, CREATED, DUPLICATE, OPEN
from app.web.access import Principal

CONSULTATIONS = Consultation.__table__
ENVELOPES = Envelope.__table__
DEVICES = Device.__table__
DESKS = Desk.__table__
ACCOUNTS = Account.__table__
SHOWN_AFTER = timedelta(days=5)
"""A voiding whose record has not arrived by then is shown in the quarantine (reliability.md 2.4, 43)."""


@dataclass(frozen=True)
class EnvelopeRow:
    """One envelope with its desk, and the names of its tablet and author if they are known."""

    number: int
    id: UUID
    receipt: str
    source: str
    device_id: UUID | None
    key_id: str
    format: int
    kind: str
    record_id: UUID | None
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


_columns = [name for name in EnvelopeRow.__dataclass_fields__ if name in ENVELOPES.c]
_envelopes: Select[Any] = (
    select(
        *(ENVELOPES.c[name] for name in _columns),
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
    """Return id, receipt, tablet and result of every row with one of these ids, from any sender, by id."""
    names = ("id", "receipt", "device_id", "result")
    rows = select(*(ENVELOPES.c[name] for name in names)).where(ENVELOPES.c.id.in_(ids))
    by_id: dict[UUID, list[Any]] = {}
    for row in session.execute(rows.order_by(ENVELOPES.c.number)):
        by_id.setdefault(row.id, []).append(row)
    return by_id


def _is_visible(principal: Principal) -> Any:
    """Return the condition for what an account may resolve: its own records, for a supervisor its countries'."""
    own = ENVELOPES.c.author_id == principal.account_id
    return or_(own, ENVELOPES.c.country.in_(principal.scope.countries))


def _is_unresolved(now: datetime) -> Any:
    late = (ENVELOPES.c.state == AWAITING_RECORD) & (ENVELOPES.c.received_at < now - SHOWN_AFTER)
    return or_(ENVELOPES.c.state == OPEN, late)


def list_unresolved(session: Session, principal: Principal, now: datetime) -> list[EnvelopeRow]:
    """List the quarantined records that wait for the account, the oldest first; at most 200."""
    statement = (
        _envelopes.where(_is_visible(principal), _is_unresolved(now))
        .order_by(ENVELOPES.c.number)
        .limit(200)
    )
    return [EnvelopeRow(**row._mapping) for row in session.execute(statement)]


def count_unresolved(session: Session, principal: Principal, now: datetime) -> int:
    """Count the quarantined records that wait for the account."""
    statement = (
        select(func.count())
        .select_from(ENVELOPES)
        .where(_is_visible(principal), _is_unresolved(now))
    )
    return int(session.execute(statement).scalar_one())


def count_unresolved_of_device(session: Session, device_id: UUID) -> int:
    """Count the quarantined records of a tablet that are not resolved."""
    statement = select(func.count()).select_from(ENVELOPES)
    is_open = (ENVELOPES.c.state == OPEN) & stored_of_device(device_id)
    return int(session.execute(statement.where(is_open)).scalar_one())


def count_quarantined(session: Session, countries: Collection[str]) -> int:
    """Count the records that are quarantined or await their record in these countries, for whomever to resolve."""
    statement = select(func.count()).select_from(ENVELOPES)
    unresolved = ENVELOPES.c.country.in_(countries) & ENVELOPES.c.state.in_((OPEN, AWAITING_RECORD))
    return int(session.execute(statement.where(unresolved)).scalar_one())


def find_envelope(session: Session, principal: Principal, number: int) -> EnvelopeRow | None:
    """Return an envelope that the account may resolve; None if there is none or it is of others."""
    row = session.execute(
        _envelopes.where(_is_visible(principal), ENVELOPES.c.number == number)
    ).first()
    return EnvelopeRow(**row._mapping) if row else None


def lock_envelope(session: Session, principal: Principal, number: int) -> EnvelopeRow | None:
    """Return the same as `find_envelope`, locked until the transaction ends."""
    statement = _envelopes.where(
        _is_visible(principal), ENVELOPES.c.number == number
    ).with_for_update(of=ENVELOPES)
    row = session.execute(statement).first()
    return EnvelopeRow(**row._mapping) if row else None


def lock_waiting_voids(
    session: Session, device_id: UUID, desk_id: int, arriving: Collection[UUID]
) -> list[EnvelopeRow]:
    """Lock a tablet's voidings that waited for records of its desk which are there by now, or are `arriving`.

    Return them in the order of their arrival.
    """
    existing = select(CONSULTATIONS.c.id).where(
        CONSULTATIONS.c.id == ENVELOPES.c.record_id, CONSULTATIONS.c.desk_id == desk_id
    )
    waiting = (ENVELOPES.c.state == AWAITING_RECORD) & stored_of_device(device_id)
    ready = or_(ENVELOPES.c.record_id.in_(arriving), existing.exists())
    rows = _envelopes.where(waiting, ready)
    locked = rows.order_by(ENVELOPES.c.number).limit(500).with_for_update(of=ENVELOPES)
    return [EnvelopeRow(**row._mapping) for row in session.execute(locked)]


def count_since(session: Session, device_id: UUID, since: datetime) -> int:
    """Count the envelopes that a tablet sent since a moment."""
    statement = select(func.count()).where(*_since(device_id, since))
    return int(session.execute(statement).scalar_one())


def sum_quarantined_since(session: Session, device_id: UUID, since: datetime) -> tuple[int, int]:
    """Return how many of them were not recorded at once, and how many of their bytes are still stored."""
    recorded = ENVELOPES.c.result.in_((CREATED, DUPLICATE)) & (ENVELOPES.c.state != AWAITING_RECORD)
    size = func.coalesce(func.sum(func.length(ENVELOPES.c.sealed)), 0)
    statement = select(func.count(), size).where(*_since(device_id, since), ~recorded)
    n, size_sum = session.execute(statement).one()
    return int(n), int(size_sum)


def _since(device_id: UUID, since: datetime) -> tuple[Any, ...]:
    sent_itself = ENVELOPES.c.source == str(device_id)
    return ENVELOPES.c.device_id == device_id, ENVELOPES.c.received_at > since, sent_itself


def stored_of_device(device_id: UUID) -> Any:
    """Return the condition for envelopes of a tablet still stored; worded as the index `ix_envelope_device_id_kept`."""
    return (ENVELOPES.c.device_id == device_id) & ENVELOPES.c.sealed.is_not(None)
