"""The audit log: one line for each change, none for a refusal, and any tampering is found."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from app import clock
from app.audit import actions
from app.audit.models import AuditEntry
from app.db.session import db, unit_of_work, write_transaction
from tests.factories.records import (
    at,
    consultation_json,
    in_new_context,
    make_account,
    make_consultation,
    make_desk,
    sign_in,
)

pytestmark = pytest.mark.both_databases

AUDIT_LOG = AuditEntry.__table__


@pytest.fixture
def unguarded(app):
    """Write ten lines and drop the triggers, as somebody with the database file could."""
    for n in range(10):
        with unit_of_work():
            actions.record_audit(1, "recorded", f"consultation:{n}", "HND")
    names = ("audit_entry_no_UPDATE", "audit_entry_no_DELETE")
    if db.engine.dialect.name == "postgresql":
        names = ("audit_entry_no_change ON audit_entry", "audit_entry_no_truncate ON audit_entry")
    _tamper(*(text(f"DROP TRIGGER {name}") for name in names))
    assert _verify() == (10, None)


def _tamper(*statements) -> None:
    with write_transaction():
        for statement in statements:
            db.session.execute(statement)
        db.session.commit()


def _verify() -> tuple[int, int | None]:
    verified = actions.verify_chain(db.session())
    db.session.rollback()
    return verified


def _entries(action: str | None = None) -> int:
    statement = select(func.count()).select_from(AUDIT_LOG)
    count = db.session.scalar(
        statement if action is None else statement.where(AUDIT_LOG.c.action == action)
    )
    db.session.rollback()
    return count


@pytest.mark.parametrize(
    "column, value",
    [
        ("account_id", 2),
        ("action", "voided"),
        ("subject", "consultation:99"),
        ("country", "GTM"),
        ("entry_hash", "0" * 64),
        ("at", at("2020-01-01 00:00")),
    ],
)
def test_an_altered_line_is_named(unguarded, column, value):
    _tamper(update(AUDIT_LOG).where(AUDIT_LOG.c.number == 6).values({column: value}))
    assert _verify() == (5, 6)


def test_a_removed_line_is_named(unguarded):
    _tamper(delete(AUDIT_LOG).where(AUDIT_LOG.c.number == 4))
    assert _verify() == (3, 4)


def test_a_removed_first_line_is_named(unguarded):
    _tamper(delete(AUDIT_LOG).where(AUDIT_LOG.c.number == 1))
    assert _verify() == (0, 1)


def test_lines_closed_up_after_a_removal_are_named(unguarded):
    _tamper(
        delete(AUDIT_LOG).where(AUDIT_LOG.c.number == 4),
        *(
            update(AUDIT_LOG).where(AUDIT_LOG.c.number == n).values(number=n - 1)
            for n in range(5, 11)
        ),
    )
    assert _verify() == (3, 4)


def test_two_lines_that_changed_places_are_named(unguarded):
    _tamper(
        *(
            update(AUDIT_LOG).where(AUDIT_LOG.c.number == old).values(number=new)
            for old, new in ((3, 99), (7, 3), (99, 7))
        )
    )
    assert _verify() == (2, 3)


def test_an_appended_line_without_the_key_is_named(unguarded):
    line = {"number": 11, "at": clock.now(), "account_id": 1, "action": "voided"}
    _tamper(
        insert(AUDIT_LOG).values(
            **line, subject="consultation:1", country="HND", entry_hash="a" * 64
        )
    )
    assert _verify() == (10, 11)


def test_the_chain_does_not_verify_under_another_key(app, unguarded):
    app.config["SETTINGS"] = type(app.config["SETTINGS"])(
        **{**vars(app.config["SETTINGS"]), "audit_key": "another-key"}
    )
    assert _verify() == (0, 1)


def test_readings_leave_one_entry_for_each_account_scope_and_minute(app):
    desk = make_desk()
    make_account("ana", "desk_staff", (desk,))
    make_account("eva", "supervisor", countries=("HND",))
    ana, eva = sign_in(app, "ana"), sign_in(app, "eva")
    moment = clock.now().replace(second=1)
    for seconds in (0, 20, 58, 59, 61):
        with clock.frozen_at(moment + timedelta(seconds=seconds)):
            for browser in (ana, eva):
                assert _get_now(browser, "/today").status_code == 200
    assert _entries("day_read") == 4


def _get_now(browser, path):
    """Send a request under the clock of this test."""
    now = clock.now()

    def get():
        with clock.frozen_at(now):
            return browser.client.get(path)

    return in_new_context(get)


def test_every_change_leaves_exactly_one_entry(app):
    desk = make_desk()
    make_account("ana", "desk_staff", (desk,))
    ana = sign_in(app, "ana")
    content = consultation_json()
    path = f"/consultations/{content['id']}"
    steps = [
        ("recorded", "/consultations", content, 201),
        ("corrected", f"{path}/correct", {**content, "version": 1, "reason": "slip"}, 200),
        ("voided", f"{path}/void", {"version": 2, "reason": "duplicate"}, 200),
    ]
    for action, address, body, status in steps:
        before = _entries()
        answer = ana.post(address, body)
        assert answer.status_code == status, answer.data
        assert _entries() == before + 1
        assert _entries(action) == 1
    assert _verify()[1] is None


def test_what_is_refused_or_known_already_leaves_none(app):
    desk = make_desk()
    make_account("ana", "desk_staff", (desk,))
    ana = sign_in(app, "ana")
    content = consultation_json()
    assert ana.post("/consultations", content).status_code == 201
    before = _entries()
    answers = [
        (ana.post("/consultations", content), 200),
        (ana.post("/consultations", {**content, "topics": ["health"]}), 409),
        (ana.post("/consultations", consultation_json(topics=[])), 422),
        (ana.post(f"/consultations/{content['id']}/void", {}), 422),
        (ana.get("/desks"), 403),
        (ana.get("/consultations/00000000-0000-4000-8000-000000000000"), 404),
    ]
    for answer, status in answers:
        assert answer.status_code == status, answer.data
    assert _entries() == before


def test_no_entry_holds_a_value_of_the_form(app):
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_consultation(ana)
    for line in db.session.execute(select(AUDIT_LOG).order_by(AUDIT_LOG.c.number)):
        line_text = f"{line.action} {line.subject}"
        assert not any(
            word in line_text for word in ("asylum", "age_25_59", "female", "in_transit")
        )


def test_writers_at_the_same_time_keep_the_chain_whole(app):
    writers, per_writer = 8, 15
    barrier = Barrier(writers)

    def write(writer: int) -> None:
        with app.app_context():
            barrier.wait()
            for n in range(per_writer):
                with unit_of_work():
                    actions.record_audit(writer, "recorded", f"consultation:{writer}-{n}", "HND")
            db.session.remove()

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda writer: in_new_context(write, writer), range(writers)))
    assert _verify() == (writers * per_writer, None)
