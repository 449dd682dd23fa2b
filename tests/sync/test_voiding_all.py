"""All quarantined records of one tablet are voided at once, by the supervisor, as many as the page listed."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.db.session import db
from app.sync.models import Envelope
from tests.factories.records import JSON
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, make_tablet

pytestmark = pytest.mark.both_databases


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


def quarantine(tablet: Tablet, n: int) -> None:
    invalid = [tablet.seal(tablet.consultation("ana", topics=["retired"])) for _ in range(n)]
    assert {result["result"] for result in tablet.send(*invalid)} == {"quarantined"}


def states() -> list[tuple[str, bool]]:
    """Return the state of every envelope, and whether its sealed bytes are kept."""
    rows = db.session.execute(select(Envelope.state, Envelope.sealed).order_by(Envelope.number))
    states_and_bytes = [(row.state, row.sealed is not None) for row in rows]
    db.session.rollback()
    return states_and_bytes


def last_number() -> int:
    number = db.session.scalar(select(Envelope.number).order_by(Envelope.number.desc()).limit(1))
    db.session.rollback()
    return int(number or 0)


def void_path(tablet: Tablet) -> str:
    return f"/quarantine/tablets/{tablet.enrolment['device']}/void"


def entries() -> list[Any]:
    statement = select(AuditEntry).where(AuditEntry.action == "envelopes_voided")
    audit_entries = list(db.session.scalars(statement.order_by(AuditEntry.number)))
    db.session.expunge_all()
    db.session.rollback()
    return audit_entries


def test_a_supervisor_voids_all_of_a_tablet_with_one_entry(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    other = make_tablet(app, world.accounts["adela"], world.desks["HND-01"], "Tablet 2")
    quarantine(tablet, 3)
    quarantine(other, 1)
    world["susana"].client.set_cookie("locale", "en")
    page = world["susana"].get("/quarantine").get_data(as_text=True)
    assert "Void 3 records for good" in page and "Tablet 2 …" not in page
    answer = world["susana"].post_form(void_path(tablet), {"last": str(last_number())})
    assert answer.status_code == 302
    assert states() == [("voided", False)] * 3 + [("open", True)]
    (entry,) = entries()
    assert entry.subject == f"device:{tablet.enrolment['device']}/3"
    assert (entry.account_id, entry.country) == (world.accounts["susana"].account_id, "HND")
    assert world["susana"].post(void_path(tablet), {"last": last_number()}).status_code == 404


def test_what_came_after_the_page_was_looked_at_stays(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    quarantine(tablet, 2)
    last = last_number()
    quarantine(tablet, 1)
    assert world["susana"].post(void_path(tablet), {"last": last}).status_code == 200
    assert states() == [("voided", False)] * 2 + [("open", True)]


def test_neither_the_author_nor_a_foreign_supervisor_voids_all(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    quarantine(tablet, 2)
    body = {"last": last_number()}
    assert world["ana"].post(void_path(tablet), body).status_code == 403
    assert world["gabi"].post(void_path(tablet), body).status_code == 404
    assert "/quarantine/tablets/" not in world["ana"].get("/quarantine").get_data(as_text=True)
    assert states() == [("open", True)] * 2


@pytest.mark.parametrize("last", [None, "", "-1", "x", "1" * 30, [1], 2**70])
def test_a_number_that_is_none_voids_nothing(
    world: TwoCountryWorld, tablet: Tablet, last: Any
) -> None:
    quarantine(tablet, 2)
    answer = world["susana"].post(void_path(tablet), {"last": last}, headers=JSON)
    assert answer.status_code == 400
    assert states() == [("open", True)] * 2
