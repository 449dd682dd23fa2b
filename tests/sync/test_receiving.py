"""Intake of envelopes: once each, none turned away, each with its author; what cannot be stored is quarantined."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.consultations.models import Consultation
from app.db.session import db, unit_of_work
from app.staff import queries as staff
from app.staff.actions.accounts import close_account
from app.sync.actions import devices
from app.sync.models import Device, Envelope
from app.sync.queries import devices as device_queries
from tests.factories.records import in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.sealing import receipt_of, seal, seal_bytes
from tests.sync.tablet import Tablet, days_ago, make_tablet

ZONE = "America/Tegucigalpa"


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


def consultations() -> list[Any]:
    stored = db.session.execute(select(Consultation.__table__).order_by(Consultation.id)).all()
    db.session.rollback()
    return list(stored)


def envelopes() -> list[Any]:
    stored = db.session.execute(select(Envelope.__table__).order_by(Envelope.number)).all()
    db.session.rollback()
    return list(stored)


def list_quarantined() -> list[tuple[str, str]]:
    """Return result and reason of every quarantined envelope; each keeps its sealed bytes."""
    open_envelopes = [line for line in envelopes() if line.state == "open"]
    assert all(line.sealed is not None for line in open_envelopes)
    return [(line.result, line.reason) for line in open_envelopes]


def today() -> Any:
    return clock.today_at(ZONE)


def test_a_record_arrives_once_with_its_author_and_its_tablet(
    tablet: Tablet, world: TwoCountryWorld
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    first, repeated = tablet.send(envelope)[0], tablet.send(envelope)[0]
    assert first == {"id": envelope["id"], "result": "created", "receipt": receipt_of(envelope)}
    assert repeated == {**first, "result": "duplicate"}
    (row,) = consultations()
    assert row.author_id == world.accounts["ana"].account_id
    assert row.device == tablet.enrolment["device"]
    assert [line.state for line in envelopes()] == ["settled"]
    assert envelopes()[0].sealed is None


def test_the_same_answers_sealed_again_are_a_duplicate_and_others_a_conflict(
    tablet: Tablet,
) -> None:
    content = tablet.consultation("ana")
    assert tablet.result(content) == "created"
    assert tablet.result(content) == "duplicate"
    assert tablet.result({**content, "topics": ["health"]}) == "conflict"
    assert [row.topics for row in consultations()] == [("asylum",)]
    assert list_quarantined() == [("conflict", "different")]


def test_a_colleagues_record_keeps_its_author_with_anybody_signed_in(
    tablet: Tablet, world: TwoCountryWorld
) -> None:
    sent_envelopes = [tablet.seal(tablet.consultation(name)) for name in ("ana", "ben", "ana")]
    assert [result["result"] for result in tablet.send(*sent_envelopes)] == ["created"] * 3
    names = {account.account_id: name for name, account in world.accounts.items()}
    by_id = {str(row.id): names[row.author_id] for row in consultations()}
    assert [by_id[envelope["id"]] for envelope in sent_envelopes] == ["ana", "ben", "ana"]


def test_what_cannot_be_stored_is_quarantined_with_its_reason_and_the_rest_passes(
    tablet: Tablet, world: TwoCountryWorld
) -> None:
    key = tablet.enrolment["keys"][0]
    good = tablet.seal(tablet.consultation("ana"))
    flipped = tablet.seal(tablet.consultation("ana"))
    character = "A" if flipped["sealed"][200] != "A" else "B"
    flipped["sealed"] = flipped["sealed"][:200] + character + flipped["sealed"][201:]
    moved = {**tablet.seal(tablet.consultation("ana")), "id": str(uuid4())}
    elsewhere = seal(key, tablet.consultation("ana"), str(uuid4()))
    bad: list[tuple[dict[str, Any], str]] = [
        (flipped, "unreadable"),
        (moved, "unreadable"),
        (elsewhere, "unreadable"),
        ({**tablet.seal(tablet.consultation("ana")), "format": 99}, "unknown_format"),
        ({**tablet.seal(tablet.consultation("ana")), "format": "1"}, "unknown_format"),
        ({**tablet.seal(tablet.consultation("ana")), "key": "gone"}, "unknown_key"),
        (tablet.seal(tablet.consultation("ana", kind="survey")), "unknown_kind"),
        (tablet.seal(tablet.consultation("ana", device=str(uuid4()))), "other_device"),
        (tablet.seal(tablet.consultation("ana", desk="HND-02")), "other_desk"),
        (tablet.seal(tablet.consultation("nobody")), "unknown_author"),
        (tablet.seal(tablet.consultation("eva")), "foreign_author"),
        (tablet.seal(tablet.consultation("susana")), "foreign_author"),
        (tablet.seal(tablet.consultation("ana", held_on=days_ago(today(), 61))), "too_old"),
        (tablet.seal(tablet.consultation("ana", held_on=days_ago(today(), -2))), "in_future"),
        (tablet.seal(tablet.consultation("ana", topics=["retired_code"])), "invalid"),
        (tablet.seal(tablet.consultation("ana", name="Juana")), "invalid"),
        (tablet.seal(tablet.void("ana", "no-number")), "invalid"),
        (seal_bytes(key, b"\x00\xff not JSON", str(uuid4())), "unreadable"),
        (seal_bytes(key, b'{"id":1,"id":2}', str(uuid4())), "unreadable"),
        ({"id": str(uuid4()), "key": key["id"], "format": 1, "sealed": "%%%"}, "unreadable"),
        ({"id": "none", "key": None, "format": None, "sealed": None}, "unknown_format"),
        ({"sealed": 7}, "unknown_format"),
    ]
    results = tablet.send(*[envelope for envelope, _ in bad], good)
    assert [result["result"] for result in results] == ["quarantined"] * len(bad) + ["created"]
    assert list_quarantined() == [("quarantined", reason) for _, reason in bad]
    assert [str(row.id) for row in consultations()] == [good["id"]]
    repeated = tablet.send(
        *[envelope for envelope, _ in bad if envelope.get("id", "none") != "none"], good
    )
    assert {result["result"] for result in repeated} == {"quarantined", "duplicate"}
    assert len(list_quarantined()) == len(bad)


def test_sixty_days_back_is_still_taken(tablet: Tablet) -> None:
    assert tablet.result(tablet.consultation("ana", held_on=days_ago(today(), 60))) == "created"


def test_a_very_large_envelope_is_quarantined_and_a_large_batch_is_refused_whole(
    tablet: Tablet,
) -> None:
    large = tablet.seal(tablet.consultation("ana", padding="x" * 1_000_000))
    assert tablet.send(large)[0]["result"] == "quarantined"
    assert list_quarantined() == [("quarantined", "too_large")]
    few = [tablet.seal(tablet.consultation("ana")) for _ in range(51)]
    assert tablet.post("/sync/envelopes", {"envelopes": few}).status_code == 413
    heavy = [tablet.seal(tablet.consultation("ana", padding="x" * 60_000)) for _ in range(2)]
    assert tablet.post("/sync/envelopes", {"envelopes": heavy}).status_code == 413
    assert consultations() == []
    assert {result["result"] for result in tablet.send(*few[:50])} == {"created"}


def test_a_replay_by_another_tablet_is_quarantined_and_adds_nothing(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    other = make_tablet(app, world.accounts["adela"], world.desks["HND-01"], "Tablet 2")
    bare = tablet.consultation("ana")
    del bare["device"]
    named, unnamed = tablet.seal(tablet.consultation("ana")), tablet.seal(bare)
    tablet.send(named, unnamed)
    assert {result["result"] for result in other.send(named, unnamed)} == {"quarantined"}
    assert list_quarantined() == [("quarantined", "other_device")] * 2
    assert len(consultations()) == 2


def test_only_an_unknown_or_revoked_tablet_is_turned_away(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    body = {"envelopes": [envelope]}
    unknown = tablet.post("/sync/envelopes", body, credential="guessed")
    assert (unknown.status_code, unknown.get_json()["device"]) == (401, "unknown")
    bare = in_new_context(app.test_client().post, "/sync/envelopes", json=body)
    assert (bare.status_code, bare.get_json()["device"]) == (401, "unknown")
    adela = world.accounts["adela"]
    revoke(adela.account_id, tablet)
    for path in ("/sync/envelopes", "/sync/contact"):
        answer = tablet.post(path, body)
        assert (answer.status_code, answer.get_json()["device"]) == (401, "revoked")
    assert consultations() == [] and envelopes() == []


def revoke(account_id: int, tablet: Tablet) -> None:
    with unit_of_work():
        device = device_queries.lock_device_unscoped(db.session(), _id(tablet))
        assert device is not None
        devices.revoke_device(db.session(), account_id, device)


def _id(tablet: Tablet) -> Any:
    from uuid import UUID

    return UUID(tablet.enrolment["device"])


def test_a_record_of_an_author_who_left_since_is_quarantined_with_its_author(
    tablet: Tablet, world: TwoCountryWorld
) -> None:
    envelope = tablet.seal(tablet.consultation("ben"))
    with unit_of_work():
        account = staff.find_account(db.session(), "ben")
        assert account is not None
        close_account(db.session(), None, account)
    assert tablet.send(envelope)[0]["result"] == "quarantined"
    assert list_quarantined() == [("quarantined", "closed_author")]
    assert envelopes()[0].author_id == world.accounts["ben"].account_id


def test_a_voiding_takes_the_record_back_whichever_arrives_first(tablet: Tablet) -> None:
    early, late = tablet.consultation("ana"), tablet.consultation("ana")
    assert tablet.result(early) == "created"
    voiding = tablet.seal(tablet.void("ana", early["id"]))
    assert [result["result"] for result in tablet.send(voiding)] == ["created"]
    assert [result["result"] for result in tablet.send(voiding)] == ["duplicate"]
    assert tablet.result(tablet.void("ana", late["id"])) == "created"
    assert [line.state for line in envelopes()] == ["settled", "settled", "held"]
    assert tablet.result(late) == "created"
    assert [(row.state, row.reason) for row in consultations()] == [("void", "undo")] * 2
    assert {line.state for line in envelopes()} == {"settled"}
    assert list_quarantined() == []


def test_a_voiding_that_comes_too_late_waits_for_the_supervisor(tablet: Tablet) -> None:
    content = tablet.consultation("ana")
    assert tablet.result(content) == "created"
    with unit_of_work():
        old = datetime.now(UTC) - timedelta(days=4)
        db.session.execute(update(Consultation.__table__).values(received_at=old))
    assert tablet.result(tablet.void("ana", content["id"])) == "quarantined"
    assert list_quarantined() == [("quarantined", "too_late")]
    assert [row.state for row in consultations()] == ["live"]


def test_a_tablet_that_moved_has_its_former_desks_records_quarantined(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    with unit_of_work():
        device = device_queries.lock_device_unscoped(db.session(), _id(tablet))
        assert device is not None
        devices.move_device(db.session(), 1, device, world.desks["HND-02"])
    assert tablet.send(envelope)[0]["result"] == "quarantined"
    assert list_quarantined() == [("quarantined", "other_desk")]
    assert tablet.contact()["desk"] == "HND-02"
    assert tablet.result({**tablet.consultation("eva"), "desk": "HND-02"}) == "created"


def test_a_new_key_is_given_out_and_the_old_one_still_opens(app: Flask, tablet: Tablet) -> None:
    old = tablet.seal(tablet.consultation("ana"))
    settings = app.config["SETTINGS"]
    outbox_keys = {**settings.outbox_keys, "new": b"\x07" * 32}
    app.config["SETTINGS"] = replace(settings, outbox_keys=outbox_keys)
    contact = tablet.contact()
    assert [key["id"] for key in contact["keys"]] == ["new"]
    assert tablet.send(old)[0]["result"] == "created"
    tablet.enrolment["keys"] = contact["keys"]
    assert tablet.result(tablet.consultation("ana")) == "created"
    app.config["SETTINGS"] = replace(settings, outbox_keys={"new": b"\x09" * 32})
    assert tablet.result(tablet.consultation("ana")) == "quarantined"


def test_what_a_tablet_says_of_itself_is_kept(tablet: Tablet, world: TwoCountryWorld) -> None:
    report = {"waiting": 3, "oldest_at": "2026-03-01T10:00:00Z", "saved": 12, "persisted": False}
    contact = tablet.contact(**report, version="abc123")
    assert contact["to_mend"] == 0
    assert abs(datetime.fromisoformat(contact["now"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert {person["account"] for person in contact["people"]} == {"ana", "ben"}
    row = db.session.execute(select(Device.__table__)).one()
    assert (row.waiting, row.saved, row.is_persisted, row.app_version) == (3, 12, False, "abc123")
    db.session.rollback()
    odd = tablet.post("/sync/contact", {"waiting": "x", "oldest_at": [], "saved": -4})
    assert odd.status_code == 200


def test_a_code_enrols_once_and_only_within_its_half_hour(
    app: Flask, world: TwoCountryWorld
) -> None:
    desk, adela = world.desks["HND-01"], world.accounts["adela"].account_id
    with unit_of_work():
        added = devices.add_device(db.session(), adela, desk, "Tablet 1")
        stale = devices.add_device(db.session(), adela, desk, "Tablet 2")
        db.session.execute(
            update(Device.__table__)
            .where(Device.id == stale.device_id)
            .values(code_expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    assert _enrol(app, added.code.lower()) == 200
    for code in (added.code, stale.code, "", "000000000000", None, 7):
        assert _enrol(app, code) == 401


def _enrol(app: Flask, code: Any) -> int:
    return int(
        in_new_context(app.test_client().post, "/sync/enrol", json={"code": code}).status_code
    )


def test_a_fault_of_the_server_in_one_record_quarantines_that_record(
    tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sync.actions import handlers

    handle_consultation, broken = handlers.handle_consultation, tablet.consultation("ana")

    def handle_then_fail(session: Any, author: Any, payload: Any) -> Any:
        outcome = handle_consultation(session, author, payload)
        if payload.data["id"] == broken["id"]:
            raise RuntimeError("after it was written")
        return outcome

    monkeypatch.setitem(
        handlers._handlers, "consultation", handlers.RecordHandler("consultation", handle_then_fail)
    )
    sent_envelopes = [tablet.seal(broken), tablet.seal(tablet.consultation("ana"))]
    assert [result["result"] for result in tablet.send(*sent_envelopes)] == [
        "quarantined",
        "created",
    ]
    assert [str(row.id) for row in consultations()] == [sent_envelopes[1]["id"]]
    assert list_quarantined() == [("quarantined", "fault")]
