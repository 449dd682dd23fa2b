"""The log says what happened, never a value of a form, a path or a password."""

import io
import json
import logging

import pytest
from sqlalchemy import text

from app.db.session import db
from tests.factories.records import (
    Browser,
    consultation_json,
    in_new_context,
    make_account,
    make_desk,
    sign_in,
)

MARK = "MarkerOfAPerson"


@pytest.fixture
def log(app):
    """Yield everything that any logger writes while the test runs."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    own_handlers = [
        h for name in ("ventanilla", app.name) for h in logging.getLogger(name).handlers
    ]
    streams = [(handler_, handler_.setStream(written)) for handler_ in dict.fromkeys(own_handlers)]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)
    for handler_, stream in streams:
        handler_.setStream(stream)


def marked_form():
    fields = {name: f"{MARK}-{name}" for name in ("id", "desk", "held_on", "channel", "language")}
    fields |= {"topics": [f"{MARK}-topic"], "outcomes": [f"{MARK}-outcome"], "flags": [MARK]}
    fields |= {"groups-0-nationality": MARK, "groups-0-female-age_25_59": MARK}
    return fields | {f"{MARK}_unknown": f"{MARK} 0801-1990-12345", "device": f"{MARK} +504"}


def send_every_kind_of_request(app):
    """Send requests that carry the mark at every place of a value; return their statuses."""
    ana = sign_in(app, "ana")
    stranger = Browser(app.test_client())
    wrong = consultation_json(topics=[MARK], device=MARK, **{MARK: MARK})
    broken = {"data": b'{"' + MARK.encode() + b'": \xff', "content_type": "application/json"}
    headers = {"X-CSRFToken": ana.token()}
    answers = [
        ana.post("/consultations", wrong),
        ana.post_form("/consultations", marked_form()),
        ana.post("/consultations", consultation_json()),
        ana.get(f"/consultations/{MARK}"),
        ana.get(f"/{MARK}?name={MARK}"),
        ana.get(f"/today?desk={MARK}&day={MARK}"),
        in_new_context(ana.client.post, "/consultations", headers=headers, **broken),
        in_new_context(
            ana.client.post, "/consultations", data={MARK: MARK}, headers={"Referer": MARK}
        ),
        in_new_context(ana.client.put, f"/consultations?{MARK}", data=MARK),
        stranger.post("/sign-in", {"username": MARK, "password": f"{MARK}-password"}),
        stranger.post_form("/sign-in", {"username": f"{MARK}-name", "password": MARK}),
        stranger.get(f"/consultations/new?like={MARK}"),
    ]
    return [answer.status_code for answer in answers]


def test_no_value_of_any_form_reaches_the_log(app, log):
    make_account("ana", "desk_staff", (make_desk(),))
    statuses = send_every_kind_of_request(app)
    assert {201, 400, 401, 404, 405, 422} <= set(statuses), statuses
    written = log.getvalue()
    assert written.count('"event": "request"') >= len(statuses)
    assert MARK.casefold() not in written.casefold()
    assert "a-long-test-phrase" not in written
    assert '"ana"' not in written


def test_a_bug_or_a_broken_database_is_logged_with_its_place_and_no_value(app, log):
    make_account("ana", "desk_staff", (make_desk(),))
    ana = sign_in(app, "ana")
    db.session.execute(text("DROP TABLE person_line"))
    db.session.commit()
    content = consultation_json(held_on="2024-02-29")  # never the day that the log itself writes
    answer = ana.post("/consultations", content)
    assert answer.status_code in (500, 503)
    assert "person_line" not in answer.text
    written = log.getvalue()
    lines = [entry for entry in written.splitlines() if '"bug"' in entry or '"database"' in entry]
    assert len(lines) == 1
    entry = json.loads(lines[0])
    assert (entry["event"], entry["kind"]) == ("database", "schema")
    assert entry["code"] in ("42P01", "SQLITE_ERROR")
    for value in (content["id"], content["held_on"], "age_25_59", "asylum", "INSERT"):
        assert value not in written


def test_every_line_is_json_with_what_an_operator_needs(app, log):
    make_account("ana", "desk_staff", (make_desk(),))
    sign_in(app, "ana").get("/sync/me")
    lines = [json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{")]
    last = lines[-1]
    assert (last["event"], last["method"], last["route"]) == ("request", "GET", "/sync/me")
    assert (last["status"], last["account"]) == (200, 1)
    assert len(last["request"]) == 16
    assert last["ms"] >= 0
