"""No GET changes the database, except both logs, counters of requests and the last use of a session."""

import pytest
from sqlalchemy import select

from app.db.session import db
from tests.contracts.test_permissions import make_consented_return, send_referral
from tests.factories.records import make_account, make_consultation, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter

pytestmark = pytest.mark.both_databases

CHANGED_BY_READING = {
    "audit_entry": None,
    "staff_session": "seen_at",
    "rate_limit": None,
    "security_event": None,
}


def test_reading_every_address_changes_nothing(app):
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_account("eva", "supervisor", countries=("HND",))
    make_account("rita", "regional")
    make_account("otto", "admin")
    make_coordinator("cora", make_shelter())
    arguments = {
        "consultation_id": make_consultation(ana)["id"],
        "referral_id": send_referral(ana),
        "reference": make_consented_return(ana).display_reference,
        "action": "handed_to_iom",
        "code": "HND-S1",
        "username": "ana",
        "token": "no-such-token",
        "filename": "style.css",
        "name": "record",
        "number": 1,
    }
    browsers = [sign_in(app, name) for name in ("ana", "cora", "eva", "rita", "otto")]
    before, answered = _rows(), 0
    for rule in [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]:
        path = rule.build({name: arguments[name] for name in rule.arguments})[1]
        for browser in browsers:
            for answer in (browser.get(path), browser.get_json(path)):
                assert answer.status_code < 500, (path, answer.status_code)
                answered += answer.status_code == 200
                answer.close()
    assert answered > 30
    assert _rows() == before


def _rows() -> dict[str, list]:
    db.session.rollback()
    rows = {}
    for table in db.metadata.sorted_tables:
        if CHANGED_BY_READING.get(table.name, "") is not None:
            columns = [c for c in table.columns if c.name != CHANGED_BY_READING.get(table.name)]
            result = db.session.execute(select(*columns).order_by(*table.primary_key))
            rows[table.name] = [tuple(row) for row in result]
    db.session.rollback()
    return rows
