"""What an enrolled tablet can store in a day is bounded; its valid records are not delayed by its junk."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.consultations.models import Consultation
from app.db.session import db, unit_of_work
from app.sync.actions import daily_limits
from app.sync.models import Envelope
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.sealing import seal_bytes
from tests.sync.tablet import Tablet, make_tablet


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set bounds that are soon reached."""
    monkeypatch.setattr(daily_limits, "MAX_ENVELOPES_PER_DAY", 12)
    monkeypatch.setattr(daily_limits, "MAX_QUARANTINED_PER_DAY", 4)
    monkeypatch.setattr(daily_limits, "MAX_STORED_BYTES_PER_DAY", 40_000)


def make_junk(tablet: Tablet, size: int = 10) -> dict[str, Any]:
    """Return an envelope whose content is no record."""
    return seal_bytes(tablet.enrolment["keys"][0], b"x" * size, tablet.consultation("ana")["id"])


def make_valid(tablet: Tablet) -> dict[str, Any]:
    return tablet.seal(tablet.consultation("ana"))


def count_stored() -> tuple[int, int]:
    """Return how many envelopes and how many consultations are stored."""
    counted = [
        db.session.scalar(select(func.count()).select_from(table))
        for table in (Envelope.__table__, Consultation.__table__)
    ]
    db.session.rollback()
    return counted[0] or 0, counted[1] or 0


def post_envelopes(tablet: Tablet, *envelopes: dict[str, Any]) -> Any:
    return tablet.post("/sync/envelopes", {"envelopes": list(envelopes)})


def test_a_batch_with_too_much_to_quarantine_is_refused_whole_and_says_when_to_retry(
    tablet: Tablet, low_limits: None
) -> None:
    tablet.send(*(make_junk(tablet) for _ in range(4)))
    refused = post_envelopes(tablet, make_valid(tablet), make_junk(tablet))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    assert refused.get_json()["problem"]
    assert count_stored() == (4, 0)


def test_good_records_and_repeated_envelopes_pass_in_spite_of_junk(
    tablet: Tablet, low_limits: None
) -> None:
    junk = [make_junk(tablet) for _ in range(4)]
    tablet.send(*junk)
    assert [result["result"] for result in tablet.send(make_valid(tablet))] == ["created"]
    assert {result["result"] for result in tablet.send(*junk)} == {"quarantined"}
    assert count_stored() == (5, 1)


def test_few_large_envelopes_are_too_much_too(tablet: Tablet, low_limits: None) -> None:
    assert [result["result"] for result in tablet.send(make_junk(tablet, 30_000))] == [
        "quarantined"
    ]
    assert post_envelopes(tablet, make_junk(tablet, 30_000)).status_code == 429
    assert count_stored() == (1, 0)


def test_voidings_of_records_that_never_come_count_as_quarantined(
    tablet: Tablet, low_limits: None
) -> None:
    def void() -> dict[str, Any]:
        return tablet.seal(tablet.void("ana", tablet.consultation("ana")["id"]))

    tablet.send(*(void() for _ in range(4)))
    assert post_envelopes(tablet, void()).status_code == 429


def test_even_good_records_end_at_many_a_day_and_go_on_the_next(
    tablet: Tablet, low_limits: None
) -> None:
    tablet.send(*(make_valid(tablet) for _ in range(10)))
    assert post_envelopes(tablet, *(make_valid(tablet) for _ in range(3))).status_code == 429
    assert len(tablet.send(make_valid(tablet), make_valid(tablet))) == 2
    assert post_envelopes(tablet, make_valid(tablet)).status_code == 429
    yesterday = datetime.now(UTC) - daily_limits.DAY - timedelta(minutes=1)
    with unit_of_work():
        db.session.execute(update(Envelope.__table__).values(received_at=yesterday))
    assert len(tablet.send(make_valid(tablet))) == 1


def test_another_tablet_is_not_delayed(
    app: Flask, world: TwoCountryWorld, tablet: Tablet, low_limits: None
) -> None:
    other = make_tablet(app, world.accounts["adela"], world.desks["HND-01"], "Tablet 2")
    tablet.send(*(make_junk(tablet) for _ in range(4)))
    assert post_envelopes(tablet, make_junk(tablet)).status_code == 429
    assert [result["result"] for result in other.send(make_junk(other))] == ["quarantined"]
