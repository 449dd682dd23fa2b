"""A server killed under load: what it answered is there once, and figures equal a recount."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.audit.actions import verify_chain
from app.audit.models import AuditEntry
from app.consultations.models import Consultation
from app.db.session import db
from app.people.models.lines import PersonLine
from tests.factories.records import consultation_json, make_account, make_desk
from tests.server import ROUNDS, Client, Server

pytestmark = pytest.mark.both_databases

CLIENTS = 6
KILLS = 6 if ROUNDS == 1 else 10 * ROUNDS
ANSWERS = ("first_this_year", "first_this_month", "repeat_this_month", "unknown")


@pytest.fixture
def server(app):
    desk = make_desk()
    make_account("ana", "desk_staff", (desk,))
    make_account("eva", "supervisor", countries=("HND",))
    db.session.remove()
    server = Server(app.config["SETTINGS"].database_url, workers=4)
    yield server
    server.kill()


def test_a_server_killed_under_load_keeps_every_answered_consultation_once(server):
    answered = _killed_under_load(server, KILLS)
    assert len(answered) >= 8 * KILLS
    assert _what_is_wrong(answered) == []
    assert _figures(server) == _recount(answered)


def test_counting_in_a_second_transaction_is_caught(server):
    server.module = "tests.mutants.counts_in_second_transaction:application"
    answered = _killed_under_load(server, 3)
    assert any("people" in sentence for sentence in _what_is_wrong(answered))


def _killed_under_load(server: Server, kills: int) -> list[dict[str, Any]]:
    """All that was answered, while the server was killed again and again in the midst of it."""
    server.start()
    clients = [Client(server.port).sign_in("ana") for _ in range(CLIENTS)]
    enough, chance = Event(), random.Random(7)
    answered: list[dict[str, Any]] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        sending = [
            pool.submit(_send_on, client, random.Random(n), answered, enough)
            for n, client in enumerate(clients)
        ]
        try:
            for _ in range(kills):
                _wait_for_more(answered, chance.randint(8, 40))
                server.kill()
                server.start()
        finally:
            enough.set()
        for sent in sending:
            sent.result(timeout=90)
    return answered


def _wait_for_more(answered: list[dict[str, Any]], more: int) -> None:
    wanted, until = len(answered) + more, time.monotonic() + 60
    while len(answered) < wanted:
        assert time.monotonic() < until, "the server answers too little"
        time.sleep(0.001)


def _send_on(
    client: Client, chance: random.Random, answered: list[dict[str, Any]], enough: Event
) -> None:
    while not enough.is_set():
        content = _family(chance)
        _send_until_answered(client, content)
        answered.append(content)


def _send_until_answered(client: Client, content: dict[str, Any]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            status, said = client.post("/consultations", content)
        except OSError:
            time.sleep(0.02)
            continue
        assert status in (200, 201), (status, said)
        return
    raise AssertionError("never answered")


def _family(chance: random.Random) -> dict[str, Any]:
    in_january = consultation_json()["held_on"][5:7] == "01"
    possible = [a for a in ANSWERS if not (in_january and a == "first_this_month")]
    group = {
        "nationality": chance.choice(("HND", "VEN", "HTI")),
        "situation": "in_transit",
        "repeat_contact": chance.choice(possible),
        "persons": [
            {"sex": "female", "age_band": "age_25_59", "n": chance.randint(1, 3)},
            {"sex": "male", "age_band": "age_5_11", "n": chance.randint(1, 3)},
        ],
    }
    return consultation_json(groups=[group])


def _what_is_wrong(answered: list[dict[str, Any]]) -> list[str]:
    """One sentence for each thing that the database does not hold as it was answered."""
    session = db.session()
    people = {content["id"]: _people(content) for content in answered}
    rows = dict(session.execute(select(Consultation.id, Consultation.persons)).all())
    counted = select(PersonLine.consultation_id, func.sum(PersonLine.n))
    lines = dict(session.execute(counted.group_by(PersonLine.consultation_id)).all())
    subjects = select(AuditEntry.subject).where(AuditEntry.action == "recorded")
    entries = Counter(session.scalars(subjects))
    wrong = []
    if set(rows) != {UUID(key) for key in people}:
        wrong.append("rows are not those that were answered")
    for key, n in people.items():
        if rows.get(UUID(key)) != n or lines.get(UUID(key)) != n:
            wrong.append(f"{key}: not {n} people but {rows.get(UUID(key))}, {lines.get(UUID(key))}")
        if entries[f"consultation:{key}"] != 1:
            wrong.append(f"{key}: {entries[f'consultation:{key}']} audit entries")
    broken = verify_chain(session)[1]
    if broken is not None:
        wrong.append(f"the audit trail is broken at {broken}")
    session.rollback()
    return wrong


def _people(content: dict[str, Any]) -> int:
    return sum(some["n"] for group in content["groups"] for some in group["persons"])


def _figures(server: Server) -> dict[str, Any]:
    month = f"{date.fromisoformat(consultation_json()['held_on']):%Y-%m}"
    eva = Client(server.port).sign_in("eva")
    status, said = eva.ask("GET", f"/counts.json?country=HND&month={month}")
    assert status == 200, (status, said)
    names = ("consultations", "persons_in_consultations", "reached", "new")
    return {name: said[name] for name in names}


def _recount(answered: list[dict[str, Any]]) -> dict[str, Any]:
    by_answer: Counter[str] = Counter()
    for content in answered:
        by_answer[content["groups"][0]["repeat_contact"]] += _people(content)
    low = by_answer["first_this_year"] + by_answer["first_this_month"]
    unknown = by_answer["unknown"]
    return {
        "consultations": len(answered),
        "persons_in_consultations": sum(by_answer.values()),
        "reached": {"low": low, "high": low + unknown, "unknown": unknown},
        "new": by_answer["first_this_year"],
    }
