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
ASKED = {
    "desk": "HND-01",
    "from_consultation": None,
    "country_of_departure": "HND",
    "country_of_return": "NIC",
    "nationality": "NIC",
    "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
}
TEXT = {"language": "spa", "text_version": "2026-1"}
WAY = [
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
    together = Barrier(len(calls))

    def go(call: Any) -> tuple[int, Any]:
        together.wait()
        status, said = call()
        return status, said

    return list(pool.map(go, calls))


def checked(ana: Client) -> tuple[str, int]:
    """A request that may be handed over next, and its version."""
    _, said = ana.post("/returns", {**ASKED, "id": str(uuid4())})
    for act, fields in WAY:
        status, said = ana.post(
            f"/returns/{said['reference']}/{act}", {**fields, "version": said["version"]}
        )
        assert status == 200, said
    return said["reference"], said["version"]


def test_one_outcome_whoever_acts_on_a_request_at_the_same_moment(app: Flask) -> None:
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
            _opened_once(pool, (ana, bea, cleo, dina), consultation)
        for _ in range(TIMES):
            _handed_once(pool, (ana, bea), *checked(ana))
            _withdrawn(pool, (ana, bea, cleo), *checked(ana))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_race_would_show_a_request_that_nobody_holds(app: Flask) -> None:
    make_account("ana", "desk_staff", (make_desk(),))
    url = app.config["SETTINGS"].database_url
    with (
        serving(url, workers=4, module="tests.mutants.no_request_lock:application") as server,
        ThreadPoolExecutor(2) as pool,
    ):
        ana, bea = (Client(server.port).sign_in("ana") for _ in range(2))
        statuses = set()
        for _ in range(3):
            told = _both_hand_over(pool, (ana, bea), *checked(ana))
            statuses.add(tuple(sorted(status for status, _ in told)))
    assert statuses != {(200, 409)}


def _opened_once(pool: ThreadPoolExecutor, clients: Any, consultation: str) -> None:
    said = {**ASKED, "from_consultation": consultation}
    told = at_once(pool, *(lambda c=c: c.post("/returns", said) for c in clients))
    assert Counter(status for status, _ in told) == {201: 1, 409: len(clients) - 1}
    mine = select(func.count()).where(REQUESTS.c.consultation_id.is_not(None))
    assert {said["problem"] for status, said in told if status == 409} == {"already_requested"}
    assert db.session.scalar(mine) <= TIMES
    db.session.remove()


def _both_hand_over(
    pool: ThreadPoolExecutor, clients: Any, reference: str, version: int
) -> list[tuple[int, Any]]:
    path, said = f"/returns/{reference}/handed_to_iom", {"version": version}
    return at_once(pool, *(lambda c=c: c.post(path, said) for c in clients))


def _handed_once(pool: ThreadPoolExecutor, clients: Any, reference: str, version: int) -> None:
    told = _both_hand_over(pool, clients, reference, version)
    assert sorted(status for status, _ in told) == [200, 409]
    assert next(s["problem"] for status, s in told if status == 409) == "stale"
    assert acts_of(reference)[-1] == "handed_to_iom"


def _withdrawn(pool: ThreadPoolExecutor, clients: Any, reference: str, version: int) -> None:
    """Whoever is first: the person has withdrawn, twice is once, and nothing follows."""
    ana, bea, cleo = clients
    said = {"version": version}
    told = at_once(
        pool,
        lambda: ana.post(f"/returns/{reference}/handed_to_iom", said),
        lambda: bea.post(f"/returns/{reference}/withdraw", {}),
        lambda: cleo.post(f"/returns/{reference}/withdraw", said),
    )
    assert [status for status, _ in told[1:]] == [200, 200]
    assert told[0][0] in (200, 409)
    acts = acts_of(reference)
    assert acts[-1] == "withdraw" and acts.count("withdraw") == 1
    assert ana.ask("GET", f"/returns/{reference}")[1]["closing_reason"] == "withdrew"


def acts_of(reference: str) -> list[str]:
    mine = select(REQUESTS.c.id).where(REQUESTS.c.reference == reference[2:])
    theirs = select(STEPS.c.action).where(STEPS.c.request_id.in_(mine)).order_by(STEPS.c.number)
    found = list(db.session.scalars(theirs))
    db.session.remove()
    return found
