"""Two people act on one request at the same moment: one outcome, nothing lost, and a withdrawal is never overtaken."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.db.session import db
from app.returns.queries.requests import REQUESTS, STEPS
from tests.factories.records import make_account, make_consultation, make_desk
from tests.server import ROUNDS, Client, serving

pytestmark = pytest.mark.both_databases

TIMES = 8 * ROUNDS
REQUEST = {
    "desk": "HND-01",
    "from_consultation": None,
    "country_of_departure": "HND",
    "country_of_return": "NIC",
    "nationality": "NIC",
    "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
}
TEXT = {"language": "spa", "text_version": "2026-1"}
STEPS_TO_CHECK = [
    ("counselling", {"explained": ["asylum"], **TEXT}),
    (
        "consent_recorded",
        {"options_explained": True, "own_decision": True, "may_withdraw": True, **TEXT},
    ),
    (
        "voluntariness_vulnerability_check",
        {"free_choice": "yes", "informed_decision": "yes", "text_version": "2026-1"},
    ),
]


def at_once(pool: ThreadPoolExecutor, *calls: Any) -> list[tuple[int, Any]]:
    barrier = Barrier(len(calls))

    def run(call: Any) -> tuple[int, Any]:
        barrier.wait()
        status, body = call()
        return status, body

    return list(pool.map(run, calls))


def make_checked_request(ana: Client) -> tuple[str, int]:
    """Return a request that may be handed over next, and its version."""
    _, body = ana.post("/returns", {**REQUEST, "id": str(uuid4())})
    for action, fields in STEPS_TO_CHECK:
        status, body = ana.post(
            f"/returns/{body['reference']}/{action}", {**fields, "version": body["version"]}
        )
        assert status == 200, body
    return body["reference"], body["version"]


def test_simultaneous_actions_on_a_request_have_one_outcome(app: Flask) -> None:
    desk = make_desk()
    officer = make_account("ana", "desk_staff", (desk,))
    make_account("bea", "desk_staff", (desk,))
    consultations = [make_consultation(officer)["id"] for _ in range(TIMES)]
    with (
        serving(app.config["SETTINGS"].database_url, workers=4) as server,
        ThreadPoolExecutor(4) as pool,
    ):
        ana, bea, cleo, dina = (
            Client(server.port).sign_in(name) for name in ("ana", "bea", "ana", "bea")
        )
        for consultation in consultations:
            _assert_opened_once(pool, (ana, bea, cleo, dina), consultation)
        for _ in range(TIMES):
            _assert_handed_once(pool, (ana, bea), *make_checked_request(ana))
            _assert_withdrawn(pool, (ana, bea, cleo), *make_checked_request(ana))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_race_would_show_a_request_that_is_not_locked(app: Flask) -> None:
    make_account("ana", "desk_staff", (make_desk(),))
    url = app.config["SETTINGS"].database_url
    with (
        serving(url, workers=4, module="tests.mutants.no_request_lock:application") as server,
        ThreadPoolExecutor(2) as pool,
    ):
        ana, bea = (Client(server.port).sign_in("ana") for _ in range(2))
        statuses = set()
        for _ in range(3):
            answers = _both_hand_over(pool, (ana, bea), *make_checked_request(ana))
            statuses.add(tuple(sorted(status for status, _ in answers)))
    assert statuses != {(200, 409)}


def _assert_opened_once(pool: ThreadPoolExecutor, clients: Any, consultation: str) -> None:
    fields = {**REQUEST, "from_consultation": consultation}
    answers = at_once(pool, *(lambda c=c: c.post("/returns", fields) for c in clients))
    assert Counter(status for status, _ in answers) == {201: 1, 409: len(clients) - 1}
    with_consultation = select(func.count()).where(REQUESTS.c.consultation_id.is_not(None))
    assert {fields["problem"] for status, fields in answers if status == 409} == {
        "already_requested"
    }
    assert db.session.scalar(with_consultation) <= TIMES
    db.session.remove()


def _both_hand_over(
    pool: ThreadPoolExecutor, clients: Any, reference: str, version: int
) -> list[tuple[int, Any]]:
    path, fields = f"/returns/{reference}/handed_to_iom", {"version": version}
    return at_once(pool, *(lambda client=client: client.post(path, fields) for client in clients))


def _assert_handed_once(
    pool: ThreadPoolExecutor, clients: Any, reference: str, version: int
) -> None:
    answers = _both_hand_over(pool, clients, reference, version)
    assert sorted(status for status, _ in answers) == [200, 409]
    assert next(body["problem"] for status, body in answers if status == 409) == "stale"
    assert list_actions(reference)[-1] == "handed_to_iom"


def _assert_withdrawn(pool: ThreadPoolExecutor, clients: Any, reference: str, version: int) -> None:
    """Assert that the person has withdrawn, whatever came first, that twice is once, and that nothing follows."""
    ana, bea, cleo = clients
    fields = {"version": version}
    answers = at_once(
        pool,
        lambda: ana.post(f"/returns/{reference}/handed_to_iom", fields),
        lambda: bea.post(f"/returns/{reference}/withdraw", {}),
        lambda: cleo.post(f"/returns/{reference}/withdraw", fields),
    )
    assert [status for status, _ in answers[1:]] == [200, 200]
    assert answers[0][0] in (200, 409)
    actions = list_actions(reference)
    assert actions[-1] == "withdraw" and actions.count("withdraw") == 1
    assert ana.ask("GET", f"/returns/{reference}")[1]["closing_reason"] == "withdrew"


def list_actions(reference: str) -> list[str]:
    of_request = select(REQUESTS.c.id).where(REQUESTS.c.reference == reference[2:])
    of_steps = (
        select(STEPS.c.action).where(STEPS.c.request_id.in_(of_request)).order_by(STEPS.c.number)
    )
    actions = list(db.session.scalars(of_steps))
    db.session.remove()
    return actions
