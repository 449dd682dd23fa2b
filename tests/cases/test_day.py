"""A desk's day: totals equal a count by hand, restricted topics stay unnamed, voided records do not count."""

import os
import re
from datetime import date
from uuid import UUID, uuid4

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from app.cases.queries import get_day
from app.cases.rules import repeat_contact
from app.consultations import queries
from app.consultations.actions import corrections, recording
from app.consultations.models import Consultation, ConsultationVersion
from app.consultations.rules.consultation_data import Change
from app.consultations.schemas.bodies import parse_consultation
from app.consultations.vocabulary import DECLINED, RESTRICTED_TOPICS
from app.db.session import db, unit_of_work
from app.month import Month
from app.people.models.lines import PersonLine
from tests.consultations.strategies import contents
from tests.factories.records import at, consultation_json

pytestmark = pytest.mark.both_databases

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))
DAYS = ["2026-03-13", "2026-03-14"]
DAY, YEAR = date(2026, 3, 14), Month(2026, 1)
CHILDREN = ("age_0_4", "age_5_11", "age_12_17", "unknown_child")
RECORDS = st.lists(
    st.tuples(contents(DAYS), st.sampled_from(["HND-01", "HND-02"]), st.booleans()), max_size=6
)


def expected_totals(records):
    """Return consultations, tallies, people, women, men, others, children of the day at HND-01; no referral."""
    of_day = [
        content
        for content, desk, is_void in records
        if desk == "HND-01" and content["held_on"] == "2026-03-14" and not is_void
    ]
    people = [
        counted
        for content in of_day
        for group in content.get("groups", ())
        for counted in group["persons"]
    ]

    def count(*sexes):
        return sum(counted["n"] for counted in people if counted["sex"] in sexes)

    return (
        len(of_day),
        sum(content["outcomes"] == [DECLINED] for content in of_day),
        sum(counted["n"] for counted in people),
        count("female"),
        count("male"),
        count("other", "not_stated"),
        sum(counted["n"] for counted in people if counted["age_band"] in CHILDREN),
        0,
    )


def record_consultation(accounts, content, desk, is_void):
    principal = accounts["ana" if desk == "HND-01" else "eva"]
    fields = {"id": str(uuid4()), "desk": desk, **content}
    with unit_of_work():
        recording.record(db.session(), principal, parse_consultation(fields))
    if is_void:
        with unit_of_work():
            row = queries.lock_consultation(db.session(), principal.scope, UUID(fields["id"]))
            corrections.void(db.session(), principal, row, Change(None, "slip"))
    return fields["id"]


def test_totals_equal_a_count_by_hand(world):
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
        for content, desk, is_void in records:
            record_consultation(world.accounts, content, desk, is_void)
        for name in ("ana", "susana"):
            scope = world.accounts[name].scope
            day = get_day(db.session(), scope, world.desks["HND-01"], DAY, YEAR)
            assert tuple(vars(day.totals).values()) == expected_totals(records)
            live = [line for line in day.consultations if not line.is_void]
            assert sum(line.persons for line in live) == day.totals.persons
            moments = [line.received_at for line in day.consultations]
            assert moments == sorted(moments, reverse=True)
        foreign = world.accounts["guille"].scope
        empty = get_day(db.session(), foreign, world.desks["HND-01"], DAY, YEAR)
        assert empty.consultations == [] and not any(vars(empty.totals).values())
        db.session.rollback()

    with time_machine.travel(at("2026-03-14 18:00")):
        run()


ENGLISH = {"headers": {"Accept-Language": "en"}}


def line_of(world, number, address="/today?desk=HND-01&day=2026-03-14"):
    """Return the text of a consultation's line in the list of the day."""
    page = world["ana"].get(address, **ENGLISH).text
    [line] = [part for part in re.findall(r'<li class="row.*?</li>', page, re.S) if number in part]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line))


def visit_with_answer(answer):
    [group] = consultation_json()["groups"]
    return consultation_json(groups=[{**group, "repeat_contact": answer}])


def test_the_day_says_who_came_before_and_never_where(world):
    month, year = "Already came this month", "Came this year, first this month"
    with time_machine.travel(at("2026-03-14 18:00")):
        contents = {
            answer: visit_with_answer(answer)
            for answer in ("first_this_year", "first_this_month", "repeat_this_month", "unknown")
        }
        for content in contents.values():
            assert world["ana"].post("/consultations", content).status_code == 201
        lines = {answer: line_of(world, content["id"]) for answer, content in contents.items()}
    assert {answer: (month in line, year in line) for answer, line in lines.items()} == {
        "first_this_year": (False, False),
        "first_this_month": (False, True),
        "repeat_this_month": (True, False),
        "unknown": (False, False),
    }
    assert not any("HND-" in line for line in lines.values())


def test_a_card_is_marked_in_the_day_and_on_the_record_and_reports_the_return(world):
    with time_machine.travel(at("2026-03-14 18:00")):
        [code] = world["susana"].post("/cards", {"desk": "HND-01", "n": 1}).get_json()["codes"]
        without, first, second = (
            consultation_json(),
            visit_with_answer("first_this_year"),
            visit_with_answer("unknown"),
        )
        contents = [without, {**first, "card": code}, {**second, "card": code}]
        for content in contents:
            assert world["ana"].post("/consultations", content).status_code == 201
        lines = [line_of(world, content["id"]) for content in contents]
        records = [
            world["ana"].get(f"/consultations/{content['id']}", **ENGLISH).text
            for content in contents
        ]
    assert [" Card " in line for line in lines] == [False, True, True]
    assert ['class="card-mark"' in page for page in records] == [False, True, True]
    ordered_ids = sorted((first["id"], second["id"]))
    later_line = lines[1 if ordered_ids[1] == first["id"] else 2]
    assert "Already came this month" in later_line
    assert code not in "".join((*lines, *records))


@pytest.mark.parametrize(
    ("previous", "expected"),
    [
        (0, ""),
        (202603, "repeat_this_month"),
        (202602, "first_this_month"),
        (202510, "first_this_month"),
        (202509, ""),
    ],
)
def test_a_return_is_one_of_the_month_or_of_the_reporting_year(previous, expected):
    assert repeat_contact(previous, Month(2026, 3), Month(2025, 10)) == expected


@pytest.mark.parametrize("topic", sorted(RESTRICTED_TOPICS))
def test_a_restricted_topic_is_not_named_in_the_list(world, topic):
    content = consultation_json(topics=[topic, "health"], main_topic=topic)
    assert world["ana"].post("/consultations", content).status_code == 201
    desk = world.desks["HND-01"]
    day = date.fromisoformat(content["held_on"])
    desk_day = get_day(db.session(), world.accounts["ana"].scope, desk, day, Month(day.year, 1))
    assert [line.main_topic for line in desk_day.consultations] == [""]
    db.session.rollback()
    other_content = consultation_json(topics=["health", topic], main_topic="health")
    world["ana"].post("/consultations", other_content)
    page = world["ana"].get("/today")
    assert page.status_code == 200
    from app.consultations.vocabulary import TOPICS

    assert TOPICS[topic].label not in page.get_data(as_text=True)


def test_a_day_is_shown_to_its_desk_and_its_supervisor(world):
    content = consultation_json()
    world["ana"].post("/consultations", content)
    address = f"/today?desk=HND-01&day={content['held_on']}"
    for name in ("ana", "ben", "susana"):
        page = world[name].get(address)
        assert (page.status_code, content["id"] in page.get_data(as_text=True)) == (200, True), name
    for name in ("eva", "guille", "gabi"):
        assert world[name].get(address).status_code == 404, name
    for name in ("rita", "adela", "cora"):
        assert world[name].get(address).status_code == 403, name


@pytest.mark.parametrize(
    "day",
    ["garbage", "2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "99999-01-01", "20260314",
     "2026-W11-6", "2026-03-14T00:00", "%00", "x" * 3000, "-1"],
)  # fmt: skip
def test_a_day_that_is_none_is_not_there(world, day):
    assert world["ana"].get(f"/today?day={day}").status_code == 404


def test_reading_a_day_leaves_one_entry_a_minute(world):
    from sqlalchemy import text

    with time_machine.travel(at("2026-03-14 18:00")):
        ana = world.sign_in_again("ana")
        for _ in range(3):
            assert ana.get("/today").status_code == 200
    count = text("SELECT count(*) FROM audit_entry WHERE action = 'day_read'")
    assert db.session.scalar(count) == 1
    db.session.rollback()
