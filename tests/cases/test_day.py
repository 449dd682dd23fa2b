"""A desk's day: totals equal a count by hand, restricted topics stay unnamed, voided records do not count."""

import os
from datetime import date
from uuid import UUID, uuid4

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from app.base.database import db, unit_of_work
from app.cases.queries import get_day
from app.consultations import queries
from app.consultations.actions import changing, recording
from app.consultations.forms.reading import read
from app.consultations.models import Consultation, ConsultationVersion
from app.consultations.vocabulary import DECLINED, RESTRICTED_TOPICS
from app.people.models import PersonLine
from tests.builders import at, consultation_json
from tests.consultations.strategies import contents

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))
DAYS = ["2026-03-13", "2026-03-14"]
CHILDREN = ("age_0_4", "age_5_11", "age_12_17", "unknown_child")
RECORDS = st.lists(
    st.tuples(contents(DAYS), st.sampled_from(["HND-01", "HND-02"]), st.booleans()), max_size=6
)


def by_hand(records):
    """Consultations, tallies, people, women, men, others, children of records on the day at HND-01."""
    mine = [
        said
        for said, desk, is_void in records
        if desk == "HND-01" and said["held_on"] == "2026-03-14" and not is_void
    ]
    people = [
        some for said in mine for group in said.get("groups", ()) for some in group["persons"]
    ]

    def count(*sexes):
        return sum(some["n"] for some in people if some["sex"] in sexes)

    return (
        len(mine),
        sum(said["outcomes"] == [DECLINED] for said in mine),
        sum(some["n"] for some in people),
        count("female"),
        count("male"),
        count("other", "not_stated"),
        sum(some["n"] for some in people if some["age_band"] in CHILDREN),
    )


def put(accounts, said, desk, is_void):
    by = accounts["ana" if desk == "HND-01" else "eva"]
    sent = {"id": str(uuid4()), "desk": desk, **said}
    with unit_of_work():
        recording.record(db.session(), by, read(sent))
    if is_void:
        with unit_of_work():
            row = queries.find_to_change(db.session(), by.scope, UUID(sent["id"]))
            changing.void(db.session(), by, row, {"reason": "slip"}, set())
    return sent["id"]


def test_totals_equal_a_count_by_hand(office):
    @settings(
        max_examples=30 * ROUNDS,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(RECORDS)
    def run(records):
        with unit_of_work():
            for table in (PersonLine, ConsultationVersion, Consultation):
                db.session.execute(delete(table.__table__))
        for said, desk, is_void in records:
            put(office.accounts, said, desk, is_void)
        for name in ("ana", "susana"):
            scope = office.accounts[name].scope
            shown = get_day(db.session(), scope, office.desks["HND-01"], date(2026, 3, 14))
            assert tuple(vars(shown.totals).values()) == by_hand(records)
            live = [line for line in shown.lines if not line.is_void]
            assert sum(line.persons for line in live) == shown.totals.persons
            moments = [line.received_at for line in shown.lines]
            assert moments == sorted(moments, reverse=True)
        foreign = office.accounts["guille"].scope
        empty = get_day(db.session(), foreign, office.desks["HND-01"], date(2026, 3, 14))
        assert empty.lines == [] and not any(vars(empty.totals).values())
        db.session.rollback()

    with time_machine.travel(at("2026-03-14 18:00")):
        run()


@pytest.mark.parametrize("topic", sorted(RESTRICTED_TOPICS))
def test_a_restricted_topic_is_not_named_in_the_list(office, topic):
    content = consultation_json(topics=[topic, "health"], main_topic=topic)
    assert office["ana"].post("/consultations", content).status_code == 201
    desk = office.desks["HND-01"]
    day = date.fromisoformat(content["held_on"])
    shown = get_day(db.session(), office.accounts["ana"].scope, desk, day)
    assert [line.main_topic for line in shown.lines] == [""]
    db.session.rollback()
    other = consultation_json(topics=["health", topic], main_topic="health")
    office["ana"].post("/consultations", other)
    page = office["ana"].get("/today")
    assert page.status_code == 200
    from app.consultations.vocabulary import TOPICS

    assert TOPICS[topic].label not in page.get_data(as_text=True)


def test_a_day_is_shown_to_its_desk_and_its_supervisor(office):
    sent = consultation_json()
    office["ana"].post("/consultations", sent)
    address = f"/today?desk=HND-01&day={sent['held_on']}"
    for name in ("ana", "ben", "susana"):
        page = office[name].get(address)
        assert (page.status_code, sent["id"] in page.get_data(as_text=True)) == (200, True), name
    for name in ("eva", "guille", "gabi"):
        assert office[name].get(address).status_code == 404, name
    for name in ("rita", "adela", "cora"):
        assert office[name].get(address).status_code == 403, name


@pytest.mark.parametrize(
    "day",
    ["garbage", "2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "99999-01-01", "20260314",
     "2026-W11-6", "2026-03-14T00:00", "%00", "x" * 3000, "-1"],
)  # fmt: skip
def test_a_day_that_is_none_is_not_there(office, day):
    assert office["ana"].get(f"/today?day={day}").status_code == 404


def test_reading_a_day_leaves_one_entry_a_minute(office):
    from sqlalchemy import text

    with time_machine.travel(at("2026-03-14 18:00")):
        ana = office.anew("ana")
        for _ in range(3):
            assert ana.get("/today").status_code == 200
    count = text("SELECT count(*) FROM audit_entry WHERE act = 'day_read'")
    assert db.session.scalar(count) == 1
    db.session.rollback()
