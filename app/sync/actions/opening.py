"""Opens envelopes, says who wrote them as the tablet vouches, and keeps a failure of one from the others."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app
from sqlalchemy.orm import Session

from app.base.access import Principal, Scope
from app.staff import queries as staff
from app.staff.vocabulary import ROLE_PERMISSIONS
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import EnvelopeRow
from app.sync.rules import sealing, taking
from app.sync.rules.taking import Opened, Sent
from app.sync.vocabulary import FORMATS, MOST_BYTES


@dataclass(frozen=True)
class Unsealed:
    """What could be read of an envelope; `opened` is None and `reason` says why where nothing could."""

    opened: Opened | None
    reason: str = ""


def unseal(one: Sent) -> Unsealed:
    """What an envelope holds, or why it cannot be read."""
    ring: Mapping[str, bytes] = current_app.config["SETTINGS"].outbox_keys
    reason = _unfit(one, ring)
    if reason:
        return Unsealed(None, reason)
    try:
        content = sealing.unseal(ring[one.key_id], str(one.id), one.key_id, one.sealed)
    except sealing.Unreadable:
        return Unsealed(None, "unreadable")
    opened = taking.read_content(content, one.id)
    return Unsealed(opened, "" if opened else "unreadable")


def _unfit(one: Sent, ring: Mapping[str, bytes]) -> str:
    if len(one.sealed) > MOST_BYTES:
        return "too_large"
    if one.format not in FORMATS:
        return "unknown_format"
    return "" if one.key_id in ring else "unknown_key"


def author_of(session: Session, device: DeviceRow, opened: Opened) -> tuple[Principal | None, str]:
    """Who wrote a record, as the tablet vouches: at its desk alone; and why nobody may be taken for the author."""
    account = staff.find_account(session, opened.author)
    if account is None:
        return None, "unknown_author"
    scope = Scope(desks=frozenset({device.desk_id}), home=device.country)
    permissions = ROLE_PERMISSIONS[account.role]
    author = Principal(account.id, account.username, account.role, permissions, scope)
    if account.closed_at is not None:
        return author, "closed_author"
    own = staff.get_scope(session, account).desks
    return author, "" if device.desk_id in own else "foreign_author"


@contextmanager
def apart(session: Session) -> Iterator[None]:
    """A savepoint; what fails in it leaves no audit entry either."""
    entries = len(session.info.get("entries", ()))
    try:
        with session.begin_nested():
            yield
    except BaseException:
        del session.info.get("entries", [])[entries:]
        raise


def sent_of(row: EnvelopeRow) -> Sent:
    """An envelope that was kept, as it came."""
    return Sent(str(row.id), row.id, row.key_id, row.format, row.sealed or b"", row.receipt)
