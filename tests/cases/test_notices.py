"""Referrals written on a tablet without the network: sent once when they arrive, quarantined if too late or wrong."""

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
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, make_tablet

REFERRALS, OFFERS = Referral.__table__, ReferralOffer.__table__


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    make_shelter()
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


def make_notice(tablet: Tablet, author: str = "ana", **fields: Any) -> dict[str, Any]:
    """Return the content of a notice that was written on the tablet just now."""
    envelope_fields = {
        "kind": "referral",
        "author": author,
        "device": tablet.enrolment["device"],
        "sequence": 1,
    }
    return {**referral_json(tablet.desk), **envelope_fields, "written_at": ago(minutes=5), **fields}


def ago(**span: float) -> str:
    return (clock.now() - timedelta(**span)).isoformat()


def fetch_rows(statement: Any) -> list[Any]:
    rows = db.session.execute(statement).all()
    db.session.rollback()
    return list(rows)


def list_referrals() -> list[Any]:
    return fetch_rows(select(REFERRALS).order_by(REFERRALS.c.sent_at))


def list_quarantined() -> list[tuple[str, str]]:
    """Return result and reason of the quarantined envelopes, which stay encrypted."""
    statement = select(Envelope.__table__).where(Envelope.state == "open").order_by(Envelope.number)
    rows = fetch_rows(statement)
    assert all(row.sealed and row.kind == "referral" for row in rows)
    return [(row.result, row.reason) for row in rows]


def test_a_notice_becomes_a_referral_whose_deadlines_begin_when_it_arrives(
    tablet: Tablet, world: TwoCountryWorld
) -> None:
    before = clock.now()
    notice = make_notice(tablet, written_at=ago(hours=5), language="hat", priority="emergency_24h")
    envelope = tablet.seal(notice)
    assert [result["result"] for result in tablet.send(envelope)] == ["created"]
    assert [result["result"] for result in tablet.send(envelope)] == ["duplicate"]
    [referral] = list_referrals()
    assert (str(referral.id), referral.author_id) == (
        notice["id"],
        world.accounts["ana"].account_id,
    )
    assert referral.sent_at >= before and referral.deadline - referral.sent_at == timedelta(
        hours=24
    )
    [offer] = fetch_rows(select(OFFERS))
    assert offer.reply_by == referral.sent_at + timedelta(minutes=30)
    body = world["ana"].get_json(f"/referrals/{notice['id']}").get_json()
    assert (body["state"], body["shelter"]) == ("sent", "HND-S1")
    assert list_quarantined() == []


def test_the_same_notice_encrypted_again_is_no_second_referral_however_late(tablet: Tablet) -> None:
    notice = make_notice(tablet)
    assert tablet.result(notice) == "created"
    assert tablet.result({**notice, "sequence": 7, "written_at": ago(hours=30)}) == "duplicate"
    assert tablet.result({**notice, "priority": "urgent_72h"}) == "conflict"
    assert len(list_referrals()) == 1
    assert list_quarantined() == [("conflict", "different")]


def test_one_that_was_sent_by_the_page_and_left_as_a_notice_too_is_one_referral(
    tablet: Tablet, world: TwoCountryWorld
) -> None:
    notice = make_notice(tablet)
    envelope_fields = ("kind", "author", "device", "sequence", "written_at")
    fields = {name: value for name, value in notice.items() if name not in envelope_fields}
    assert world["ana"].post("/referrals", fields).status_code == 201
    assert tablet.result(notice) == "duplicate"
    assert len(list_referrals()) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
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
def test_what_cannot_be_sent_is_quarantined_with_its_reason(
    tablet: Tablet, fields: dict[str, Any], reason: str
) -> None:
    valid = make_notice(tablet)
    invalid = make_notice(tablet, **fields)
    results = tablet.send(tablet.seal(invalid), tablet.seal(valid))
    assert [each["result"] for each in results] == ["quarantined", "created"]
    assert list_quarantined() == [("quarantined", reason)]
    assert [str(each.id) for each in list_referrals()] == [valid["id"]]


def test_a_shelter_is_not_asked_in_the_night_about_people_of_the_morning(tablet: Tablet) -> None:
    assert tablet.result(make_notice(tablet, written_at=ago(hours=11, minutes=59))) == "created"
    assert tablet.result(make_notice(tablet, written_at=ago(hours=12, minutes=1))) == "quarantined"
    assert tablet.result(make_notice(tablet, written_at=ago(minutes=-50))) == "created"
    assert tablet.result(make_notice(tablet, written_at=ago(minutes=-70))) == "quarantined"
    assert list_quarantined() == [("quarantined", "stale_notice"), ("quarantined", "in_future")]
    assert len(list_referrals()) == 2
