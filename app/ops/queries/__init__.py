"""Reads the state of the database itself (`state`) and the contents of a backup (`backups`)."""

from app.ops.queries.backups import (
    export_snapshot,
    find_audit_table,
    find_last_backup,
    lift_time_limits,
    read_contents,
)
from app.ops.queries.state import (
    MIGRATIONS,
    Revisions,
    find_fault,
    find_journal_mode,
    find_revisions,
    find_server_time,
    has_table,
    has_tables,
    is_synchronous,
    limit_waiting,
    list_blocking,
    list_revisions,
    migration_state,
)

__all__ = [
    "MIGRATIONS",
    "Revisions",
    "export_snapshot",
    "find_audit_table",
    "find_fault",
    "find_journal_mode",
    "find_last_backup",
    "find_revisions",
    "find_server_time",
    "has_table",
    "has_tables",
    "is_synchronous",
    "lift_time_limits",
    "limit_waiting",
    "list_blocking",
    "list_revisions",
    "migration_state",
    "read_contents",
]
