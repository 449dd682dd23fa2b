"""A real server that is killed while tablets send, and a line that is cut at every byte: nothing is lost or doubled."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.audit.actions import verify_chain
from app.consultations.models import Consultation
from app.db.session import db
from app.people.models.lines import PersonLine
from app.sync.models import Envelope
from tests.factories.records import in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.server import ROUNDS, Server, serving
from tests.sync.raw_requests import exchange, request_bytes, results_of
from tests.sync.sealing import receipt_of
from tests.sync.tablet import Tablet, make_tablet

pytestmark = pytest.mark.both_databases

KILLS = 3 if ROUNDS == 1 else 50
STRIDE = 23 if ROUNDS == 1 else 1
"""The line is cut at every n-th byte; at every single one in the long rounds."""
TABLETS = 3
BATCH_SIZE = 5


@pytest.fixture
def tablets(app: Flask, world: TwoCountryWorld) -> list[Tablet]:
    adela, desk = world.accounts["adela"], world.desks["HND-01"]
    enrolled = [make_tablet(app, adela, desk, f"Tablet {n}") for n in range(TABLETS)]
    db.session.remove()
    return enrolled


def send_batch(port: int, tablet: Tablet, queue: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send one batch; return what is still to be sent: all without their own receipt."""
    request = request_bytes(port, tablet.enrolment["credential"], queue[:BATCH_SIZE])
    receipts = results_of(exchange(port, request)) or {}
    return [envelope for envelope in queue if receipts.get(envelope["id"]) != receipt_of(envelope)]


def list_discrepancies(saved: set[str]) -> list[str]:
    """Return one sentence for each discrepancy between the database and what was saved."""
    session = db.session()
    rows = {str(id_) for id_ in session.execute(select(Consultation.id)).scalars()}
    people = session.scalar(select(func.coalesce(func.sum(PersonLine.n), 0)))
    lines = session.scalar(select(func.count()).select_from(Envelope.__table__))
    broken = verify_chain(session)[1]
    session.rollback()
    discrepancies = (
        [] if rows == saved else [f"{len(saved - rows)} lost, {len(rows - saved)} unknown"]
    )
    discrepancies += [] if people == len(saved) else [f"{people} people in {len(saved)} records"]
    discrepancies += [] if lines == len(saved) else [f"{lines} envelopes of {len(saved)} records"]
    return discrepancies + ([] if broken is None else [f"the audit log is broken at {broken}"])


def kill_while_sending(server: Server, tablets: list[Tablet], kills: int) -> set[str]:
    """Return all ids that were saved on tablets that send without a pause while the server is killed repeatedly."""
    server.start()
    stop, freed, saved = Event(), [0] * len(tablets), set[str]()

    def send_on(n: int) -> None:
        queue: list[dict[str, Any]] = []
        while not stop.is_set() or queue:
            if not stop.is_set() and len(queue) < 4 * BATCH_SIZE:
                new = [tablets[n].seal(tablets[n].consultation("ana")) for _ in range(BATCH_SIZE)]
                saved.update(envelope["id"] for envelope in new)
                queue += new
            left = send_batch(server.port, tablets[n], queue)
            freed[n] += len(queue) - len(left)
            queue = left

    random_source = random.Random(11)
    with ThreadPoolExecutor(len(tablets)) as pool:
        futures = [pool.submit(send_on, n) for n in range(len(tablets))]
        try:
            for _ in range(kills):
                wait_for_more(freed, random_source.randint(5, 30))
                server.kill()
                server.start()
        finally:
            stop.set()
        for future in futures:
            future.result(timeout=90)
    return saved


def wait_for_more(freed: list[int], more: int) -> None:
    n_expected, deadline = sum(freed) + more, time.monotonic() + 60
    while sum(freed) < n_expected:
        assert time.monotonic() < deadline, "the server answers too little"
        time.sleep(0.001)


def test_a_server_killed_while_tablets_send_loses_and_doubles_nothing(
    app: Flask, tablets: list[Tablet]
) -> None:
    server = Server(app.config["SETTINGS"].database_url)
    try:
        saved = kill_while_sending(server, tablets, KILLS)
    finally:
        server.kill()
    assert len(saved) >= 5 * KILLS
    assert list_discrepancies(saved) == []
    proven = in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"])
    assert proven.exit_code == 0, proven.output


def test_an_answer_before_the_commit_is_caught(app: Flask, tablets: list[Tablet]) -> None:
    server = Server(
        app.config["SETTINGS"].database_url, module="tests.mutants.ack_before_commit:application"
    )
    try:
        saved = kill_while_sending(server, tablets, 2)
    finally:
        server.kill()
    assert any("lost" in sentence for sentence in list_discrepancies(saved))


def test_a_request_cut_at_every_byte_is_taken_whole_or_not_at_all(
    app: Flask, tablets: list[Tablet]
) -> None:
    tablet = tablets[0]
    batch = [tablet.seal(tablet.consultation("ana")) for _ in range(2)]
    with serving(app.config["SETTINGS"].database_url) as server:
        request = request_bytes(server.port, tablet.enrolment["credential"], batch)
        for n in range(0, len(request), STRIDE):
            assert results_of(exchange(server.port, request[:n])) is None, n
        assert list_discrepancies(set()) == []
        receipts = results_of(exchange(server.port, request))
    assert receipts == {envelope["id"]: receipt_of(envelope) for envelope in batch}
    assert list_discrepancies({envelope["id"] for envelope in batch}) == []


def test_an_answer_cut_at_every_byte_frees_nothing_until_it_is_whole(
    app: Flask, tablets: list[Tablet]
) -> None:
    tablet = tablets[0]
    batch = [tablet.seal(tablet.consultation("ana")) for _ in range(2)]
    ids = {envelope["id"] for envelope in batch}
    with serving(app.config["SETTINGS"].database_url) as server:
        request = request_bytes(server.port, tablet.enrolment["credential"], batch)
        whole = exchange(server.port, request)
        for n in range(0, len(whole) - 2, STRIDE):
            assert results_of(exchange(server.port, request, read=n)) is None, n
        assert results_of(exchange(server.port, request)) is not None
    assert list_discrepancies(ids) == []


def test_a_tablet_restored_from_an_old_image_sends_only_duplicates(tablets: list[Tablet]) -> None:
    tablet = tablets[0]
    image = [tablet.seal(tablet.consultation("ana")) for _ in range(7)]
    tablet.send(*image)
    assert {result["result"] for result in tablet.send(*image)} == {"duplicate"}
    assert list_discrepancies({str(UUID(envelope["id"])) for envelope in image}) == []
