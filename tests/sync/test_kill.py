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
from tests.factories.two_country_world import Office
from tests.server import ROUNDS, Server, serving
from tests.sync.sealing import receipt_of
from tests.sync.tablet import Tablet, make_tablet
from tests.sync.wire import exchange, request_bytes, results_of

pytestmark = pytest.mark.both_databases

KILLS = 3 if ROUNDS == 1 else 50
STRIDE = 23 if ROUNDS == 1 else 1
"""The line is cut at every so many bytes; at every single one in the long rounds."""
TABLETS = 3
AT_ONCE = 5


@pytest.fixture
def tablets(app: Flask, office: Office) -> list[Tablet]:
    adela, desk = office.accounts["adela"], office.desks["HND-01"]
    made = [make_tablet(app, adela, desk, f"Tablet {n}") for n in range(TABLETS)]
    db.session.remove()
    return made


def drain(port: int, tablet: Tablet, kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sends one batch; what is still to be sent: all but what its own receipt freed."""
    request = request_bytes(port, tablet.given["credential"], kept[:AT_ONCE])
    given = results_of(exchange(port, request)) or {}
    return [one for one in kept if given.get(one["id"]) != receipt_of(one)]


def what_is_wrong(saved: set[str]) -> list[str]:
    """One sentence for each thing that the database does not hold exactly once."""
    session = db.session()
    rows = {str(one) for one in session.execute(select(Consultation.id)).scalars()}
    people = session.scalar(select(func.coalesce(func.sum(PersonLine.n), 0)))
    lines = session.scalar(select(func.count()).select_from(Envelope.__table__))
    broken = verify_chain(session)[1]
    session.rollback()
    wrong = [] if rows == saved else [f"{len(saved - rows)} lost, {len(rows - saved)} unknown"]
    wrong += [] if people == len(saved) else [f"{people} people in {len(saved)} records"]
    wrong += [] if lines == len(saved) else [f"{lines} envelopes of {len(saved)} records"]
    return wrong + ([] if broken is None else [f"the audit trail is broken at {broken}"])


def killed_while_sending(server: Server, tablets: list[Tablet], kills: int) -> set[str]:
    """All that was saved on tablets which send without rest, while the server is killed again and again."""
    server.start()
    enough, freed, saved = Event(), [0] * len(tablets), set[str]()

    def send_on(n: int) -> None:
        kept: list[dict[str, Any]] = []
        while not enough.is_set() or kept:
            if not enough.is_set() and len(kept) < 4 * AT_ONCE:
                new = [tablets[n].seal(tablets[n].consultation("ana")) for _ in range(AT_ONCE)]
                saved.update(one["id"] for one in new)
                kept += new
            left = drain(server.port, tablets[n], kept)
            freed[n] += len(kept) - len(left)
            kept = left

    chance = random.Random(11)
    with ThreadPoolExecutor(len(tablets)) as pool:
        sending = [pool.submit(send_on, n) for n in range(len(tablets))]
        try:
            for _ in range(kills):
                wait_for_more(freed, chance.randint(5, 30))
                server.kill()
                server.start()
        finally:
            enough.set()
        for one in sending:
            one.result(timeout=90)
    return saved


def wait_for_more(freed: list[int], more: int) -> None:
    wanted, until = sum(freed) + more, time.monotonic() + 60
    while sum(freed) < wanted:
        assert time.monotonic() < until, "the server answers too little"
        time.sleep(0.001)


def test_a_server_killed_while_tablets_send_loses_and_doubles_nothing(
    app: Flask, tablets: list[Tablet]
) -> None:
    server = Server(app.config["SETTINGS"].database_url)
    try:
        saved = killed_while_sending(server, tablets, KILLS)
    finally:
        server.kill()
    assert len(saved) >= 5 * KILLS
    assert what_is_wrong(saved) == []
    proven = in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"])
    assert proven.exit_code == 0, proven.output


def test_an_answer_before_the_commit_is_caught(app: Flask, tablets: list[Tablet]) -> None:
    server = Server(
        app.config["SETTINGS"].database_url, module="tests.mutants.ack_before_commit:application"
    )
    try:
        saved = killed_while_sending(server, tablets, 2)
    finally:
        server.kill()
    assert any("lost" in sentence for sentence in what_is_wrong(saved))


def test_a_request_cut_at_every_byte_is_taken_whole_or_not_at_all(
    app: Flask, tablets: list[Tablet]
) -> None:
    tablet = tablets[0]
    batch = [tablet.seal(tablet.consultation("ana")) for _ in range(2)]
    with serving(app.config["SETTINGS"].database_url) as server:
        request = request_bytes(server.port, tablet.given["credential"], batch)
        for n in range(0, len(request), STRIDE):
            assert results_of(exchange(server.port, request[:n])) is None, n
        assert what_is_wrong(set()) == []
        given = results_of(exchange(server.port, request))
    assert given == {one["id"]: receipt_of(one) for one in batch}
    assert what_is_wrong({one["id"] for one in batch}) == []


def test_an_answer_cut_at_every_byte_frees_nothing_until_it_is_whole(
    app: Flask, tablets: list[Tablet]
) -> None:
    tablet = tablets[0]
    batch = [tablet.seal(tablet.consultation("ana")) for _ in range(2)]
    ids = {one["id"] for one in batch}
    with serving(app.config["SETTINGS"].database_url) as server:
        request = request_bytes(server.port, tablet.given["credential"], batch)
        whole = exchange(server.port, request)
        for n in range(0, len(whole) - 2, STRIDE):
            assert results_of(exchange(server.port, request, read=n)) is None, n
        assert results_of(exchange(server.port, request)) is not None
    assert what_is_wrong(ids) == []


def test_a_tablet_restored_from_an_old_image_sends_only_duplicates(tablets: list[Tablet]) -> None:
    tablet = tablets[0]
    image = [tablet.seal(tablet.consultation("ana")) for _ in range(7)]
    tablet.send(*image)
    assert {one["result"] for one in tablet.send(*image)} == {"duplicate"}
    assert what_is_wrong({str(UUID(one["id"])) for one in image}) == []
