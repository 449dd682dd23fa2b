"""What tablets send: once each, none turned away, each with its author; what cannot be taken is set aside and seen."""

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
from app.sync.queries import devices as reading
from tests.factories.records import in_new_context
from tests.factories.two_country_world import Office
from tests.sync.sealing import receipt_of, seal, seal_bytes
from tests.sync.tablet import Tablet, days_ago, make_tablet

ZONE = "America/Tegucigalpa"


@pytest.fixture
def tablet(app: Flask, office: Office) -> Tablet:
    return make_tablet(app, office.accounts["adela"], office.desks["HND-01"])


def rows() -> list[Any]:
    found = db.session.execute(select(Consultation.__table__).order_by(Consultation.id)).all()
    db.session.rollback()
    return list(found)


def lines() -> list[Any]:
    found = db.session.execute(select(Envelope.__table__).order_by(Envelope.number)).all()
    db.session.rollback()
    return list(found)


def aside() -> list[tuple[str, str]]:
    """Result and reason of every envelope that was set aside; each keeps its sealed bytes."""
    found = [line for line in lines() if line.state == "open"]
    assert all(line.sealed is not None for line in found)
    return [(line.result, line.reason) for line in found]


def today() -> Any:
    return clock.today_at(ZONE)


def test_a_record_arrives_once_with_its_author_and_its_tablet(
    tablet: Tablet, office: Office
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    first, again = tablet.send(envelope)[0], tablet.send(envelope)[0]
    assert first == {"id": envelope["id"], "result": "created", "receipt": receipt_of(envelope)}
    assert again == {**first, "result": "duplicate"}
    (row,) = rows()
    assert row.author_id == office.accounts["ana"].account_id
    assert row.device == tablet.given["device"]
    assert [line.state for line in lines()] == ["settled"]
    assert lines()[0].sealed is None


def test_the_same_answers_sealed_anew_are_a_duplicate_and_others_a_conflict(tablet: Tablet) -> None:
    content = tablet.consultation("ana")
    assert tablet.result(content) == "created"
    assert tablet.result(content) == "duplicate"
    assert tablet.result({**content, "topics": ["health"]}) == "conflict"
    assert [row.topics for row in rows()] == [("asylum",)]
    assert aside() == [("conflict", "different")]


def test_a_colleagues_record_keeps_its_author_whoever_is_signed_in(
    tablet: Tablet, office: Office
) -> None:
    sent = [tablet.seal(tablet.consultation(name)) for name in ("ana", "ben", "ana")]
    assert [one["result"] for one in tablet.send(*sent)] == ["created"] * 3
    names = {account.account_id: name for name, account in office.accounts.items()}
    by_id = {str(row.id): names[row.author_id] for row in rows()}
    assert [by_id[one["id"]] for one in sent] == ["ana", "ben", "ana"]


def test_what_cannot_be_taken_is_set_aside_with_its_reason_and_the_rest_passes(
    tablet: Tablet, office: Office
) -> None:
    key = tablet.given["keys"][0]
    good = tablet.seal(tablet.consultation("ana"))
    flipped = tablet.seal(tablet.consultation("ana"))
    sign = "A" if flipped["sealed"][200] != "A" else "B"
    flipped["sealed"] = flipped["sealed"][:200] + sign + flipped["sealed"][201:]
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
    results = tablet.send(*[one for one, _ in bad], good)
    assert [one["result"] for one in results] == ["quarantined"] * len(bad) + ["created"]
    assert aside() == [("quarantined", reason) for _, reason in bad]
    assert [str(row.id) for row in rows()] == [good["id"]]
    again = tablet.send(*[one for one, _ in bad if one.get("id", "none") != "none"], good)
    assert {one["result"] for one in again} == {"quarantined", "duplicate"}
    assert len(aside()) == len(bad)


def test_sixty_days_back_is_still_taken(tablet: Tablet) -> None:
    assert tablet.result(tablet.consultation("ana", held_on=days_ago(today(), 60))) == "created"


def test_a_very_large_envelope_is_set_aside_and_a_large_batch_is_refused_whole(
    tablet: Tablet,
) -> None:
    large = tablet.seal(tablet.consultation("ana", padding="x" * 1_000_000))
    assert tablet.send(large)[0]["result"] == "quarantined"
    assert aside() == [("quarantined", "too_large")]
    few = [tablet.seal(tablet.consultation("ana")) for _ in range(51)]
    assert tablet.post("/sync/envelopes", {"envelopes": few}).status_code == 413
    heavy = [tablet.seal(tablet.consultation("ana", padding="x" * 60_000)) for _ in range(2)]
    assert tablet.post("/sync/envelopes", {"envelopes": heavy}).status_code == 413
    assert rows() == []
    assert {one["result"] for one in tablet.send(*few[:50])} == {"created"}


def test_a_replay_by_another_tablet_is_set_aside_and_adds_nothing(
    app: Flask, office: Office, tablet: Tablet
) -> None:
    other = make_tablet(app, office.accounts["adela"], office.desks["HND-01"], "Tablet 2")
    bare = tablet.consultation("ana")
    del bare["device"]
    named, unnamed = tablet.seal(tablet.consultation("ana")), tablet.seal(bare)
    tablet.send(named, unnamed)
    assert {one["result"] for one in other.send(named, unnamed)} == {"quarantined"}
    assert aside() == [("quarantined", "other_device")] * 2
    assert len(rows()) == 2


def test_only_an_unknown_or_revoked_tablet_is_turned_away(
    app: Flask, office: Office, tablet: Tablet
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    body = {"envelopes": [envelope]}
    unknown = tablet.post("/sync/envelopes", body, credential="guessed")
    assert (unknown.status_code, unknown.get_json()["device"]) == (401, "unknown")
    bare = in_new_context(app.test_client().post, "/sync/envelopes", json=body)
    assert (bare.status_code, bare.get_json()["device"]) == (401, "unknown")
    adela = office.accounts["adela"]
    revoke(adela.account_id, tablet)
    for path in ("/sync/envelopes", "/sync/contact"):
        answer = tablet.post(path, body)
        assert (answer.status_code, answer.get_json()["device"]) == (401, "revoked")
    assert rows() == [] and lines() == []


def revoke(by: int, tablet: Tablet) -> None:
    with unit_of_work():
        found = reading.lock_device_unscoped(db.session(), _id(tablet))
        assert found is not None
        devices.revoke_device(db.session(), by, found)


def _id(tablet: Tablet) -> Any:
    from uuid import UUID

    return UUID(tablet.given["device"])


def test_an_author_who_left_since_is_set_aside_and_named(tablet: Tablet, office: Office) -> None:
    envelope = tablet.seal(tablet.consultation("ben"))
    with unit_of_work():
        account = staff.find_account(db.session(), "ben")
        assert account is not None
        close_account(db.session(), None, account)
    assert tablet.send(envelope)[0]["result"] == "quarantined"
    assert aside() == [("quarantined", "closed_author")]
    assert lines()[0].author_id == office.accounts["ben"].account_id


def test_a_voiding_takes_the_record_back_whichever_arrives_first(tablet: Tablet) -> None:
    early, late = tablet.consultation("ana"), tablet.consultation("ana")
    assert tablet.result(early) == "created"
    fact = tablet.seal(tablet.void("ana", early["id"]))
    assert [one["result"] for one in tablet.send(fact)] == ["created"]
    assert [one["result"] for one in tablet.send(fact)] == ["duplicate"]
    assert tablet.result(tablet.void("ana", late["id"])) == "created"
    assert [line.state for line in lines()] == ["settled", "settled", "held"]
    assert tablet.result(late) == "created"
    assert [(row.state, row.reason) for row in rows()] == [("void", "undo")] * 2
    assert {line.state for line in lines()} == {"settled"}
    assert aside() == []


def test_a_voiding_that_comes_too_late_waits_for_the_supervisor(tablet: Tablet) -> None:
    content = tablet.consultation("ana")
    assert tablet.result(content) == "created"
    with unit_of_work():
        old = datetime.now(UTC) - timedelta(days=4)
        db.session.execute(update(Consultation.__table__).values(received_at=old))
    assert tablet.result(tablet.void("ana", content["id"])) == "quarantined"
    assert aside() == [("quarantined", "too_late")]
    assert [row.state for row in rows()] == ["live"]


def test_a_tablet_that_moved_has_its_former_desks_records_set_aside(
    app: Flask, office: Office, tablet: Tablet
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    with unit_of_work():
        found = reading.lock_device_unscoped(db.session(), _id(tablet))
        assert found is not None
        devices.move_device(db.session(), 1, found, office.desks["HND-02"])
    assert tablet.send(envelope)[0]["result"] == "quarantined"
    assert aside() == [("quarantined", "other_desk")]
    assert tablet.contact()["desk"] == "HND-02"
    assert tablet.result({**tablet.consultation("eva"), "desk": "HND-02"}) == "created"


def test_a_new_key_is_given_out_and_the_old_one_still_opens(app: Flask, tablet: Tablet) -> None:
    old = tablet.seal(tablet.consultation("ana"))
    settings = app.config["SETTINGS"]
    ring = {**settings.outbox_keys, "new": b"\x07" * 32}
    app.config["SETTINGS"] = replace(settings, outbox_keys=ring)
    told = tablet.contact()
    assert [key["id"] for key in told["keys"]] == ["new"]
    assert tablet.send(old)[0]["result"] == "created"
    tablet.given["keys"] = told["keys"]
    assert tablet.result(tablet.consultation("ana")) == "created"
    app.config["SETTINGS"] = replace(settings, outbox_keys={"new": b"\x09" * 32})
    assert tablet.result(tablet.consultation("ana")) == "quarantined"


def test_what_a_tablet_says_of_itself_is_kept(tablet: Tablet, office: Office) -> None:
    said = {"waiting": 3, "oldest_at": "2026-03-01T10:00:00Z", "saved": 12, "persisted": False}
    told = tablet.contact(**said, version="abc123")
    assert told["to_mend"] == 0
    assert abs(datetime.fromisoformat(told["now"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert {one["account"] for one in told["people"]} == {"ana", "ben"}
    row = db.session.execute(select(Device.__table__)).one()
    assert (row.waiting, row.saved, row.is_persisted, row.app_version) == (3, 12, False, "abc123")
    db.session.rollback()
    odd = tablet.post("/sync/contact", {"waiting": "x", "oldest_at": [], "saved": -4})
    assert odd.status_code == 200


def test_a_code_enrols_once_and_only_within_its_half_hour(app: Flask, office: Office) -> None:
    desk, adela = office.desks["HND-01"], office.accounts["adela"].account_id
    with unit_of_work():
        added = devices.add_device(db.session(), adela, desk, "Tablet 1")
        stale = devices.add_device(db.session(), adela, desk, "Tablet 2")
        db.session.execute(
            update(Device.__table__)
            .where(Device.id == stale.device_id)
            .values(code_expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    assert _enrolled(app, added.code.lower()) == 200
    for code in (added.code, stale.code, "", "000000000000", None, 7):
        assert _enrolled(app, code) == 401


def _enrolled(app: Flask, code: Any) -> int:
    return int(
        in_new_context(app.test_client().post, "/sync/enrol", json={"code": code}).status_code
    )


def test_a_failure_of_ours_while_one_is_taken_sets_that_one_aside(
    tablet: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sync.actions import handlers

    taking, broken = handlers.handle_consultation, tablet.consultation("ana")

    def fails(session: Any, author: Any, opened: Any) -> Any:
        taken = taking(session, author, opened)
        if opened.data["id"] == broken["id"]:
            raise RuntimeError("after it was written")
        return taken

    monkeypatch.setitem(
        handlers._handlers, "consultation", handlers.RecordHandler("consultation", fails)
    )
    sent = [tablet.seal(broken), tablet.seal(tablet.consultation("ana"))]
    assert [one["result"] for one in tablet.send(*sent)] == ["quarantined", "created"]
    assert [str(row.id) for row in rows()] == [sent[1]["id"]]
    assert aside() == [("quarantined", "fault")]
