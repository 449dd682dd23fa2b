"""One card at three desks of two countries at the same moment: nobody is counted twice, nobody is refused."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest

from app.db.session import db, unit_of_work
from tests.counts.histories import print_cards
from tests.factories.records import consultation_json, in_new_context, make_account
from tests.factories.two_country_world import TwoCountryWorld
from tests.server import ROUNDS, Client, serving

pytestmark = pytest.mark.both_databases

DESK_OF = {"ana": "HND-01", "eva": "HND-02", "guille": "GTM-01"}
REPETITIONS = {"postgresql": 200 * ROUNDS, "sqlite": 30 * ROUNDS}


def count_repetitions(world: TwoCountryWorld) -> int:
    """Return how often each test repeats: often if writers do not queue up anyway."""
    url = world.app.config["SETTINGS"].database_url
    return next(n for name, n in REPETITIONS.items() if url.startswith(name))


def make_codes(world: TwoCountryWorld, n: int) -> list[str]:
    """Issue n new cards and return their codes."""
    with unit_of_work():
        codes = print_cards(world.accounts["ana"], "HND-01", n)
    db.session.remove()
    return codes


@contextmanager
def serve_desks(
    world: TwoCountryWorld, module: str = "wsgi:application"
) -> Iterator[dict[str, Client]]:
    """Run a server, and yield a client of each account that the test needs."""
    make_account("gina", "desk_staff", (world.desks["GTM-01"],))
    db.session.remove()
    with serving(world.app.config["SETTINGS"].database_url, workers=4, module=module) as server:
        names = (*DESK_OF, "ben", "gina", "rita")
        yield {name: Client(server.port).sign_in(name) for name in names}


def send_at_once(pool: ThreadPoolExecutor, calls: list[Any]) -> list[tuple[int, Any]]:
    """Run calls at the same moment and return their answers."""
    barrier = Barrier(len(calls))

    def run(call: Any) -> tuple[int, Any]:
        barrier.wait()
        status, body = call()
        return status, body

    return list(pool.map(run, calls))


def visit_call(client: Client, desk: str, code: str) -> Any:
    """Return a call that records one woman with a card."""
    content = consultation_json(desk, card=code)
    return lambda: client.post("/consultations", content)


def show_everywhere(clients: dict[str, Client], codes: list[str]) -> Counter[int]:
    """Show every card at all desks at once and count the statuses of the answers."""
    with ThreadPoolExecutor(len(DESK_OF)) as pool:
        return Counter(
            status
            for code in codes
            for status, _ in send_at_once(
                pool, [visit_call(clients[name], desk, code) for name, desk in DESK_OF.items()]
            )
        )


def low_figures(rita: Client) -> dict[str, tuple[int, int, int]]:
    """Return reached in the month, in the year, and new, of the programme and both countries."""
    month = consultation_json()["held_on"][:7]
    figures = {}
    for country in ("", "HND", "GTM"):
        parameter = f"&country={country}" if country else ""
        status, body = rita.ask("GET", f"/counts.json?month={month}{parameter}")
        assert status == 200, body
        reached = body["reached"]["low"], body["year_to_date"]["reached"]["low"], body["new"]
        figures[country] = reached
    return figures


def prove(world: TwoCountryWorld) -> tuple[int, str]:
    """Return the exit code and the output of the proof that aggregates and rows agree."""
    result = in_new_context(world.app.test_cli_runner().invoke, args=["counts", "prove"])
    return result.exit_code, result.output


def test_a_card_shown_at_three_desks_at_once_is_one_person_in_each_country_and_everywhere(world):
    n = count_repetitions(world)
    codes = make_codes(world, n)
    with serve_desks(world) as clients:
        assert show_everywhere(clients, codes) == {201: n * len(DESK_OF)}
        assert low_figures(clients["rita"]) == dict.fromkeys(("", "HND", "GTM"), (n,) * 3)
    assert prove(world)[0] == 0, prove(world)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_linking_without_locking_the_card_group_is_caught_if_writers_do_not_wait(world):
    codes = make_codes(world, 10)
    with serve_desks(world, "tests.mutants.no_card_lock:application") as clients:
        show_everywhere(clients, codes)
        assert low_figures(clients["rita"])[""] != (10,) * 3


def replacement_call(client: Client, lost: str, new: str) -> Any:
    """Return a call that replaces a lost card."""
    return lambda: client.post("/cards/replace", {"lost": lost, "replacement": new})


def test_cards_shown_while_they_replace_each_other_are_one_person(world):
    n = count_repetitions(world) // 6
    chains = list(zip(*(make_codes(world, n) for _ in range(3)), strict=True))
    statuses: Counter[int] = Counter()
    with serve_desks(world) as clients, ThreadPoolExecutor(5) as pool:
        for first, second, third in chains:
            calls = [
                replacement_call(clients["ben"], first, second),
                visit_call(clients["ana"], "HND-01", second),
                replacement_call(clients["eva"], second, third),
                visit_call(clients["guille"], "GTM-01", second),
                visit_call(clients["gina"], "GTM-01", third),
            ]
            statuses += Counter(status for status, _ in send_at_once(pool, calls))
        assert statuses == {201: 3 * n, 200: 2 * n}
        assert low_figures(clients["rita"]) == dict.fromkeys(("", "HND", "GTM"), (n,) * 3)
    assert prove(world)[0] == 0, prove(world)
