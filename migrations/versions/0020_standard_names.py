"""Tables, columns, constraints and indexes get the names that the code uses; no row is rewritten."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = {
    "reach_cell": "reach_aggregate",
    "part_cell": "breakdown_aggregate",
    "volume_cell": "volume_aggregate",
    "cell_rebuild": "aggregate_rebuild",
    "letter": "outgoing_email",
}
# By the new name of the table. The log is last, as in every transaction of the app: fewer deadlocks.
COLUMNS = {
    "reach_aggregate": {"known": "is_known"},
    "breakdown_aggregate": {"part": "dimension"},
    "outgoing_email": {
        "tries": "attempts",
        "due_at": "next_attempt_at",
        "problem": "last_error",
    },
    "consultation": {"arrival_digest": "content_digest"},
    "person_line": {"place": "group_index", "known": "is_known"},
    "referral": {
        "party": "person_count",
        "arrival_digest": "content_digest",
        "arrived": "arrived_persons",
        "after_id": "previous_referral_id",
    },
    "referral_offer": {"place": "position"},
    "bed_hold": {"n": "person_count", "end": "end_reason"},
    "shelter": {"mailbox": "email"},
    "return_request": {
        "party": "person_count",
        "arrival_digest": "content_digest",
        "moved_at": "last_step_at",
        "handed_month": "handed_over_month",
        "departed": "departed_persons",
    },
    "return_step": {
        "act": "action",
        "said": "answers",
        "at": "recorded_at",
        "day": "recorded_on",
    },
    "envelope": {"brought_by": "imported_by", "about": "record_id"},
    "device": {"contact_at": "last_contact_at"},
    "account_pin": {"failed": "failed_attempts", "failed_at": "last_failed_at"},
    "staff_session": {"place_key": "source_key"},
    "sign_in_attempt": {"place_key": "source_key"},
    "audit_entry": {"act": "action", "seal": "entry_hash"},
}
CONSTRAINTS = {
    "reach_aggregate": {"pk_reach_cell": "pk_reach_aggregate"},
    "breakdown_aggregate": {"pk_part_cell": "pk_breakdown_aggregate"},
    "volume_aggregate": {"pk_volume_cell": "pk_volume_aggregate"},
    "aggregate_rebuild": {
        "pk_cell_rebuild": "pk_aggregate_rebuild",
        "ck_cell_rebuild_only_one": "ck_aggregate_rebuild_only_one",
    },
    "outgoing_email": {
        "pk_letter": "pk_outgoing_email",
        "uq_letter_to_address_notice_key": "uq_outgoing_email_to_address_notice_key",
        "ck_letter_sent_is_not_due": "ck_outgoing_email_sent_is_not_due",
    },
    "referral": {
        "ck_referral_party_in_range": "ck_referral_person_count_in_range",
        "fk_referral_after_id_referral": "fk_referral_previous_referral_id_referral",
    },
    "bed_hold": {
        "ck_bed_hold_n_in_range": "ck_bed_hold_person_count_in_range",
        "ck_bed_hold_end_is_said": "ck_bed_hold_end_has_reason",
    },
    "return_request": {
        "ck_return_request_party_in_range": "ck_return_request_person_count_in_range",
        "ck_return_request_handed_consented": "ck_return_request_hand_over_has_consent",
    },
    "envelope": {"fk_envelope_brought_by_account": "fk_envelope_imported_by_account"},
}
INDEXES = {
    "outgoing_email": {"ix_letter_due_at": "ix_outgoing_email_next_attempt_at"},
    "return_request": {
        "ix_return_request_country_handed_month": "ix_return_request_country_handed_over_month"
    },
    "envelope": {"ix_envelope_about_state": "ix_envelope_record_id_state"},
    "staff_session": {
        "ix_staff_session_place_key_started_at": "ix_staff_session_source_key_started_at"
    },
    "sign_in_attempt": {"ix_sign_in_attempt_place_key_at": "ix_sign_in_attempt_source_key_at"},
}
SEQUENCE = ("cell_rebuild_id_seq", "aggregate_rebuild_id_seq")


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO {new}')
    for table, names in CONSTRAINTS.items():
        _rename_constraints(table, names)
    for table, names in INDEXES.items():
        _rename_indexes(table, names)
    _rename_sequence(*SEQUENCE)


def downgrade() -> None:
    _rename_sequence(*reversed(SEQUENCE))
    for table, names in INDEXES.items():
        _rename_indexes(table, _reversed(names))
    for table, names in CONSTRAINTS.items():
        _rename_constraints(table, _reversed(names))
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f'ALTER TABLE {table} RENAME COLUMN {new} TO "{old}"')
    for old, new in TABLES.items():
        op.rename_table(new, old)


def _reversed(names: dict[str, str]) -> dict[str, str]:
    return {new: old for old, new in names.items()}


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _rename_sequence(old: str, new: str) -> None:
    if _is_postgresql():
        op.execute(f"ALTER SEQUENCE {old} RENAME TO {new}")


def _rename_constraints(table: str, names: dict[str, str]) -> None:
    if _is_postgresql():
        for old, new in names.items():
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    else:
        _rename_in_schema(table, names)


def _rename_in_schema(table: str, names: dict[str, str]) -> None:
    """Rename constraints in the stored CREATE TABLE; raise LookupError if one is not there exactly once.

    SQLite has no command for it. This is its documented procedure for changes that leave the rows as they are
    (sqlite.org/lang_altertable.html, section 7): a rebuild would copy the largest tables and all that refer to them.
    """
    bind = op.get_bind()
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    ddl = str(bind.execute(query, {"table": table}).scalar_one())
    for old, new in names.items():
        if ddl.count(f"CONSTRAINT {old} ") != 1:
            raise LookupError(f"{table} has no constraint {old}")
        ddl = ddl.replace(f"CONSTRAINT {old} ", f"CONSTRAINT {new} ")
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    change = sa.text("UPDATE sqlite_master SET sql = :ddl WHERE type = 'table' AND name = :table")
    bind.execute(change, {"ddl": ddl, "table": table})
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")


def _rename_indexes(table: str, names: dict[str, str]) -> None:
    if _is_postgresql():
        for old, new in names.items():
            op.execute(f"ALTER INDEX {old} RENAME TO {new}")
        return
    columns = {
        index["name"]: index["column_names"]
        for index in sa.inspect(op.get_bind()).get_indexes(table)
    }
    for old, new in names.items():
        op.drop_index(old, table)
        op.create_index(new, table, columns[old])
