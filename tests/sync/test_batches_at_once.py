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
from tests.factories.two_country_world import Office
from tests.server import ROUNDS, Client, serving
from tests.sync.tablet import Tablet, days_ago, make_tablet
from tests.sync.wire import exchange, request_bytes

pytestmark = pytest.mark.both_databases

BATCHES = 12 if ROUNDS == 1 else 200
NO_ANSWER = 0
AT_ONCE, DAYS, CARDS = 50, 25, 5
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def tablets(app: Flask, office: Office) -> list[Tablet]:
    adela, desk = office.accounts["adela"], office.desks["HND-01"]
    made = [make_tablet(app, adela, desk, f"Tablet {n}") for n in range(2)]
    db.session.remove()
    return made


@pytest.fixture
def cards(office: Office) -> list[str]:
    with unit_of_work():
        codes = print_cards(office.accounts["ana"], "HND-01", CARDS)
    db.session.remove()
    return codes


def batch_of(tablet: Tablet, cards: list[str], *, backwards: bool) -> list[dict[str, Any]]:
    """Fifty records that walk through the days and cards, forwards or backwards; one of them is taken back."""
    today = clock.today_at("America/Tegucigalpa")
    contents = []
    for n in range(AT_ONCE - 1):
        shown = {"card": cards[n * CARDS // AT_ONCE]} if n % 5 == 0 else {}
        contents.append(tablet.consultation("ana", held_on=days_ago(today, n % DAYS), **shown))
    if backwards:
        contents.reverse()
    contents.append(tablet.void("ana", contents[5]["id"]))
    return [tablet.seal(content) for content in contents]


def sent_in_turn(port: int, tablet: Tablet, batches: list[list[dict[str, Any]]]) -> Counter[int]:
    """The statuses that a tablet was answered, batch after batch."""
    credential = tablet.given["credential"]
    answers = (exchange(port, request_bytes(port, credential, batch)) for batch in batches)
    return Counter(int(answer.split(b" ", 2)[1]) if answer else NO_ANSWER for answer in answers)


def beside(client: Client, cards: list[str]) -> Iterator[Callable[[], tuple[int, Any]]]:
    """What a browser does meanwhile without an end: records, with a card now and then, and takes one back."""
    today, n = clock.today_at("America/Tegucigalpa"), 0
    while True:
        shown = {"card": cards[n % CARDS]} if n % 3 == 0 else {}
        content = consultation_json(held_on=days_ago(today, n % DAYS), **shown)
        yield lambda content=content: client.post("/consultations", content)
        if n % 2 == 0:
            path = f"/consultations/{content['id']}/void"
            yield lambda path=path: client.post(path, {"reason": "slip"})
        n += 1


def answered(
    office: Office,
    tablets: list[Tablet],
    cards: list[str],
    batches: int = BATCHES,
    module: str = "wsgi:application",
) -> Counter[int]:
    """How often each status was answered to two tablets and two browsers at work."""
    made = [
        [batch_of(tablet, cards, backwards=bool(n)) for _ in range(batches)]
        for n, tablet in enumerate(tablets)
    ]
    statuses, enough = Counter[int](), Event()
    with serving(office.app.config["SETTINGS"].database_url, 4, module) as server:
        browsers = [Client(server.port).sign_in(name) for name in ("ana", "ben")]

        def work_on(browser: Client) -> None:
            for act in beside(browser, cards):
                if enough.is_set():
                    return
                try:
                    statuses[act()[0]] += 1
                except OSError:
                    statuses[NO_ANSWER] += 1

        others = [Thread(target=work_on, args=(one,)) for one in browsers]
        for one in others:
            one.start()
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(lambda t, b: sent_in_turn(server.port, t, b), tablets, made))
        enough.set()
        for one in others:
            one.join()
    return sum(told, statuses)


def deadlocks(office: Office) -> int:
    """How often PostgreSQL said in its log that two transactions waited for each other."""
    log = postgres.log_of(office.app.config["SETTINGS"].database_url)
    return log.read_text().count("deadlock detected")


def what_is_wrong(office: Office) -> list[str]:
    """One sentence for each thing that the database does not hold as it was sent."""
    session, tablets_sent = db.session(), 2 * BATCHES * (AT_ONCE - 1)
    of_tablets = Consultation.device.is_not(None)
    arrived = session.scalar(select(func.count()).where(of_tablets))
    voided = session.scalar(select(func.count()).where(of_tablets, Consultation.state == "void"))
    people = session.scalar(select(func.count()).select_from(PersonLine))
    every = session.scalar(select(func.count()).select_from(Consultation))
    session.rollback()
    wrong = [] if arrived == tablets_sent else [f"{arrived} of {tablets_sent} records arrived"]
    wrong += [] if voided == 2 * BATCHES else [f"{voided} of {2 * BATCHES} were taken back"]
    wrong += [] if people == every else [f"{people} people in {every} records"]
    proven = in_new_context(office.app.test_cli_runner().invoke, args=["counts", "prove"])
    return wrong + ([] if proven.exit_code == 0 else [proven.output])


@ON_POSTGRESQL
def test_batches_in_opposite_order_wait_for_each_other_and_never_in_a_circle(
    office: Office, tablets: list[Tablet], cards: list[str]
) -> None:
    before = deadlocks(office)
    statuses = answered(office, tablets, cards)
    assert deadlocks(office) == before
    assert set(statuses) == {200, 201}, statuses
    assert what_is_wrong(office) == []


@ON_POSTGRESQL
def test_records_taken_one_after_the_other_are_caught(
    office: Office, tablets: list[Tablet], cards: list[str]
) -> None:
    before = deadlocks(office)
    for _ in range(
        4
    ):  # who waits for whom is chance: two batches each way meet in nearly every try
        answered(office, tablets, cards, 2, "tests.mutants.batch_one_by_one:application")
        if deadlocks(office) > before:
            return
    raise AssertionError("records taken one after the other met no deadlock")
