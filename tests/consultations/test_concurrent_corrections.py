"""Corrections and voids of one record at the same moment: one wins each version, the rest get a conflict."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.db.session import db
from tests.factories.records import JSON, Browser, consultation_json, in_new_context
from tests.factories.two_country_world import row_counts

pytestmark = pytest.mark.both_databases

ROUNDS = 4 * int(os.environ.get("VENTANILLA_ROUNDS", "1"))
TOPICS = ("health", "shelter", "education", "transport", "legal_aid", "consular")


def send_at_once(world, requests):
    """Send all requests at the same moment, each by a client of its own; return their answers."""
    barrier = Barrier(len(requests))
    ana = world["ana"]
    headers = {**JSON, "X-CSRFToken": ana.token()}
    cookie = ana.client.get_cookie("ventanilla")

    def send(request):
        path, body = request
        client = world.app.test_client()
        client.set_cookie("ventanilla", cookie.value)
        barrier.wait()
        return client.post(path, json=body, headers=headers)

    db.session.rollback()
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: in_new_context(send, request), requests))


def test_one_of_many_corrections_of_a_version_wins(world):
    for _ in range(ROUNDS):
        record = consultation_json()
        world["ana"].post("/consultations", record)
        path = f"/consultations/{record['id']}"
        before = row_counts()
        answers = send_at_once(world, [
            (f"{path}/correct", {**record, "topics": [topic], "version": 1, "reason": "slip"})
            for topic in TOPICS
        ])  # fmt: skip
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: len(TOPICS) - 1}
        winner = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
        read = world["ana"].get_json(path).get_json()
        assert (read["version"], read["topics"]) == (2, [TOPICS[winner]])
        for n, answer in enumerate(answers):
            if n != winner:
                conflict = answer.get_json()
                assert (conflict["version"], conflict["theirs"]["topics"]) == (2, [TOPICS[winner]])
        assert row_counts()["consultation_version"] == before["consultation_version"] + 1
        assert row_counts()["person_line"] == before["person_line"]


def test_correcting_and_voiding_at_once_leave_one_whole_history(world):
    for _ in range(ROUNDS):
        record = consultation_json()
        world["ana"].post("/consultations", record)
        path = f"/consultations/{record['id']}"
        change = {**record, "topics": ["health"], "reason": "slip"}
        answers = send_at_once(world, [
            (f"{path}/correct", {**change, "version": 1}),
            (f"{path}/correct", {**change, "version": 2}),
            (f"{path}/void", {"version": 1, "reason": "slip"}),
            (f"{path}/void", {"reason": "undo"}),
            (f"{path}/void", {"reason": "duplicate"}),
            ("/consultations", record),
        ])  # fmt: skip
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) <= {200, 409}
        assert statuses[3:] == [200, 200, 200]
        assert (statuses[0], statuses[2]) != (200, 200) or answers[2].get_json()["version"] > 1
        read = world["ana"].get_json(path).get_json()
        versions = [line["version"] for line in read["trail"]]
        assert versions == list(range(1, read["version"] + 1))
        assert_lines_agree(record["id"], read["state"])


def assert_lines_agree(consultation_id, state):
    from uuid import UUID

    from sqlalchemy import select

    from app.people.models.lines import PersonLine

    lines = PersonLine.__table__
    of_record = lines.c.consultation_id == UUID(consultation_id)
    voided = list(db.session.scalars(select(lines.c.is_void).where(of_record).order_by(lines.c.id)))
    db.session.rollback()
    assert voided == [state == "void"]


def test_changes_of_many_records_at_once_wait_for_nobody_for_ever(world):
    records = [consultation_json() for _ in range(3)]
    for record in records:
        world["ana"].post("/consultations", record)
    requests = []
    for record in records:
        path = f"/consultations/{record['id']}"
        requests += [
            (f"{path}/correct", {**record, "topics": ["health"], "version": 1, "reason": "slip"}),
            (f"{path}/void", {"reason": "slip"}),
            ("/consultations", consultation_json()),
        ]
    answers = send_at_once(world, requests)
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert Browser(world.app.test_client()).get("/sync/token").status_code == 200
