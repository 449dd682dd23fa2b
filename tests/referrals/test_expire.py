"""Expiring closes what time has ended; notes are deleted 30 days after closing, and nothing else of a referral."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db.session import db, unit_of_work
from app.ops.actions import retention
from app.referrals.models import Referral
from tests.factories.records import Browser, at, in_new_context, make_account, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter, referral_json

pytestmark = pytest.mark.both_databases

SENT_AT = at("2026-03-10 18:00")
NOTE = "llegan a las 8 de la noche"
ROWS = Referral.__table__


def send_referral(app: Flask) -> str:
    """Send a referral with a note and return its id."""
    make_account("ana", "desk_staff", (make_desk(),))
    make_coordinator("cora", make_shelter())
    fields = referral_json(note=NOTE)
    with clock.frozen_at(SENT_AT):
        ana = sign_in(app, "ana")
    answer = post_at(ana, SENT_AT, fields)
    assert answer.status_code == 201, answer.text
    return str(fields["id"])


def post_at(browser: Browser, moment: datetime, fields: dict[str, object]) -> object:
    def send() -> object:
        with clock.frozen_at(moment):
            token = browser.client.get("/sync/token").get_json()["csrf_token"]
            headers = {"X-CSRFToken": token, "Accept": "application/json"}
            return browser.client.post("/referrals", json=fields, headers=headers)

    return in_new_context(send)


def find_row(referral_id: str) -> object:
    row = db.session.execute(select(ROWS).where(ROWS.c.id == UUID(referral_id))).one()
    db.session.rollback()
    return row


def find_note_retention() -> retention.RetentionKind:
    return next(kind for kind in retention.KINDS if kind.subject == "notes")


def test_expiring_writes_the_moment_at_which_time_ended_it_and_a_second_run_finds_nothing(
    app: Flask,
) -> None:
    referral_id = send_referral(app)
    with clock.frozen_at(SENT_AT + timedelta(days=3)):
        first = in_new_context(app.test_cli_runner().invoke, args=["referrals", "tidy"])
        second = in_new_context(app.test_cli_runner().invoke, args=["referrals", "tidy"])
    assert "1 expired, 0 did not come." in first.output and first.exit_code == 0
    assert "0 expired, 0 did not come." in second.output
    row = find_row(referral_id)
    assert row.state == "expired" and row.closed_at == row.deadline


def test_a_note_is_deleted_thirty_days_after_the_end_however_the_end_was_recorded(
    app: Flask,
) -> None:
    referral_id = send_referral(app)
    kind, end = find_note_retention(), find_row(referral_id).deadline
    for age, is_kept in (
        (timedelta(days=30) - timedelta(hours=1), True),
        (timedelta(days=31), False),
    ):
        with clock.frozen_at(end + age), unit_of_work():
            assert retention.count_expired(db.session(), kind) == (0 if is_kept else 1)
            retention.purge(db.session(), kind)
        assert find_row(referral_id).note == (NOTE if is_kept else "")
    assert find_row(referral_id).person_count == 1 and find_row(referral_id).persons == [
        ["female", "age_25_59", 1]
    ]
