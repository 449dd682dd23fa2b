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
from tests.factories.two_country_world import Office
from tests.server import ROUNDS, Client, serving

pytestmark = pytest.mark.both_databases

AT = {"ana": "HND-01", "eva": "HND-02", "guille": "GTM-01"}
MANY = {"postgresql": 200 * ROUNDS, "sqlite": 30 * ROUNDS}


def times(office: Office) -> int:
    """How often each test repeats: where writers do not queue up anyway, often."""
    url = office.app.config["SETTINGS"].database_url
    return next(many for name, many in MANY.items() if url.startswith(name))


def codes_of(office: Office, n: int) -> list[str]:
    """The codes of n fresh cards."""
    with unit_of_work():
        codes = print_cards(office.accounts["ana"], "HND-01", n)
    db.session.remove()
    return codes


@contextmanager
def at_desks(office: Office, module: str = "wsgi:application") -> Iterator[dict[str, Client]]:
    """A server, and a client of each account that the test needs."""
    make_account("gina", "desk_staff", (office.desks["GTM-01"],))
    db.session.remove()
    with serving(office.app.config["SETTINGS"].database_url, workers=4, module=module) as server:
        names = (*AT, "ben", "gina", "rita")
        yield {name: Client(server.port).sign_in(name) for name in names}


def send_at_once(pool: ThreadPoolExecutor, calls: list[Any]) -> list[tuple[int, Any]]:
    """The answers of calls that wait for each other and then go at the same moment."""
    together = Barrier(len(calls))

    def go(call: Any) -> tuple[int, Any]:
        together.wait()
        status, said = call()
        return status, said

    return list(pool.map(go, calls))


def visit(client: Client, desk: str, code: str) -> Any:
    """A call that records one woman with a card."""
    content = consultation_json(desk, card=code)
    return lambda: client.post("/consultations", content)


def shown_everywhere(clients: dict[str, Client], codes: list[str]) -> Counter[int]:
    """How often each status was answered when every card was shown at all desks at once."""
    with ThreadPoolExecutor(len(AT)) as pool:
        return Counter(
            status
            for code in codes
            for status, _ in send_at_once(
                pool, [visit(clients[name], desk, code) for name, desk in AT.items()]
            )
        )


def low_figures(rita: Client) -> dict[str, tuple[int, int, int]]:
    """Reached in the month and the year and new, of the programme and both countries."""
    month = consultation_json()["held_on"][:7]
    found = {}
    for country in ("", "HND", "GTM"):
        place = f"&country={country}" if country else ""
        status, said = rita.ask("GET", f"/counts.json?month={month}{place}")
        assert status == 200, said
        reached = said["reached"]["low"], said["year_to_date"]["reached"]["low"], said["new"]
        found[country] = reached
    return found


def proven(office: Office) -> tuple[int, str]:
    """Exit code and words of the proof that cells and rows agree."""
    said = in_new_context(office.app.test_cli_runner().invoke, args=["counts", "prove"])
    return said.exit_code, said.output


def test_a_card_shown_at_three_desks_at_once_is_one_person_in_each_country_and_everywhere(office):
    many = times(office)
    codes = codes_of(office, many)
    with at_desks(office) as clients:
        assert shown_everywhere(clients, codes) == {201: many * len(AT)}
        assert low_figures(clients["rita"]) == dict.fromkeys(("", "HND", "GTM"), (many,) * 3)
    assert proven(office)[0] == 0, proven(office)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_linking_without_holding_the_root_is_caught_where_writers_do_not_wait(office):
    codes = codes_of(office, 10)
    with at_desks(office, "tests.mutants.no_card_lock:application") as clients:
        shown_everywhere(clients, codes)
        assert low_figures(clients["rita"])[""] != (10,) * 3


def replacing(client: Client, lost: str, new: str) -> Any:
    """A call that puts a card in the place of a lost one."""
    return lambda: client.post("/cards/replace", {"lost": lost, "replacement": new})


def test_cards_shown_while_they_take_each_others_place_are_one_person(office):
    many = times(office) // 6
    chains = list(zip(*(codes_of(office, many) for _ in range(3)), strict=True))
    statuses: Counter[int] = Counter()
    with at_desks(office) as clients, ThreadPoolExecutor(5) as pool:
        for first, second, third in chains:
            calls = [
                replacing(clients["ben"], first, second),
                visit(clients["ana"], "HND-01", second),
                replacing(clients["eva"], second, third),
                visit(clients["guille"], "GTM-01", second),
                visit(clients["gina"], "GTM-01", third),
            ]
            statuses += Counter(status for status, _ in send_at_once(pool, calls))
        assert statuses == {201: 3 * many, 200: 2 * many}
        assert low_figures(clients["rita"]) == dict.fromkeys(("", "HND", "GTM"), (many,) * 3)
    assert proven(office)[0] == 0, proven(office)
