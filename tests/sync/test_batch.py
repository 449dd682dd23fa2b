"""A batch is stored as one set: as many statements for fifty as for five, and the same results as one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select

from app.consultations.models import Consultation
from app.db.session import db, unit_of_work
from app.sync.actions import handlers
from app.sync.models import Envelope
from tests.counts.histories import print_cards
from tests.factories.records import in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, make_tablet

pytestmark = pytest.mark.both_databases


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


@contextmanager
def statements() -> Iterator[list[str]]:
    """Yield the statements that are sent to the database meanwhile."""
    executed = list[str]()

    def record_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        executed.append(statement)

    event.listen(Engine, "before_cursor_execute", record_statement)
    try:
        yield executed
    finally:
        event.remove(Engine, "before_cursor_execute", record_statement)


def results(tablet: Tablet, *contents: dict[str, Any]) -> list[str]:
    return [
        result["result"] for result in tablet.send(*(tablet.seal(content) for content in contents))
    ]


def states() -> list[str]:
    stored_states = list(
        db.session.scalars(select(Consultation.state).order_by(Consultation.received_at))
    )
    db.session.rollback()
    return stored_states


def figures_are_proven(app: Flask) -> bool:
    return bool(
        in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"]).exit_code == 0
    )


def test_fifty_records_take_as_many_statements_as_five(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    with unit_of_work():
        cards = print_cards(world.accounts["ana"], "HND-01", 5)
    counts = []
    for size in (5, 5, 50):
        fields = [{"card": cards[n % 5]} if n % 2 else {} for n in range(size)]
        batch = [tablet.seal(tablet.consultation("ana", **shown)) for shown in fields]
        with statements() as executed:
            assert {result["result"] for result in tablet.send(*batch)} == {"created"}
        counts.append(len([sql for sql in executed if not sql.startswith("UPDATE person_line")]))
    assert counts[2] <= counts[1] + 4, counts  # more cards to lock: one statement each
    assert counts[2] < 50, counts


def test_a_set_that_fails_is_taken_one_by_one(
    app: Flask, tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle_set = handlers.handle_consultations

    def handle_then_fail(session: Any, records: Any) -> Any:
        handle_set(session, records)
        raise RuntimeError("after it was written")

    handler = handlers.RecordHandler("consultation", handlers.handle_consultation, handle_then_fail)
    monkeypatch.setitem(handlers._handlers, "consultation", handler)
    contents = [tablet.consultation("ana") for _ in range(5)]
    contents[2]["topics"] = ["retired"]
    expected = ["created", "created", "quarantined", "created", "created"]
    assert results(tablet, *contents) == expected
    assert states() == ["live"] * 4
    assert figures_are_proven(app)


def test_an_id_that_stands_twice_is_created_once(app: Flask, tablet: Tablet) -> None:
    content = tablet.consultation("ana")
    other = {**content, "topics": ["health"]}
    assert results(tablet, content, content, other) == ["created", "duplicate", "conflict"]
    assert states() == ["live"]
    assert figures_are_proven(app)


def test_a_very_same_envelope_that_stands_twice_has_one_line(tablet: Tablet) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    outcomes = [result["result"] for result in tablet.send(envelope, envelope)]
    assert outcomes == ["created", "duplicate"]
    assert len(list(db.session.scalars(select(Envelope.number)))) == 1
    db.session.rollback()


@pytest.mark.parametrize("first", ["the record", "the voiding"])
def test_a_record_and_its_voiding_in_one_batch_end_as_voided(
    app: Flask, tablet: Tablet, first: str
) -> None:
    record = tablet.consultation("ana")
    pair = [record, tablet.void("ana", record["id"])]
    if first == "the voiding":
        pair.reverse()
    assert results(tablet, *pair, tablet.consultation("ana")) == ["created"] * 3
    assert sorted(states()) == ["live", "void"]
    envelope_states = list(db.session.scalars(select(Envelope.state)))
    db.session.rollback()
    assert envelope_states == ["settled"] * 3
    assert figures_are_proven(app)
