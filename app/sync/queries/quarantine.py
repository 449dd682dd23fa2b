"""SELECTs on the quarantined records of each tablet, to be voided at once."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.sync.queries.envelopes import DEVICES, ENVELOPES, stored_of_device
from app.sync.vocabulary import OPEN
from app.web.access import Scope


@dataclass(frozen=True)
class QuarantineSummary:
    """How many quarantined records of a tablet are not resolved; `last` is the row number of the newest."""

    device_id: UUID
    name: str
    n: int
    last: int


def list_quarantine_by_device(session: Session, scope: Scope) -> list[QuarantineSummary]:
    """List the tablets with more than one quarantined record in the scope's countries, by name."""
    n = func.count()
    columns = (
        DEVICES.c.id,
        DEVICES.c.name,
        n.label("n"),
        func.max(ENVELOPES.c.number).label("last"),
    )
    statement = (
        select(*columns)
        .join(DEVICES, DEVICES.c.id == ENVELOPES.c.device_id)
        .where(ENVELOPES.c.state == OPEN, ENVELOPES.c.country.in_(scope.countries))
        .group_by(DEVICES.c.id, DEVICES.c.name)
        .having(n > 1)
        .order_by(DEVICES.c.name, DEVICES.c.id)
    )
    return [
        QuarantineSummary(row.id, row.name, row.n, row.last) for row in session.execute(statement)
    ]


def quarantined_of_device(scope: Scope, device_id: UUID, last: int) -> tuple[Any, ...]:
    """Return the conditions for a tablet's quarantined records up to the row number `last`."""
    is_open = stored_of_device(device_id) & (ENVELOPES.c.state == OPEN)
    return is_open, ENVELOPES.c.country.in_(scope.countries), ENVELOPES.c.number <= last


def lock_quarantined(session: Session, scope: Scope, device_id: UUID, last: int) -> tuple[int, str]:
    """Lock these records in the order of their numbers; return how many there are, and their country."""
    countries = select(ENVELOPES.c.country).where(*quarantined_of_device(scope, device_id, last))
    locked = session.scalars(countries.order_by(ENVELOPES.c.number).with_for_update()).all()
    return len(locked), max(locked, default="")
