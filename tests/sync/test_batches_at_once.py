"""Two tablets of one desk send the same days and cards in opposite order while others record: no deadlock."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.consultations.models import Consultation
from app.db.session import db, unit_of_work
from app.people.models.lines import PersonLine
from tests import postgres
from tests.counts.histories import print_cards
from tests.factories.records import consultation_json, in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.server import ROUNDS, Client, serving
from tests.sync.raw_requests import exchange, request_bytes
from tests.sync.tablet import Tablet, days_ago, make_tablet

pytestmark = pytest.mark.both_databases

BATCHES = 12 if ROUNDS == 1 else 200
NO_ANSWER = 0
BATCH_SIZE, DAYS, CARDS = 50, 25, 5
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def tablets(app: Flask, world: TwoCountryWorld) -> list[Tablet]:
    adela, desk = world.accounts["adela"], world.desks["HND-01"]
    enrolled = [make_tablet(app, adela, desk, f"Tablet {n}") for n in range(2)]
    db.session.remove()
    return enrolled


@pytest.fixture
def cards(world: TwoCountryWorld) -> list[str]:
    with unit_of_work():
        codes = print_cards(world.accounts["ana"], "HND-01", CARDS)
    db.session.remove()
    return codes


def batch_of(tablet: Tablet, cards: list[str], *, backwards: bool) -> list[dict[str, Any]]:
    """Return fifty records that walk through the days and cards, forwards or backwards; one of them is voided."""
    today = clock.today_at("America/Tegucigalpa")
    contents = []
    for n in range(BATCH_SIZE - 1):
        shown = {"card": cards[n * CARDS // BATCH_SIZE]} if n % 5 == 0 else {}
        contents.append(tablet.consultation("ana", held_on=days_ago(today, n % DAYS), **shown))
    if backwards:
        contents.reverse()
    contents.append(tablet.void("ana", contents[5]["id"]))
    return [tablet.seal(content) for content in contents]


def send_in_turn(port: int, tablet: Tablet, batches: list[list[dict[str, Any]]]) -> Counter[int]:
    """Send batch after batch; return how often each status was answered."""
    credential = tablet.enrolment["credential"]
    answers = (exchange(port, request_bytes(port, credential, batch)) for batch in batches)
    return Counter(int(answer.split(b" ", 2)[1]) if answer else NO_ANSWER for answer in answers)


def browser_requests(client: Client, cards: list[str]) -> Iterator[Callable[[], tuple[int, Any]]]:
    """Yield the requests of a browser without an end: records, some with a card, and voidings of every second."""
    today, n = clock.today_at("America/Tegucigalpa"), 0
    while True:
        shown = {"card": cards[n % CARDS]} if n % 3 == 0 else {}
        content = consultation_json(held_on=days_ago(today, n % DAYS), **shown)
        yield lambda content=content: client.post("/consultations", content)
        if n % 2 == 0:
            path = f"/consultations/{content['id']}/void"
            yield lambda path=path: client.post(path, {"reason": "slip"})
        n += 1


def run_tablets_and_browsers(
    world: TwoCountryWorld,
    tablets: list[Tablet],
    cards: list[str],
    batches: int = BATCHES,
    module: str = "wsgi:application",
) -> Counter[int]:
    """Return how often each status was answered to two tablets and two browsers at work."""
    batches_by_tablet = [
        [batch_of(tablet, cards, backwards=bool(n)) for _ in range(batches)]
        for n, tablet in enumerate(tablets)
    ]
    statuses, stop = Counter[int](), Event()
    with serving(world.app.config["SETTINGS"].database_url, 4, module) as server:
        browsers = [Client(server.port).sign_in(name) for name in ("ana", "ben")]

        def send_requests(browser: Client) -> None:
            for request in browser_requests(browser, cards):
                if stop.is_set():
                    return
                try:
                    statuses[request()[0]] += 1
                except OSError:
                    statuses[NO_ANSWER] += 1

        browser_threads = [Thread(target=send_requests, args=(browser,)) for browser in browsers]
        for thread in browser_threads:
            thread.start()
        with ThreadPoolExecutor(2) as pool:
            by_tablet = list(
                pool.map(lambda t, b: send_in_turn(server.port, t, b), tablets, batches_by_tablet)
            )
        stop.set()
        for thread in browser_threads:
            thread.join()
    return sum(by_tablet, statuses)


def deadlocks(world: TwoCountryWorld) -> int:
    """Return how often PostgreSQL logged a deadlock."""
    log = postgres.log_of(world.app.config["SETTINGS"].database_url)
    return log.read_text().count("deadlock detected")


def list_discrepancies(world: TwoCountryWorld) -> list[str]:
    """Return one sentence for each discrepancy between the database and what was sent."""
    session, tablets_sent = db.session(), 2 * BATCHES * (BATCH_SIZE - 1)
    of_tablets = Consultation.device.is_not(None)
    received = session.scalar(select(func.count()).where(of_tablets))
    voided = session.scalar(select(func.count()).where(of_tablets, Consultation.state == "void"))
    people = session.scalar(select(func.count()).select_from(PersonLine))
    records = session.scalar(select(func.count()).select_from(Consultation))
    session.rollback()
    discrepancies = (
        [] if received == tablets_sent else [f"{received} of {tablets_sent} records arrived"]
    )
    discrepancies += [] if voided == 2 * BATCHES else [f"{voided} of {2 * BATCHES} were taken back"]
    discrepancies += [] if people == records else [f"{people} people in {records} records"]
    proven = in_new_context(world.app.test_cli_runner().invoke, args=["counts", "prove"])
    return discrepancies + ([] if proven.exit_code == 0 else [proven.output])


@ON_POSTGRESQL
def test_batches_in_opposite_order_never_deadlock(
    world: TwoCountryWorld, tablets: list[Tablet], cards: list[str]
) -> None:
    before = deadlocks(world)
    statuses = run_tablets_and_browsers(world, tablets, cards)
    assert deadlocks(world) == before
    assert set(statuses) == {200, 201}, statuses
    assert list_discrepancies(world) == []


@ON_POSTGRESQL
def test_records_locked_one_after_the_other_are_caught(
    world: TwoCountryWorld, tablets: list[Tablet], cards: list[str]
) -> None:
    before = deadlocks(world)
    for _ in range(
        4
    ):  # the order of locks is random: two batches each way meet in nearly every try
        run_tablets_and_browsers(
            world, tablets, cards, 2, "tests.mutants.batch_one_by_one:application"
        )
        if deadlocks(world) > before:
            return
    raise AssertionError("records taken one after the other met no deadlock")
