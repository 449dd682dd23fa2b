"""Records audit entries: collected while the request works, chained as its last statement before the commit."""

from sqlalchemy import Insert, Table, event, insert
from sqlalchemy.orm import Session

from app import clock
from app.audit import queries
from app.audit.models import AuditEntry
from app.audit.rules import GENESIS_HASH, AuditRecord, entry_hash
from app.audit.vocabulary import ACTIONS, READ_ACTIONS
from app.db.session import RowValues, db, insert_rows
from app.settings import current_settings

INSERT_ENTRY = insert(AuditEntry.__table__)


def record_audit(account_id: int | None, action: str, subject: str, country: str = "") -> None:
    """Record an entry in this transaction: who, a code of ACTIONS, on which row, in which country.

    `subject` is a code of SUBJECTS, then a colon and the row's number or code if there is one. `account_id` is None
    for commands and devices.
    """
    record = AuditRecord(clock.now(), account_id, ACTIONS[action].code, subject, country)
    db.session().info.setdefault("entries", []).append(record)


def chain_audit_entries(session: Session) -> None:
    """Insert the entries of this transaction after the last one, each chained to the one before."""
    records = [r for r in session.info.pop("entries", []) if _is_new(session, r)]
    if not records:
        return
    number, last_hash = queries.lock_last_entry(session)
    rows = []
    records = [r for r in records if _is_new(session, r)]  # once more: now nobody else writes
    for record in records:
        number += 1
        last_hash = entry_hash(_key(), last_hash, number, record)
        rows.append(_row(number, last_hash, record))
    insert_rows(session, INSERT_ENTRY, rows)


def _is_new(session: Session, record: AuditRecord) -> bool:
    return record.action not in READ_ACTIONS or not queries.was_read_this_minute(session, record)


def _key() -> str:
    return str(current_settings().audit_key)


def _row(number: int, hash_: str, record: AuditRecord) -> RowValues:
    return {
        "number": number,
        "entry_hash": hash_,
        "at": record.at,
        "account_id": record.account_id,
        "action": record.action,
        "subject": record.subject,
        "country": record.country,
    }


def insert_after(entries: Table, number: int, last_hash: str, action: str, subject: str) -> Insert:
    """Return the statement that appends an entry to a log whose last entry has this number and hash."""
    record = AuditRecord(clock.now(), None, ACTIONS[action].code, subject)
    hash_ = entry_hash(_key(), last_hash, number + 1, record)
    return insert(entries).values(**_row(number + 1, hash_, record))


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("entries", None)


def verify_chain(
    session: Session, entries: Table = queries.AUDIT_ENTRIES
) -> tuple[int, int | None]:
    """Return how many entries were checked, and the number of the first broken one, None if the whole chain holds."""
    expected, previous, checked = 1, GENESIS_HASH, 0
    for row in queries.iter_entries(session, entries):
        number, _, record, hash_ = queries.to_audit_record(row)
        if number != expected or entry_hash(_key(), previous, number, record) != hash_:
            return checked, min(number, expected)
        expected, previous, checked = number + 1, hash_, checked + 1
    return checked, None
