"""The audit log as the page shows it: with usernames and names of desks instead of ids and codes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from app.audit.queries import list_latest_entries, to_audit_record
from app.audit.rules import AuditRecord
from app.db.session import Session
from app.places.queries import ALL_DESKS, list_desks
from app.staff.queries.accounts import list_usernames


@dataclass(frozen=True)
class AuditLogLine:
    """One line of the audit log: when, who (empty: a command), which action, and its subject (`kind` and `name`)."""

    number: int
    at: datetime
    username: str
    action: str
    kind: str
    name: str
    country: str


def list_audit_log(
    session: Session, countries: Collection[str] | None, before: int | None, limit: int
) -> list[AuditLogLine]:
    """List lines of the audit log, newest first, of these countries, of all if None; `before` a number, for paging."""
    codes = None if countries is None else sorted(countries)
    rows = [to_audit_record(row) for row in list_latest_entries(session, codes, before, limit)]
    subjects = {record.subject.partition(":")[::2] for _, _, record, _ in rows}
    subject_ids = {int(name) for kind, name in subjects if kind == "account"}
    actor_ids = {record.account_id for _, _, record, _ in rows if record.account_id is not None}
    usernames = list_usernames(session, actor_ids | subject_ids)
    desks = {desk.code: desk.name for desk in list_desks(session, ALL_DESKS)}
    names = {("account", str(number)): name for number, name in usernames.items()}
    names |= {("desk", code): name for code, name in desks.items()}
    return [_to_log_line(number, record, usernames, names) for number, _, record, _ in rows]


def _to_log_line(
    number: int, record: AuditRecord, usernames: dict[int, str], names: dict[tuple[str, str], str]
) -> AuditLogLine:
    kind, _, code = record.subject.partition(":")
    name = names.get((kind, code), code[:8] if kind == "consultation" else code)
    username = usernames.get(record.account_id or 0, "")
    return AuditLogLine(number, record.at, username, record.action, kind, name, record.country)
