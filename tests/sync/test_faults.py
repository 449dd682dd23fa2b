"""Faults between tablet and server (reliability.md 2.4) as the server sees them; the list names all 46."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.audit.models import AuditEntry
from app.consultations.models import Consultation
from app.db.session import db, unit_of_work
from app.sync.actions import intake
from app.sync.models import Device, Envelope
from app.sync.queries.envelopes import list_unresolved
from app.sync.schemas.bodies import parse_envelopes
from tests.factories.records import in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.sync.faults import FAULTS
from tests.sync.tablet import Tablet, enrol, make_tablet

ROOT = Path(__file__).parents[2]
SEALED_LONG_AGO = (
    "AQSL7dSBpfbxY_b1HYpFNXfPGJfUAnOqWjnRlJ9Z7WoHkPEUMsbD0wdZUXzncMwl_XvWpWuufMgv7ONCv7_jp22E"
    "a_jXT3ThLqxYiSJ-5B1ATFTR3suSq_9QwlXbE-uuyayt0Su2ybAhSu_aT2sUZJplg7MXtuzo_p7h-g6Pr-"
    "g7RQqQXME17RpgDl6pimxTzFj2zkI9QiqCxa3De0y2cPP3ORsoMgLZ13p9SMBVX3xZVHJxq4CIMkwew_rkpkssDl"
    "pWrnXIeR92kqh7vmBLXZhHl1SotEpvyNS_EojAmY8A_Wic9tAWdnCycCvCLolovjUPaB4YLmuYhIGQUzEf5uh_4k"
    "vAcPpy2aJ2_QkU7gjQd5ktPiYmZgV5fchBrqrY11X3SptDGDc3WgDHeB-"
    "e3I499ZOcDc5JY3YT8PNqWnxtvF3XitHZqY40IoYjm6JDq7gtHxukmVAcy0t3mlHvWdChll7mrhIvrI7ERt-"
    "B2j2XN_Yp9s_9kUJtXNvWqTHpeukhRq5qCm0dNaIdojjAIyTDDfeeA6z76DizV0_LVfBySIwQAukYr0fFDDDcisQ"
    "U23mKh1zCFie0iVqVRAyrfDZWtX2hx4wp5lS31WA5B3ApA8sERVvFQGC2U1YBklp85j-hlf16oiH9nw"
)
"""A record of format 1 as a tablet sealed it to the key `old` on 2 March 2026; it never changes."""


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


def read_all(statement: Any) -> list[Any]:
    rows = list(db.session.execute(statement).all())
    db.session.rollback()
    return rows


def functions_of(path: str) -> set[str]:
    """Return the names of the functions of a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_fault_of_the_list_has_its_tests() -> None:
    assert list(FAULTS) == list(range(1, 47))
    named = {test for _, tests in FAULTS.values() for test in tests}
    assert all(outcome and tests for outcome, tests in FAULTS.values())
    missing = [test for test in named if not _is_defined(*test.split("::"))]
    assert missing == []


def _is_defined(path: str, name: str) -> bool:
    return name.startswith("test_") and name in functions_of(path)


def test_one_invalid_record_of_fifty_delays_none_of_the_others(
    tablet: Tablet,
) -> None:
    contents = [tablet.consultation("ana") for _ in range(50)]
    contents[17]["topics"] = ["no_such_topic"]
    results = [result["result"] for result in tablet.send(*map(tablet.seal, contents))]
    assert results == ["created"] * 17 + ["quarantined"] + ["created"] * 32
    assert len(read_all(select(Consultation.id))) == 49


@pytest.fixture
def older_key(app: Flask) -> Iterator[None]:
    """Give the server a newer key than the one that the tablet sealed to."""
    settings = app.config["SETTINGS"]
    outbox_keys = {"old": b"\x07" * 32, **settings.outbox_keys}
    app.config["SETTINGS"] = replace(settings, outbox_keys=outbox_keys)
    yield
    app.config["SETTINGS"] = settings


def test_a_record_sealed_long_ago_by_an_old_app_is_still_taken(
    app: Flask, tablet: Tablet, world: TwoCountryWorld, older_key: None
) -> None:
    id_ = "7f9c2ba4-e88f-4d2f-a5f5-08f3c2d1a6b7"
    envelopes = parse_envelopes(
        {"envelopes": [{"id": id_, "key": "old", "format": 1, "sealed": SEALED_LONG_AGO}]}
    )
    assert envelopes is not None
    with clock.frozen_at(datetime(2026, 4, 20, 12, tzinfo=UTC)), unit_of_work():
        sender = intake.lock_sender(db.session(), UUID(tablet.enrolment["device"]))
        outcomes = intake.receive_envelopes(db.session(), sender, envelopes)
    assert [outcome.result for outcome in outcomes] == ["created"]
    (row,) = read_all(select(Consultation.__table__))
    assert (str(row.id), row.held_on.isoformat(), row.topics) == (id_, "2026-03-02", ("asylum",))
    assert row.author_id == world.accounts["ana"].account_id


def test_a_record_for_another_desk_is_quarantined_and_stands_in_the_audit_log(
    tablet: Tablet,
) -> None:
    content = tablet.consultation("ana", desk="HND-02")
    assert tablet.result(content) == "quarantined"
    (envelope,) = read_all(select(Envelope.__table__))
    assert (envelope.reason, envelope.desk_id, envelope.state) == (
        "other_desk",
        envelope.desk_id,
        "open",
    )
    actions = read_all(
        select(AuditEntry.action).where(AuditEntry.subject == f"envelope:{content['id']}")
    )
    assert [action for (action,) in actions] == ["envelope_quarantined"]
    assert read_all(select(Consultation.id)) == []


def test_a_voiding_of_a_record_that_is_gone_is_shown_after_five_days_and_changes_no_figure(
    app: Flask, tablet: Tablet, world: TwoCountryWorld
) -> None:
    assert tablet.result(tablet.consultation("ana")) == "created"
    assert tablet.result(tablet.void("ana", str(uuid4()))) == "created"
    susana, now = world.accounts["susana"], clock.now()
    for days, expected in ((4, []), (6, ["record_missing"])):
        shown = list_unresolved(db.session(), susana, now + timedelta(days=days))
        assert [row.reason for row in shown] == expected
    db.session.rollback()
    states = read_all(select(Consultation.state))
    assert [state for (state,) in states] == ["live"]
    proven = in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"])
    assert proven.exit_code == 0, proven.output


def test_a_tablet_whose_storage_was_emptied_is_enrolled_again_and_its_loss_is_shown(
    app: Flask, tablet: Tablet, world: TwoCountryWorld
) -> None:
    device = tablet.enrolment["device"]
    assert tablet.result(tablet.consultation("ana")) == "created"
    tablet.contact(saved=4, waiting=3, oldest_at="2026-01-05T10:00:00Z")
    code = world["adela"].post(f"/devices/{device}/again", {}).get_json()["code"]
    enrolled = enrol(app, code, "HND-01")
    assert tablet.post("/sync/contact", {}).status_code == 401
    assert enrolled.contact()["desk"] == "HND-01"
    (row,) = read_all(select(Device.__table__))
    assert (str(row.id), row.lost, row.waiting) == (device, 3, 0)
    page = world["susana"].get("/devices").text
    shown = page.partition(f'data-device="{device}"')[2].partition("</article>")[0]
    assert "▲ 3 " in shown
