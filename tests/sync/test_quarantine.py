"""Quarantined records: listed for their author and the supervisor, opened for them alone, resolved or voided once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.audit.models import AuditEntry
from app.consultations.models import Consultation
from app.consultations.vocabulary import DECLINED
from app.db.session import db, unit_of_work
from app.staff.actions.accounts import close_account
from app.staff.queries import find_account
from app.sync.forms.queue_export import MAX_EXPORT_BYTES, parse_queue_export
from app.sync.models import Envelope
from tests.factories.records import JSON, Browser, in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.tablet import Tablet, make_tablet

FUTURE = "2031-01-01"


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


@contextmanager
def read_session() -> Iterator[Any]:
    yield db.session
    db.session.rollback()


def last_envelope() -> Any:
    with read_session() as session:
        return session.execute(
            select(Envelope.__table__).order_by(Envelope.number.desc()).limit(1)
        ).one()


def consultations_by_id() -> dict[str, Any]:
    with read_session() as session:
        rows = session.execute(select(Consultation.__table__).order_by(Consultation.id)).all()
    return {str(row.id): row for row in rows}


def audit_actions(subject: str) -> list[str]:
    """Return the actions of the audit log on a subject, in order."""
    with read_session() as session:
        statement = (
            select(AuditEntry.action)
            .where(AuditEntry.subject == subject)
            .order_by(AuditEntry.number)
        )
        return list(session.scalars(statement))


def quarantine(tablet: Tablet, content: dict[str, Any], result: str = "quarantined") -> int:
    """Send a record that is quarantined; return its number."""
    assert tablet.result(content) == result
    return int(last_envelope().number)


def form_fields(content: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the form fields of a consultation as a person sends them."""
    plain = {name: content[name] for name in ("id", "desk", "held_on")}
    group = content["groups"][0]
    profile = {f"groups-0-{name}": group[name] for name in ("nationality", "situation")}
    counts = {
        f"groups-0-{persons['sex']}-{persons['age_band']}": str(persons["n"])
        for persons in group["persons"]
    }
    repeats = {"groups-0-repeat_contact": group["repeat_contact"]}
    lists = {name: content[name] for name in ("topics", "outcomes")}
    return {**plain, **profile, **counts, **repeats, **lists, **changes}


def today() -> str:
    return clock.today_at("America/Tegucigalpa").isoformat()


def test_the_author_resolves_the_record_and_stays_its_author(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    content = tablet.consultation("ana", held_on=FUTURE)
    number = quarantine(tablet, content)
    ana = world["ana"]
    assert f'data-number="{number}"' in ana.get("/quarantine").text
    page = ana.get(f"/quarantine/{number}").text
    assert 'data-reason="in_future"' in page and 'id="wrong"' in page and 'id="resolve"' in page
    form = ana.get(f"/quarantine/{number}/resolve").text
    assert f'action="/quarantine/{number}/resolve"' in form and f'value="{FUTURE}"' in form
    assert 'name="reason"' not in form and 'id="tally"' not in form

    wrong = ana.post_form(f"/quarantine/{number}/resolve", form_fields(content))
    assert (
        wrong.status_code == 422 and consultations_by_id() == {} and last_envelope().state == "open"
    )
    done = ana.post_form(f"/quarantine/{number}/resolve", form_fields(content, held_on=today()))

    row = consultations_by_id()[content["id"]]
    assert done.status_code == 302 and done.location == "/quarantine"
    assert row.author_id == world.accounts["ana"].account_id and row.device
    assert (last_envelope().state, last_envelope().sealed) == ("mended", None)
    assert f'data-number="{number}"' not in ana.get("/quarantine").text
    second = ana.post_form(f"/quarantine/{number}/resolve", form_fields(content, held_on=today()))
    assert second.status_code == 409 and len(consultations_by_id()) == 1
    actions = audit_actions(f"envelope:{content['id']}")
    assert actions == ["envelope_quarantined", "envelope_read", "envelope_mended"]


def test_former_addresses_lead_to_the_new_ones(world: TwoCountryWorld, tablet: Tablet) -> None:
    content = tablet.consultation("ana", held_on=FUTURE)
    old = f"/quarantine/{quarantine(tablet, content)}/mend"
    page = world["ana"].get(old)
    assert (page.status_code, page.location) == (302, old.replace("mend", "resolve"))
    assert world["susana"].get("/quarantine/file").location == "/quarantine/import"
    assert world["susana"].post_form("/quarantine/file", {}).status_code == 422
    done = world["ana"].post_form(old, form_fields(content, held_on=today()))
    assert done.status_code == 302 and len(consultations_by_id()) == 1


def test_nobody_else_sees_it(world: TwoCountryWorld, tablet: Tablet) -> None:
    number = quarantine(tablet, tablet.consultation("ana", held_on=FUTURE))
    for name in ("ben", "eva", "gabi"):
        assert world[name].get(f"/quarantine/{number}").status_code == 404
        assert f'data-number="{number}"' not in world[name].get("/quarantine").text
        for path in ("resolve", "void"):
            assert world[name].post(f"/quarantine/{number}/{path}", {}).status_code == 404
    for name in ("adela", "rita"):
        assert world[name].get("/quarantine").status_code == 403
    assert world["susana"].get(f"/quarantine/{number}").status_code == 200
    assert world["susana"].get("/quarantine/99999999999999999999").status_code == 404
    assert last_envelope().state == "open"


def test_whether_a_record_is_trusted_is_the_supervisors_decision(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    content = tablet.consultation("ana", desk="HND-02")
    number = quarantine(tablet, content)
    assert 'id="decides"' in world["ana"].get(f"/quarantine/{number}").text
    assert world["ana"].get(f"/quarantine/{number}/resolve").status_code == 403
    for path in ("resolve", "void"):
        assert world["ana"].post(f"/quarantine/{number}/{path}", {}).status_code == 403

    done = world["susana"].post_form(f"/quarantine/{number}/resolve", form_fields(content))

    row = consultations_by_id()[content["id"]]
    assert done.status_code == 302 and row.desk_id == world.desks["HND-02"].id
    assert row.author_id == world.accounts["ana"].account_id


def test_a_record_of_a_closed_account_is_recorded_under_its_name(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    with unit_of_work():
        account = find_account(db.session(), "ben")
        assert account is not None
        close_account(db.session(), world.accounts["adela"].account_id, account)
    content = tablet.consultation("ben")
    number = quarantine(tablet, content)
    answer = world["susana"].post(
        f"/quarantine/{number}/resolve",
        {name: content[name] for name in consultation_names(content)},
    )
    assert answer.status_code == 200, answer.data
    assert consultations_by_id()[content["id"]].author_id == world.accounts["ben"].account_id


def consultation_names(content: dict[str, Any]) -> set[str]:
    return content.keys() - {"kind", "author", "device", "sequence"}


def test_a_voided_record_is_counted_nowhere_and_its_content_goes(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    number = quarantine(tablet, tablet.consultation("ana", held_on=FUTURE))
    done = world["ana"].post_form(f"/quarantine/{number}/void", {})
    assert done.status_code == 302 and consultations_by_id() == {}
    assert (last_envelope().state, last_envelope().sealed) == ("voided", None)
    assert world["ana"].post(f"/quarantine/{number}/void", {}).status_code == 409
    settled = world["ana"].get(f"/quarantine/{number}").text
    assert 'id="settled"' in settled and 'id="void"' not in settled


def test_what_cannot_be_opened_can_only_be_voided(world: TwoCountryWorld, tablet: Tablet) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    envelope["sealed"] = envelope["sealed"][:-4] + "AAAA"
    assert tablet.send(envelope)[0]["result"] == "quarantined"
    number = last_envelope().number
    susana = world["susana"]
    page = susana.get(f"/quarantine/{number}").text
    assert 'id="unreadable"' in page and 'id="resolve"' not in page and 'id="inside"' not in page
    assert susana.post(f"/quarantine/{number}/resolve", {"desk": "HND-01"}).status_code == 409
    assert susana.post(f"/quarantine/{number}/void", {}).status_code == 200


def test_a_record_that_differs_is_shown_next_to_the_other_and_gets_its_own_number(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    first = tablet.consultation("ana")
    assert tablet.result(first) == "created"
    second = {**first, "topics": ["health"]}
    number = quarantine(tablet, second, "conflict")
    assert 'class="table versions"' in world["ana"].get(f"/quarantine/{number}").text

    done = world["ana"].post_form(f"/quarantine/{number}/resolve", form_fields(second))

    rows = consultations_by_id()
    assert done.status_code == 302 and len(rows) == 2
    assert rows.pop(first["id"]).topics == ("asylum",)
    assert [row.topics for row in rows.values()] == [("health",)]


@pytest.mark.parametrize("decided", ["resolve", "void"])
def test_a_late_voiding_is_the_supervisors_choice(
    world: TwoCountryWorld, tablet: Tablet, decided: str
) -> None:
    content = tablet.consultation("ana")
    tablet.result(content)
    foreign_voiding = tablet.void("ben", content["id"], reason="slip")
    number = quarantine(tablet, foreign_voiding)
    susana = world["susana"]
    page = susana.get(f"/quarantine/{number}").text
    assert 'id="apply"' in page and '<option value="slip" selected>' in page

    without_reason = susana.post_form(f"/quarantine/{number}/resolve", {"reason": ""})
    assert without_reason.status_code == 422 and last_envelope().state == "open"
    done = susana.post_form(f"/quarantine/{number}/{decided}", {"reason": "slip"})

    assert done.status_code == 302
    expected = {"resolve": ("void", "mended"), "void": ("live", "voided")}[decided]
    assert (consultations_by_id()[content["id"]].state, last_envelope().state) == expected


def test_a_refusal_to_be_recorded_is_resolved_by_its_day(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    whole = tablet.consultation("ana", outcomes=[DECLINED], held_on=FUTURE)
    names = ("id", "desk", "held_on", "outcomes", "kind", "author", "device", "sequence")
    refusal = {name: whole[name] for name in names}
    fine = {**refusal, "id": str(uuid4()), "held_on": today()}
    assert tablet.result(fine) == "created" and consultations_by_id()[fine["id"]].device
    number = quarantine(tablet, refusal)
    assert 'id="tally"' in world["ana"].get(f"/quarantine/{number}").text
    form = {"desk": "HND-01", "outcomes": whole["outcomes"], "held_on": today()}
    done = world["ana"].post_form(f"/quarantine/{number}/resolve", form)
    assert done.status_code == 302 and consultations_by_id()[whole["id"]].is_tally


@pytest.mark.parametrize(
    "fields",
    [
        {"topics": ["<script>alert(1)</script>"]},
        {"topics": {"asylum": 1}},
        {"groups": [{"nationality": ["HND"], "persons": [{"n": "x", "sex": []}, 7]}, "group"]},
        {"groups": "nobody"},
        {"held_on": ["today"], "channel": {"a": [1]}, "card": ["x"]},
    ],
)
def test_any_content_of_an_envelope_is_shown_without_harm(
    world: TwoCountryWorld, tablet: Tablet, fields: dict[str, Any]
) -> None:
    number = quarantine(tablet, tablet.consultation("ana", **fields))
    for page in ("", "/resolve"):
        answer = world["ana"].get(f"/quarantine/{number}{page}")
        assert answer.status_code == 200 and "<script>alert" not in answer.text


def upload_copy(browser: Browser, content: bytes, name: str = "copy.json") -> Any:
    data = {"file": (BytesIO(content), name), "csrf_token": browser.token()}
    return in_new_context(browser.client.post, "/quarantine/import", data=data, headers=JSON)


def make_copy(tablet: Tablet, *envelopes: dict[str, Any], **changes: Any) -> bytes:
    copy = {"format": 1, "device": tablet.enrolment["device"], "envelopes": envelopes}
    return json.dumps({**copy, **changes}).encode()


def test_an_imported_copy_is_stored_as_if_the_tablet_had_sent_it_and_twice_is_once(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    refused = tablet.seal(tablet.consultation("ana", held_on=FUTURE))
    assert tablet.send(envelope, refused)[1]["result"] == "quarantined"
    unsent = [tablet.seal(tablet.consultation("ben")) for _ in range(60)]
    wrong = tablet.seal(tablet.consultation("ana", held_on=FUTURE))
    device = tablet.enrolment["device"]
    world["adela"].post(f"/devices/{device}/revoke", {})
    copy = make_copy(tablet, envelope, refused, *unsent, wrong)

    first, second = upload_copy(world["susana"], copy), upload_copy(world["susana"], copy)

    assert first.get_json() == {"new": 60, "known": 2, "set_aside": 1}
    assert second.get_json() == {"new": 0, "known": 63, "set_aside": 0}
    rows = consultations_by_id()
    assert len(rows) == 61
    assert rows[unsent[0]["id"]].author_id == world.accounts["ben"].account_id
    assert audit_actions(f"device:{device}")[-2:] == ["envelopes_brought"] * 2
    number = last_envelope().number
    assert f'data-number="{number}"' in world["susana"].get("/quarantine").text


def test_a_file_that_is_no_copy_of_an_own_tablet_imports_nothing(
    world: TwoCountryWorld, tablet: Tablet
) -> None:
    envelope = tablet.seal(tablet.consultation("ana"))
    for content in (
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        make_copy(tablet, envelope, format=2),
        make_copy(tablet, envelope, device="x"),
        make_copy(tablet, envelope, envelopes=["x"]),
    ):
        assert upload_copy(world["susana"], content).status_code == 422
    assert parse_queue_export(make_copy(tablet, *[envelope] * 1000)) is not None
    assert parse_queue_export(make_copy(tablet, *[envelope] * 1001)) is None
    assert parse_queue_export(make_copy(tablet, envelope, more="x" * MAX_EXPORT_BYTES)) is None
    assert (
        upload_copy(world["susana"], make_copy(tablet, envelope, device=str(uuid4()))).status_code
        == 404
    )
    assert upload_copy(world["gabi"], make_copy(tablet, envelope)).status_code == 404
    assert upload_copy(world["ana"], make_copy(tablet, envelope)).status_code == 403
    assert consultations_by_id() == {}
