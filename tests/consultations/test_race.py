"""The same consultation sent by eight clients at the same moment, against a real server."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.consultations.models import Consultation
from app.db.session import db
from app.people.models.lines import PersonLine
from tests.factories.records import consultation_json, make_account, make_desk
from tests.server import ROUNDS, Client, serving

pytestmark = pytest.mark.both_databases

CLIENTS = 8
TIMES = 50 * ROUNDS


def test_the_same_consultation_sent_by_eight_clients_at_once_is_one_row_one_new_and_seven_same(app):
    desk = make_desk()
    make_account("ana", "desk_staff", (desk,))
    db.session.remove()
    contents = [consultation_json() for _ in range(TIMES)]
    with serving(app.config["SETTINGS"].database_url, workers=4) as server:
        clients = [Client(server.port).sign_in("ana") for _ in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = [_send_at_once(pool, clients, content) for content in contents]
    once = Counter({(201, "new"): 1, (200, "same"): CLIENTS - 1})
    assert [Counter(answer) for answer in answers] == [once] * TIMES
    for table in (Consultation, PersonLine):
        assert db.session.scalar(select(func.count()).select_from(table)) == TIMES
    entries = select(func.count()).where(AuditEntry.action == "recorded")
    assert db.session.scalar(entries) == TIMES


def _send_at_once(
    pool: ThreadPoolExecutor, clients: list[Client], content: dict[str, Any]
) -> list[tuple[int, str]]:
    barrier = Barrier(len(clients))

    def send(client: Client) -> tuple[int, str]:
        barrier.wait()
        status, body = client.post("/consultations", content)
        return status, body.get("arrival", str(body))

    return list(pool.map(send, clients))
