"""What an enrolled tablet can leave here in a day is bounded; its good records are not held up by what it left."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.consultations.models import Consultation
from app.db.session import db, unit_of_work
from app.sync.actions import daily_limits
from app.sync.models import Envelope
from tests.factories.two_country_world import Office
from tests.sync.sealing import seal_bytes
from tests.sync.tablet import Tablet, make_tablet


@pytest.fixture
def tablet(app: Flask, office: Office) -> Tablet:
    return make_tablet(app, office.accounts["adela"], office.desks["HND-01"])


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that are soon reached."""
    monkeypatch.setattr(daily_limits, "MAX_ENVELOPES_PER_DAY", 12)
    monkeypatch.setattr(daily_limits, "MAX_QUARANTINED_PER_DAY", 4)
    monkeypatch.setattr(daily_limits, "MAX_STORED_BYTES_PER_DAY", 40_000)


def junk(tablet: Tablet, size: int = 10) -> dict[str, Any]:
    """An envelope that holds nothing of ours."""
    return seal_bytes(tablet.given["keys"][0], b"x" * size, tablet.consultation("ana")["id"])


def good(tablet: Tablet) -> dict[str, Any]:
    return tablet.seal(tablet.consultation("ana"))


def stored() -> tuple[int, int]:
    """How many lines of envelopes there are, and how many consultations."""
    counted = [
        db.session.scalar(select(func.count()).select_from(table))
        for table in (Envelope.__table__, Consultation.__table__)
    ]
    db.session.rollback()
    return counted[0] or 0, counted[1] or 0


def status(tablet: Tablet, *envelopes: dict[str, Any]) -> Any:
    return tablet.post("/sync/envelopes", {"envelopes": list(envelopes)})


def test_a_batch_that_sets_aside_too_much_is_refused_whole_and_says_when_to_come_again(
    tablet: Tablet, few: None
) -> None:
    tablet.send(*(junk(tablet) for _ in range(4)))
    refused = status(tablet, good(tablet), junk(tablet))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    assert refused.get_json()["problem"]
    assert stored() == (4, 0)


def test_good_records_and_what_was_sent_before_pass_beside_junk(tablet: Tablet, few: None) -> None:
    sent = [junk(tablet) for _ in range(4)]
    tablet.send(*sent)
    assert [one["result"] for one in tablet.send(good(tablet))] == ["created"]
    assert {one["result"] for one in tablet.send(*sent)} == {"quarantined"}
    assert stored() == (5, 1)


def test_few_large_envelopes_are_too_much_too(tablet: Tablet, few: None) -> None:
    assert [one["result"] for one in tablet.send(junk(tablet, 30_000))] == ["quarantined"]
    assert status(tablet, junk(tablet, 30_000)).status_code == 429
    assert stored() == (1, 0)


def test_voidings_of_records_that_never_come_count_as_set_aside(tablet: Tablet, few: None) -> None:
    def void() -> dict[str, Any]:
        return tablet.seal(tablet.void("ana", tablet.consultation("ana")["id"]))

    tablet.send(*(void() for _ in range(4)))
    assert status(tablet, void()).status_code == 429


def test_even_good_records_end_at_many_a_day_and_go_on_the_next(tablet: Tablet, few: None) -> None:
    tablet.send(*(good(tablet) for _ in range(10)))
    assert status(tablet, *(good(tablet) for _ in range(3))).status_code == 429
    assert len(tablet.send(good(tablet), good(tablet))) == 2
    assert status(tablet, good(tablet)).status_code == 429
    yesterday = datetime.now(UTC) - daily_limits.DAY - timedelta(minutes=1)
    with unit_of_work():
        db.session.execute(update(Envelope.__table__).values(received_at=yesterday))
    assert len(tablet.send(good(tablet))) == 1


def test_another_tablet_is_not_held_up(
    app: Flask, office: Office, tablet: Tablet, few: None
) -> None:
    other = make_tablet(app, office.accounts["adela"], office.desks["HND-01"], "Tablet 2")
    tablet.send(*(junk(tablet) for _ in range(4)))
    assert status(tablet, junk(tablet)).status_code == 429
    assert [one["result"] for one in other.send(junk(other))] == ["quarantined"]
