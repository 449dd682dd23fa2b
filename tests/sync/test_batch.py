"""A batch is taken as one set: as many statements for fifty as for five, and the same results as one by one."""

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
from tests.factories.two_country_world import Office
from tests.sync.tablet import Tablet, make_tablet

pytestmark = pytest.mark.both_databases


@pytest.fixture
def tablet(app: Flask, office: Office) -> Tablet:
    return make_tablet(app, office.accounts["adela"], office.desks["HND-01"])


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that were sent to the database meanwhile."""
    sent = list[str]()

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def results(tablet: Tablet, *contents: dict[str, Any]) -> list[str]:
    return [one["result"] for one in tablet.send(*(tablet.seal(one) for one in contents))]


def states() -> list[str]:
    found = list(db.session.scalars(select(Consultation.state).order_by(Consultation.received_at)))
    db.session.rollback()
    return found


def proven(app: Flask) -> bool:
    return bool(
        in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"]).exit_code == 0
    )


def test_fifty_records_take_as_many_statements_as_five(office: Office, tablet: Tablet) -> None:
    with unit_of_work():
        cards = print_cards(office.accounts["ana"], "HND-01", 5)
    sent = []
    for many in (5, 5, 50):
        shown = [{"card": cards[n % 5]} if n % 2 else {} for n in range(many)]
        batch = [tablet.seal(tablet.consultation("ana", **card)) for card in shown]
        with statements() as heard:
            assert {one["result"] for one in tablet.send(*batch)} == {"created"}
        sent.append(len([one for one in heard if not one.startswith("UPDATE person_line")]))
    assert sent[2] <= sent[1] + 4, sent  # more cards to hold: one statement each
    assert sent[2] < 50, sent


def test_a_set_that_fails_is_taken_one_by_one(
    app: Flask, tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = handlers.handle_consultations

    def fails(session: Any, asked: Any) -> Any:
        many(session, asked)
        raise RuntimeError("after it was written")

    both = handlers.RecordHandler("consultation", handlers.handle_consultation, fails)
    monkeypatch.setitem(handlers._handlers, "consultation", both)
    contents = [tablet.consultation("ana") for _ in range(5)]
    contents[2]["topics"] = ["retired"]
    wanted = ["created", "created", "quarantined", "created", "created"]
    assert results(tablet, *contents) == wanted
    assert states() == ["live"] * 4
    assert proven(app)


def test_an_id_that_stands_twice_is_created_once(app: Flask, tablet: Tablet) -> None:
    content = tablet.consultation("ana")
    other = {**content, "topics": ["health"]}
    assert results(tablet, content, content, other) == ["created", "duplicate", "conflict"]
    assert states() == ["live"]
    assert proven(app)


def test_a_very_same_envelope_that_stands_twice_has_one_line(tablet: Tablet) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    told = [one["result"] for one in tablet.send(envelope, envelope)]
    assert told == ["created", "duplicate"]
    assert len(list(db.session.scalars(select(Envelope.number)))) == 1
    db.session.rollback()


@pytest.mark.parametrize("first", ["the record", "the voiding"])
def test_a_record_and_its_voiding_in_one_batch_end_as_voided(
    app: Flask, tablet: Tablet, first: str
) -> None:
    record = tablet.consultation("ana")
    both = [record, tablet.void("ana", record["id"])]
    if first == "the voiding":
        both.reverse()
    assert results(tablet, *both, tablet.consultation("ana")) == ["created"] * 3
    assert sorted(states()) == ["live", "void"]
    found = list(db.session.scalars(select(Envelope.state)))
    db.session.rollback()
    assert found == ["settled"] * 3
    assert proven(app)
