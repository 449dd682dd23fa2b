"""Referrals written on a tablet without the network: sent once when they arrive, set aside when too late or wrong."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db.session import db
from app.referrals.models import Referral, ReferralOffer
from app.sync.models import Envelope
from tests.factories.shelters import make_shelter, referral_json
from tests.factories.two_country_world import Office
from tests.sync.tablet import Tablet, make_tablet

REFERRALS, OFFERS = Referral.__table__, ReferralOffer.__table__


@pytest.fixture
def tablet(app: Flask, office: Office) -> Tablet:
    make_shelter()
    return make_tablet(app, office.accounts["adela"], office.desks["HND-01"])


def notice(tablet: Tablet, author: str = "ana", **said: Any) -> dict[str, Any]:
    """The content of a notice that was written on the tablet just now."""
    outer = {"kind": "referral", "author": author, "device": tablet.enrolment["device"], "sequence": 1}
    return {**referral_json(tablet.desk), **outer, "written_at": ago(minutes=5), **said}


def ago(**span: float) -> str:
    return (clock.now() - timedelta(**span)).isoformat()


def rows(wanted: Any) -> list[Any]:
    found = db.session.execute(wanted).all()
    db.session.rollback()
    return list(found)


def referrals() -> list[Any]:
    return rows(select(REFERRALS).order_by(REFERRALS.c.sent_at))


def aside() -> list[tuple[str, str]]:
    """Result and reason of what was set aside; it is kept sealed."""
    open_ = select(Envelope.__table__).where(Envelope.state == "open").order_by(Envelope.number)
    found = rows(open_)
    assert all(line.sealed and line.kind == "referral" for line in found)
    return [(line.result, line.reason) for line in found]


def test_a_notice_becomes_a_referral_whose_deadlines_begin_when_it_arrives(
    tablet: Tablet, office: Office
) -> None:
    before = clock.now()
    said = notice(tablet, written_at=ago(hours=5), language="hat", priority="emergency_24h")
    envelope = tablet.seal(said)
    assert [one["result"] for one in tablet.send(envelope)] == ["created"]
    assert [one["result"] for one in tablet.send(envelope)] == ["duplicate"]
    [sent] = referrals()
    assert (str(sent.id), sent.author_id) == (said["id"], office.accounts["ana"].account_id)
    assert sent.sent_at >= before and sent.deadline - sent.sent_at == timedelta(hours=24)
    [offer] = rows(select(OFFERS))
    assert offer.reply_by == sent.sent_at + timedelta(minutes=30)
    page = office["ana"].get_json(f"/referrals/{said['id']}").get_json()
    assert (page["state"], page["shelter"]) == ("sent", "HND-S1")
    assert aside() == []


def test_the_same_notice_sealed_anew_is_no_second_referral_however_late(tablet: Tablet) -> None:
    said = notice(tablet)
    assert tablet.result(said) == "created"
    assert tablet.result({**said, "sequence": 7, "written_at": ago(hours=30)}) == "duplicate"
    assert tablet.result({**said, "priority": "urgent_72h"}) == "conflict"
    assert len(referrals()) == 1
    assert aside() == [("conflict", "different")]


def test_one_that_was_sent_by_the_page_and_left_as_a_notice_too_is_one_referral(
    tablet: Tablet, office: Office
) -> None:
    said = notice(tablet)
    outer = ("kind", "author", "device", "sequence", "written_at")
    plain = {name: value for name, value in said.items() if name not in outer}
    assert office["ana"].post("/referrals", plain).status_code == 201
    assert tablet.result(said) == "duplicate"
    assert len(referrals()) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"consent": False}, "invalid"),
        ({"shelters": ["NO-SUCH"]}, "invalid"),
        ({"from_consultation": "c0ffee00-0000-4000-8000-000000000000"}, "invalid"),
        ({"persons": [{"sex": "female", "age_band": "age_5_11", "n": 1}]}, "invalid"),
        ({"name": "Maria"}, "invalid"),
        ({"written_at": "yesterday"}, "invalid"),
        ({"written_at": None}, "invalid"),
        ({"written_at": "2026-03-14T18:00:00"}, "invalid"),
        ({"written_at": "0001-01-01T00:00:00+14:00"}, "invalid"),
        ({"author": "guille"}, "foreign_author"),
        ({"author": "cora"}, "foreign_author"),
        ({"author": "nobody"}, "unknown_author"),
        ({"desk": "HND-02"}, "other_desk"),
    ],
    ids=str,
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_sent_is_set_aside_with_its_reason(
    tablet: Tablet, said: dict[str, Any], reason: str
) -> None:
    good = notice(tablet)
    bad = notice(tablet, **said)
    results = tablet.send(tablet.seal(bad), tablet.seal(good))
    assert [one["result"] for one in results] == ["quarantined", "created"]
    assert aside() == [("quarantined", reason)]
    assert [str(one.id) for one in referrals()] == [good["id"]]


def test_a_shelter_is_not_asked_in_the_night_about_people_of_the_morning(tablet: Tablet) -> None:
    assert tablet.result(notice(tablet, written_at=ago(hours=11, minutes=59))) == "created"
    assert tablet.result(notice(tablet, written_at=ago(hours=12, minutes=1))) == "quarantined"
    assert tablet.result(notice(tablet, written_at=ago(minutes=-50))) == "created"
    assert tablet.result(notice(tablet, written_at=ago(minutes=-70))) == "quarantined"
    assert aside() == [("quarantined", "stale_notice"), ("quarantined", "in_future")]
    assert len(referrals()) == 2
