"""A server killed under load: what it accepted is stored once, and figures equal a recount."""

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
    accepted = _kill_under_load(server, KILLS)
    assert len(accepted) >= 8 * KILLS
    assert _list_discrepancies(accepted) == []
    assert _figures(server) == _recount(accepted)


def test_counting_in_a_second_transaction_is_caught(server):
    server.module = "tests.mutants.counts_in_second_transaction:application"
    accepted = _kill_under_load(server, 3)
    assert any("people" in sentence for sentence in _list_discrepancies(accepted))


def _kill_under_load(server: Server, kills: int) -> list[dict[str, Any]]:
    """Return everything that was accepted while the server was killed repeatedly under load."""
    server.start()
    clients = [Client(server.port).sign_in("ana") for _ in range(CLIENTS)]
    stop, random_source = Event(), random.Random(7)
    accepted: list[dict[str, Any]] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        futures = [
            pool.submit(_send_on, client, random.Random(n), accepted, stop)
            for n, client in enumerate(clients)
        ]
        try:
            for _ in range(kills):
                _wait_for_more(accepted, random_source.randint(8, 40))
                server.kill()
                server.start()
        finally:
            stop.set()
        for future in futures:
            future.result(timeout=90)
    return accepted


def _wait_for_more(accepted: list[dict[str, Any]], more: int) -> None:
    n_expected, deadline = len(accepted) + more, time.monotonic() + 60
    while len(accepted) < n_expected:
        assert time.monotonic() < deadline, "the server answers too little"
        time.sleep(0.001)


def _send_on(
    client: Client, random_source: random.Random, accepted: list[dict[str, Any]], stop: Event
) -> None:
    while not stop.is_set():
        content = _make_record(random_source)
        _send_until_answered(client, content)
        accepted.append(content)


def _send_until_answered(client: Client, content: dict[str, Any]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            status, body = client.post("/consultations", content)
        except OSError:
            time.sleep(0.02)
            continue
        assert status in (200, 201), (status, body)
        return
    raise AssertionError("never answered")


def _make_record(random_source: random.Random) -> dict[str, Any]:
    in_january = consultation_json()["held_on"][5:7] == "01"
    possible = [a for a in ANSWERS if not (in_january and a == "first_this_month")]
    group = {
        "nationality": random_source.choice(("HND", "VEN", "HTI")),
        "situation": "in_transit",
        "repeat_contact": random_source.choice(possible),
        "persons": [
            {"sex": "female", "age_band": "age_25_59", "n": random_source.randint(1, 3)},
            {"sex": "male", "age_band": "age_5_11", "n": random_source.randint(1, 3)},
        ],
    }
    return consultation_json(groups=[group])


def _list_discrepancies(accepted: list[dict[str, Any]]) -> list[str]:
    """Return one sentence for each discrepancy between the answers and the database."""
    session = db.session()
    people = {content["id"]: _count_people(content) for content in accepted}
    rows = dict(session.execute(select(Consultation.id, Consultation.persons)).all())
    counted = select(PersonLine.consultation_id, func.sum(PersonLine.n))
    lines = dict(session.execute(counted.group_by(PersonLine.consultation_id)).all())
    subjects = select(AuditEntry.subject).where(AuditEntry.action == "recorded")
    entries = Counter(session.scalars(subjects))
    discrepancies = []
    if set(rows) != {UUID(key) for key in people}:
        discrepancies.append("rows are not those that were answered")
    for key, n in people.items():
        if rows.get(UUID(key)) != n or lines.get(UUID(key)) != n:
            discrepancies.append(
                f"{key}: not {n} people but {rows.get(UUID(key))}, {lines.get(UUID(key))}"
            )
        if entries[f"consultation:{key}"] != 1:
            discrepancies.append(f"{key}: {entries[f'consultation:{key}']} audit entries")
    broken = verify_chain(session)[1]
    if broken is not None:
        discrepancies.append(f"the audit log is broken at {broken}")
    session.rollback()
    return discrepancies


def _count_people(content: dict[str, Any]) -> int:
    return sum(persons["n"] for group in content["groups"] for persons in group["persons"])


def _figures(server: Server) -> dict[str, Any]:
    month = f"{date.fromisoformat(consultation_json()['held_on']):%Y-%m}"
    eva = Client(server.port).sign_in("eva")
    status, figures = eva.ask("GET", f"/counts.json?country=HND&month={month}")
    assert status == 200, (status, figures)
    names = ("consultations", "persons_in_consultations", "reached", "new")
    return {name: figures[name] for name in names}


def _recount(accepted: list[dict[str, Any]]) -> dict[str, Any]:
    people_by_answer: Counter[str] = Counter()
    for content in accepted:
        people_by_answer[content["groups"][0]["repeat_contact"]] += _count_people(content)
    low = people_by_answer["first_this_year"] + people_by_answer["first_this_month"]
    unknown = people_by_answer["unknown"]
    return {
        "consultations": len(accepted),
        "persons_in_consultations": sum(people_by_answer.values()),
        "reached": {"low": low, "high": low + unknown, "unknown": unknown},
        "new": people_by_answer["first_this_year"],
    }
