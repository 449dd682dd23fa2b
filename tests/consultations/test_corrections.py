"""Correcting and voiding: version and reason, who may until when, and the history of versions."""

import pytest
import time_machine

from tests.factories.records import at, consultation_json
from tests.factories.two_country_world import row_counts

REASONS = ("slip", "person_corrected", "duplicate", "other", "undo")


def post_consultation(world, **fields):
    record = consultation_json(**fields)
    assert world["ana"].post("/consultations", record).status_code == 201
    return record, f"/consultations/{record['id']}"


def problems_of(answer):
    assert answer.status_code == 422, answer.data
    return {(problem["field"], problem["code"]) for problem in answer.get_json()["problems"]}


def test_a_correction_puts_the_whole_content_in_place(world):
    record, path = post_consultation(world)
    new = {**record, "topics": ["health"], "flags": ["disability"], "version": 1, "reason": "slip"}
    answer = world["ana"].post(f"{path}/correct", new)
    assert (answer.status_code, answer.get_json()) == (200, {"id": record["id"], "version": 2})
    read = world["ana"].get_json(path).get_json()
    assert (read["topics"], read["main_topic"], read["flags"]) == (
        ["health"],
        "health",
        ["disability"],
    )
    assert (read["version"], read["state"]) == (2, "live")


def test_a_stale_correction_is_shown_both_versions_and_changes_nothing(world):
    record, path = post_consultation(world)
    ana = world["ana"]
    ana.post(f"{path}/correct", {**record, "topics": ["health"], "version": 1, "reason": "slip"})
    before = row_counts()
    late = {**record, "topics": ["shelter"], "version": 1, "reason": "slip"}
    answer = ana.post(f"{path}/correct", late)
    conflict = answer.get_json()
    assert answer.status_code == 409
    assert conflict.keys() == {"version", "yours", "theirs"}
    assert (conflict["version"], conflict["yours"]["topics"], conflict["theirs"]["topics"]) == (
        2,
        ["shelter"],
        ["health"],
    )
    assert row_counts() == before


@pytest.mark.parametrize("version", [0, -1, 2, 99, 10**30])
def test_a_version_that_never_stood_is_stale(world, version):
    record, path = post_consultation(world)
    before = row_counts()
    change = {**record, "version": version, "reason": "slip"}
    assert world["ana"].post(f"{path}/correct", change).status_code == 409
    void = world["ana"].post(f"{path}/void", {"version": version, "reason": "slip"})
    assert (void.status_code, void.get_json()["version"]) == (409, 1)
    assert row_counts() == before


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": None}, ("version", "required")),
        ({"version": "1"}, ("version", "not_a_number")),
        ({"version": True}, ("version", "not_a_number")),
        ({"version": 1.0}, ("version", "not_a_number")),
        ({"version": [1]}, ("version", "not_a_number")),
        ({"reason": None}, ("reason", "required")),
        ({"reason": ""}, ("reason", "required")),
        ({"reason": "whim"}, ("reason", "unknown_code")),
        ({"reason": ["slip"]}, ("reason", "unknown_code")),
        ({"reason": {}}, ("reason", "unknown_code")),
        ({"id": "3f2b8c1e-0000-4000-8000-000000000000"}, ("id", "not_this_record")),
        ({"desk": "GTM-01"}, ("desk", "not_your_desk")),
        ({"note": "x"}, ("note", "unknown_field")),
    ],
)
def test_a_correction_needs_version_and_reason_and_its_own_record(world, changes, expected):
    record, path = post_consultation(world)
    before = row_counts()
    change = {**record, "version": 1, "reason": "slip", **changes}
    assert problems_of(world["ana"].post(f"{path}/correct", change)) == {expected}
    assert row_counts() == before


def test_a_correction_gets_all_problems_at_once(world):
    record, path = post_consultation(world)
    change = {**record, "topics": ["nonsense"], "held_on": "2199-01-01", "reason": "whim"}
    assert problems_of(world["ana"].post(f"{path}/correct", change)) == {
        ("topics.0", "unknown_code"),
        ("held_on", "in_future"),
        ("version", "required"),
        ("reason", "unknown_code"),
    }


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_the_list_is_taken(world, reason):
    record, path = post_consultation(world)
    change = {**record, "topics": ["health"], "version": 1, "reason": reason}
    assert world["ana"].post(f"{path}/correct", change).status_code == 200
    voided = world["ana"].post(f"{path}/void", {"version": 2, "reason": reason})
    assert (voided.status_code, voided.get_json()) == (200, {"id": record["id"], "version": 3})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("reason", "required")),
        ({"reason": "whim"}, ("reason", "unknown_code")),
        ({"reason": "slip", "version": "1"}, ("version", "not_a_number")),
        ({"reason": "slip", "groups": []}, ("groups", "unknown_field")),
        ({"reason": "slip", "phone": "1"}, ("phone", "unknown_field")),
    ],
)
def test_voiding_takes_a_reason_a_version_and_nothing_else(world, changes, expected):
    _, path = post_consultation(world)
    before = row_counts()
    assert problems_of(world["ana"].post(f"{path}/void", changes)) == {expected}
    assert row_counts() == before


def test_voiding_twice_changes_nothing_the_second_time(world):
    record, path = post_consultation(world)
    assert world["ana"].post(f"{path}/void", {"reason": "undo"}).get_json()["version"] == 2
    before = row_counts()
    second = world["ana"].post(f"{path}/void", {"reason": "undo"})
    assert (second.status_code, second.get_json()) == (200, {"id": record["id"], "version": 2})
    assert row_counts() == before


def test_correcting_a_voided_record_restores_it(world):
    record, path = post_consultation(world)
    world["ana"].post(f"{path}/void", {"reason": "slip"})
    restored = world["ana"].post(f"{path}/correct", {**record, "version": 2, "reason": "other"})
    assert (restored.status_code, restored.get_json()["version"]) == (200, 3)
    assert world["ana"].get_json(path).get_json()["state"] == "live"


def test_the_history_keeps_every_version_with_who_when_and_why(world):
    record, path = post_consultation(world)
    world["ana"].post(
        f"{path}/correct", {**record, "topics": ["health"], "version": 1, "reason": "slip"}
    )
    world["susana"].post(f"{path}/void", {"version": 2, "reason": "duplicate"})
    world["susana"].post(
        f"{path}/correct", {**record, "topics": ["shelter"], "version": 3, "reason": "other"}
    )
    read = world["ana"].get_json(path).get_json()
    lines = [
        (line["version"], line["state"], line["reason"], line["by"], line["content"]["topics"])
        for line in read["trail"]
    ]
    assert lines == [
        (1, "live", None, "ana", ["asylum"]),
        (2, "live", "slip", "ana", ["health"]),
        (3, "void", "duplicate", "susana", ["health"]),
        (4, "live", "other", "susana", ["shelter"]),
    ]
    moments = [line["at"] for line in read["trail"]]
    assert moments == sorted(moments) and all(moment.endswith("Z") for moment in moments)


def test_a_colleague_of_the_same_desk_reads_but_does_not_change(world):
    record, path = post_consultation(world)
    before = row_counts()
    assert world["ben"].get_json(path).status_code == 200
    change = {**record, "topics": ["health"], "version": 1, "reason": "slip"}
    assert world["ben"].post(f"{path}/correct", change).status_code == 403
    assert world["ben"].post(f"{path}/void", {"reason": "slip"}).status_code == 403
    assert row_counts() == before


@pytest.mark.parametrize("name", ["eva", "guille", "gabi"])
def test_other_desks_and_other_countries_find_nothing(world, name):
    record, path = post_consultation(world)
    assert world[name].get_json(path).status_code == 404
    change = {**record, "version": 1, "reason": "slip"}
    assert world[name].post(f"{path}/correct", change).status_code == 404
    assert world[name].post(f"{path}/void", {"reason": "slip"}).status_code == 404


def test_the_author_may_change_until_the_end_of_the_day_after_receipt_at_the_desk(world):
    with time_machine.travel(at("2026-03-10 18:00")):
        world.sign_in_again("ana")
        record, path = post_consultation(world, held_on="2026-03-09")
    change = {**record, "topics": ["health"], "version": 1, "reason": "slip"}
    with time_machine.travel(at("2026-03-12 05:59")):
        assert world.sign_in_again("ana").post(f"{path}/correct", change).status_code == 200
    with time_machine.travel(at("2026-03-12 06:00")):
        ana = world.sign_in_again("ana")
        late = ana.post(f"{path}/correct", {**change, "version": 2})
        assert late.status_code == 403
        assert "problem" in late.get_json()
        assert ana.post(f"{path}/void", {"reason": "slip"}).status_code == 403
    with time_machine.travel(at("2026-09-01 12:00")):
        susana = world.sign_in_again("susana")
        assert susana.post(f"{path}/correct", {**change, "version": 2}).status_code == 200
        assert susana.post(f"{path}/void", {"reason": "slip"}).status_code == 200


def test_a_refused_record_becomes_a_consultation_and_back(world):
    record, path = post_consultation(world)
    tally = {name: record[name] for name in ("id", "desk", "held_on")}
    tally["outcomes"] = ["person_declined_record"]
    ana = world["ana"]
    assert ana.post(f"{path}/correct", {**tally, "version": 1, "reason": "slip"}).status_code == 200
    assert row_counts()["person_line"] == 0
    assert "groups" not in ana.get_json(path).get_json()
    assert (
        ana.post(f"{path}/correct", {**record, "version": 2, "reason": "slip"}).status_code == 200
    )
    assert row_counts()["person_line"] == 1


def test_a_record_moves_to_another_desk_of_the_supervisor(world):
    record, path = post_consultation(world)
    moved = {**record, "desk": "HND-02", "version": 1, "reason": "other"}
    assert world["susana"].post(f"{path}/correct", moved).status_code == 200
    assert world["eva"].get_json(path).get_json()["desk"] == "HND-02"
    assert world["ana"].get_json(path).status_code == 404
