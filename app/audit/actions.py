"""Leaves entries: collected while the request works, chained as its last statement before the commit."""

from sqlalchemy import Insert, event, insert
from sqlalchemy.orm import Session

from app import clock
from app.audit import queries
from app.audit.models import AuditEntry
from app.audit.rules import GENESIS_HASH, AuditRecord, entry_hash
from app.audit.vocabulary import ACTIONS, READ_ACTIONS
from app.db.session import db, insert_rows
from app.settings import current_settings

NEW = insert(AuditEntry.__table__)


def record_audit(account_id: int | None, action: str, subject: str, country: str = "") -> None:
    """Leaves one entry in this transaction: who (account id), what (an act), which row, in which country."""
    entry = AuditRecord(clock.now(), account_id, ACTIONS[action].code, subject, country)
    db.session().info.setdefault("entries", []).append(entry)


def chain_audit_entries(session: Session) -> None:
    """Writes the entries of this transaction behind the last line, each sealed to the one before."""
    entries = [e for e in session.info.pop("entries", []) if _is_new(session, e)]
    if not entries:
        return
    number, last = queries.lock_last_entry(session)
    lines = []
    entries = [e for e in entries if _is_new(session, e)]  # once more: now nobody else writes
    for entry in entries:
        number += 1
        last = entry_hash(_key(), last, number, entry)
        lines.append({"number": number, "seal": last, **entry.__dict__})
    insert_rows(session, NEW, lines)


def _is_new(session: Session, entry: AuditRecord) -> bool:
    return entry.act not in READ_ACTIONS or not queries.was_read_this_minute(session, entry)


def _key() -> str:
    return str(current_settings().audit_key)


def insert_after(number: int, last: str, act: str, subject: str) -> Insert:
    """The statement that appends one entry to a log which ends with this number and seal."""
    entry = AuditRecord(clock.now(), None, ACTIONS[act].code, subject)
    sealed = {"number": number + 1, "seal": entry_hash(_key(), last, number + 1, entry)}
    return NEW.values(**sealed, **entry.__dict__)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("entries", None)


def verify_chain(session: Session) -> tuple[int, int | None]:
    """Lines checked and the number of the first broken one, None where the whole chain holds."""
    expected, previous, checked = 1, GENESIS_HASH, 0
    for row in queries.iter_entries(session):
        number, _, entry, sealed = queries.to_audit_record(row)
        if number != expected or entry_hash(_key(), previous, number, entry) != sealed:
            return checked, min(number, expected)
        expected, previous, checked = number + 1, sealed, checked + 1
    return checked, None
