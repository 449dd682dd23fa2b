"""Expired rows are purged, kind by kind; a dry run counts and changes nothing; the audit log has the numbers."""

from contextvars import Context
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from app import clock
from app.audit.actions import verify_chain
from app.audit.queries import AUDIT_ENTRIES
from app.db.session import db, unit_of_work
from app.email.queue import EMAILS, queue_email
from app.ops.actions import retention
from app.staff.queries import SESSIONS
from tests.factories.records import at, make_account

pytestmark = pytest.mark.both_databases

NOW = at("2026-03-14 12:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def app_with_rows(app):
    """Insert rows on both sides of every limit, named by the side: `old…` must be purged."""
    account = make_account("ana", "admin").account_id
    with unit_of_work():
        session = db.session()
        for name, age in (("old, never sent", 10 * DAY + HOUR), ("waits", 10 * DAY - HOUR)):
            with clock.frozen_at(NOW - age):
                queue_email(session, "refugio@example.org", "x", "x", name)
        for name, age in (("old, sent", 7 * DAY + HOUR), ("sent", 7 * DAY - HOUR)):
            with clock.frozen_at(NOW - age):
                queue_email(session, "refugio@example.org", "x", "x", name)
            statement = EMAILS.update().where(EMAILS.c.notice_key == name)
            session.execute(statement.values(sent_at=NOW - age, next_attempt_at=None))
        for name, age in (("old", 90 * DAY + HOUR), ("known", 90 * DAY - HOUR)):
            times = {"started_at": NOW - age, "seen_at": NOW - age, "ended_at": None}
            row = {"digest": name, "account_id": account, "source_key": "", **times}
            session.execute(insert(SESSIONS).values(row))
    return app


def stored_names():
    names = [
        *db.session.scalars(select(EMAILS.c.notice_key).order_by(EMAILS.c.notice_key)),
        *db.session.scalars(select(SESSIONS.c.digest).order_by(SESSIONS.c.digest)),
    ]
    db.session.rollback()
    return names


def entries():
    statement = (
        select(AUDIT_ENTRIES.c.subject)
        .where(AUDIT_ENTRIES.c.action == "purged")
        .order_by(AUDIT_ENTRIES.c.number)
    )
    subjects = list(db.session.scalars(statement))
    db.session.rollback()
    return subjects


def run(app, *arguments):
    """Run the command at the moment of these tests; return its lines."""

    def invoke():
        with clock.frozen_at(NOW):
            return app.test_cli_runner().invoke(args=["retention", "purge", *arguments])

    db.session.remove()
    result = Context().run(invoke)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def test_a_dry_run_counts_what_a_purge_then_deletes_and_the_audit_log_has_it(app_with_rows):
    before = stored_names()
    counted = run(app_with_rows, "--dry-run")
    assert [line.split()[0] for line in counted] == ["2", "0", "1", "0"]
    assert (stored_names(), entries()) == (before, [])
    assert run(app_with_rows) == counted
    assert stored_names() == [name for name in before if not name.startswith("old")]
    assert entries() == ["letters:2", "notes:0", "sessions:1", "security:0"]
    second = run(app_with_rows)
    assert [line.split()[0] for line in second] == ["0", "0", "0", "0"]
    assert entries()[4:] == ["letters:0", "notes:0", "sessions:0", "security:0"]
    assert verify_chain(db.session())[1] is None


def test_a_kind_can_be_emptied_instead_of_deleted(app_with_rows):
    def has_body(now):
        return (EMAILS.c.created_at < now - 8 * DAY) & (EMAILS.c.body != "")

    kind = retention.RetentionKind("letters", "bodies", EMAILS, has_body, {"body": ""})
    before = stored_names()
    with clock.frozen_at(NOW), unit_of_work():
        assert (
            retention.count_expired(db.session(), kind) == retention.purge(db.session(), kind) == 2
        )
        assert retention.count_expired(db.session(), kind) == 0
    assert stored_names() == before
    assert entries() == ["letters:2"]
