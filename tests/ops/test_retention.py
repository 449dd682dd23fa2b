"""What is past its time goes, kind by kind; a dry run counts and changes nothing; the trail tells how many."""

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
def kept(app):
    """Rows on both sides of every limit, named by the side: `old…` has to go."""
    account = make_account("ana", "admin").account_id
    with unit_of_work():
        session = db.session()
        for name, age in (("old, never sent", 10 * DAY + HOUR), ("waits", 10 * DAY - HOUR)):
            with clock.frozen_at(NOW - age):
                queue_email(session, "refugio@example.org", "x", "x", name)
        for name, age in (("old, sent", 7 * DAY + HOUR), ("sent", 7 * DAY - HOUR)):
            with clock.frozen_at(NOW - age):
                queue_email(session, "refugio@example.org", "x", "x", name)
            sent = EMAILS.update().where(EMAILS.c.notice_key == name)
            session.execute(sent.values(sent_at=NOW - age, next_attempt_at=None))
        for name, age in (("old", 90 * DAY + HOUR), ("known", 90 * DAY - HOUR)):
            times = {"started_at": NOW - age, "seen_at": NOW - age, "ended_at": None}
            row = {"digest": name, "account_id": account, "source_key": "", **times}
            session.execute(insert(SESSIONS).values(row))
    return app


def stored():
    names = [
        *db.session.scalars(select(EMAILS.c.notice_key).order_by(EMAILS.c.notice_key)),
        *db.session.scalars(select(SESSIONS.c.digest).order_by(SESSIONS.c.digest)),
    ]
    db.session.rollback()
    return names


def entries():
    purged = (
        select(AUDIT_ENTRIES.c.subject)
        .where(AUDIT_ENTRIES.c.action == "purged")
        .order_by(AUDIT_ENTRIES.c.number)
    )
    found = list(db.session.scalars(purged))
    db.session.rollback()
    return found


def run(app, *words):
    """What a command says, at the moment of these tests."""

    def within():
        with clock.frozen_at(NOW):
            return app.test_cli_runner().invoke(args=["retention", "purge", *words])

    db.session.remove()
    done = Context().run(within)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_a_dry_run_counts_what_a_purge_then_deletes_and_the_trail_tells(kept):
    before = stored()
    counted = run(kept, "--dry-run")
    assert [line.split()[0] for line in counted] == ["2", "0", "1", "0"]
    assert (stored(), entries()) == (before, [])
    assert run(kept) == counted
    assert stored() == [name for name in before if not name.startswith("old")]
    assert entries() == ["letters:2", "notes:0", "sessions:1", "security:0"]
    again = run(kept)
    assert [line.split()[0] for line in again] == ["0", "0", "0", "0"]
    assert entries()[4:] == ["letters:0", "notes:0", "sessions:0", "security:0"]
    assert verify_chain(db.session())[1] is None


def test_a_kind_can_be_emptied_instead_of_deleted(kept):
    def has_body(now):
        return (EMAILS.c.created_at < now - 8 * DAY) & (EMAILS.c.body != "")

    kind = retention.RetentionKind("letters", "bodies", EMAILS, has_body, {"body": ""})
    before = stored()
    with clock.frozen_at(NOW), unit_of_work():
        assert (
            retention.count_expired(db.session(), kind) == retention.purge(db.session(), kind) == 2
        )
        assert retention.count_expired(db.session(), kind) == 0
    assert stored() == before
    assert entries() == ["letters:2"]
