"""The promise of POST and GET /consultations, line by line."""

from uuid import uuid4

import pytest

from tests.factories.records import JSON, consultation_json
from tests.factories.two_country_world import row_counts


def group(**fields):
    defaults = {
        "nationality": "HND",
        "repeat_contact": "first_this_year",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
    }
    return {**defaults, **fields}


def people(n, sex="female", age_band="age_25_59"):
    return {"sex": sex, "age_band": age_band, "n": n}


def problems_of(answer):
    assert answer.status_code == 422, answer.data
    assert answer.get_json().keys() == {"problems"}
    problems = answer.get_json()["problems"]
    assert all(
        problem.keys() == {"field", "code", "message"} and problem["message"]
        for problem in problems
    )
    return {(problem["field"], problem["code"]) for problem in problems}


def test_what_is_left_out_gets_the_promised_defaults(world):
    record = consultation_json(groups=[group()], topics=["health", "asylum"])
    assert world["ana"].post("/consultations", record).status_code == 201
    read = world["ana"].get_json(f"/consultations/{record['id']}").get_json()
    assert read["channel"] == "desk_in_person"
    assert read["modality"] == "informational"
    assert read["travel_group"] == "not_stated"
    assert read["language"] == "spa"
    assert read["card"] is None
    assert read["groups"][0]["situation"] == "unknown"
    assert read["main_topic"] == "health"
    assert read["flags"] == []


def test_the_language_left_out_is_the_first_of_the_country_of_the_desk(world):
    from tests.factories.records import make_account, make_desk, sign_in

    make_account("bea", "desk_staff", (make_desk("BLZ-01", "BLZ"),))
    bea = sign_in(world.app, "bea")
    record = consultation_json("BLZ-01")
    assert bea.post("/consultations", record).status_code == 201
    assert bea.get_json(f"/consultations/{record['id']}").get_json()["language"] == "eng"


def test_the_same_content_is_the_same_however_it_is_written(world):
    ana = world["ana"]
    record = consultation_json(
        groups=[
            group(persons=[people(1), people(2, "male")]),
            group(nationality="VEN"),
        ],
        topics=["health", "asylum"],
        outcomes=["information_given", "material_given"],
        flags=["disability", "older_person"],
        taps=4,
    )
    first = ana.post("/consultations", record)
    assert (first.status_code, first.get_json()) == (
        201,
        {"id": record["id"], "arrival": "new", "version": 1},
    )
    spelled = {
        **record,
        "id": record["id"].upper(),
        "groups": [
            group(nationality="VEN", situation="unknown"),
            group(persons=[people(2, "male"), people(1)], situation="unknown"),
        ],
        "topics": ["asylum", "health"],
        "main_topic": "health",
        "outcomes": ["material_given", "information_given"],
        "flags": ["older_person", "disability"],
        "channel": "desk_in_person",
        "modality": "informational",
        "travel_group": "not_stated",
        "language": "spa",
        "card": None,
        "taps": 9,
        "milliseconds": 1200,
        "device": "tablet-1",
        "sequence": 7,
    }
    before = row_counts()
    second = ana.post("/consultations", spelled)
    assert (second.status_code, second.get_json()) == (
        200,
        {"id": record["id"], "arrival": "same", "version": 1},
    )
    assert row_counts() == before


@pytest.mark.parametrize(
    "change",
    [
        {"topics": ["health"]},
        {"channel": "phone"},
        {"language": "eng"},
        {"flags": ["disability"]},
        {"groups": [group(persons=[people(2)])]},
        {"groups": [group(repeat_contact="unknown")]},
        {"outcomes": ["person_left"]},
    ],
)
def test_another_content_under_a_known_id_is_different_and_changes_nothing(world, change):
    record = consultation_json(groups=[group()])
    world["ana"].post("/consultations", record)
    before = row_counts()
    answer = world["ana"].post("/consultations", {**record, **change})
    assert answer.status_code == 409
    assert answer.get_json() == {"id": record["id"], "arrival": "different"}
    assert row_counts() == before


def test_the_first_arrival_stays_the_same_after_correction_and_voiding(world):
    ana = world["ana"]
    record = consultation_json()
    ana.post("/consultations", record)
    path = f"/consultations/{record['id']}"
    corrected = {**record, "topics": ["health"]}
    done = ana.post(f"{path}/correct", {**corrected, "version": 1, "reason": "slip"})
    assert (done.status_code, done.get_json()) == (200, {"id": record["id"], "version": 2})
    assert ana.post("/consultations", record).get_json() == {
        "id": record["id"],
        "arrival": "same",
        "version": 2,
    }
    assert ana.post("/consultations", corrected).status_code == 409
    assert ana.post(f"{path}/void", {"reason": "duplicate"}).get_json()["version"] == 3
    resent = ana.post("/consultations", record)
    assert (resent.status_code, resent.get_json()["version"]) == (200, 3)
    assert ana.get_json(path).get_json()["state"] == "void"


def test_a_known_id_of_another_desk_answers_different_and_discloses_nothing(world):
    record = consultation_json()
    world["ana"].post("/consultations", record)
    foreign = consultation_json("GTM-01", id=record["id"])
    before = row_counts()
    answer = world["guille"].post("/consultations", foreign)
    assert (answer.status_code, answer.get_json()) == (
        409,
        {"id": record["id"], "arrival": "different"},
    )
    assert row_counts() == before


def test_a_refusal_is_a_tally_of_four_fields(world):
    full = consultation_json()
    tally = {name: full[name] for name in ("id", "desk", "held_on")}
    tally["outcomes"] = ["person_declined_record"]
    assert world["ana"].post("/consultations", tally).status_code == 201
    read = world["ana"].get_json(f"/consultations/{tally['id']}").get_json()
    assert {name: read[name] for name in tally} == tally
    assert read.keys() == {*tally, "version", "state", "trail"}
    assert row_counts()["person_line"] == 0
    assert world["ana"].post("/consultations", tally).get_json()["arrival"] == "same"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("groups", [group()]),
        ("groups", []),
        ("topics", ["health"]),
        ("main_topic", "health"),
        ("flags", []),
        ("channel", "phone"),
        ("modality", "informational"),
        ("travel_group", "not_stated"),
        ("language", "spa"),
        ("card", None),
        ("taps", 1),
        ("device", "tablet-1"),
    ],
)
def test_a_refusal_takes_no_other_answer(world, field, value):
    full = consultation_json()
    tally = {name: full[name] for name in ("id", "desk", "held_on")}
    tally |= {"outcomes": ["person_declined_record"], field: value}
    assert problems_of(world["ana"].post("/consultations", tally)) == {(field, "only_a_tally")}
    assert row_counts()["consultation"] == 0


def test_a_refusal_is_no_outcome_among_others(world):
    mixed = consultation_json(outcomes=["information_given", "person_declined_record"])
    assert problems_of(world["ana"].post("/consultations", mixed)) == {("outcomes", "only_a_tally")}


def test_every_unknown_field_is_named_by_its_path(world):
    record = consultation_json(
        groups=[group(name="x", persons=[{**people(1), "age": 31}])], phone="x", version=1
    )
    assert problems_of(world["ana"].post("/consultations", record)) == {
        ("phone", "unknown_field"),
        ("version", "unknown_field"),
        ("groups.0.name", "unknown_field"),
        ("groups.0.persons.0.age", "unknown_field"),
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id": None}, ("id", "required")),
        ({"desk": None}, ("desk", "required")),
        ({"desk": ""}, ("desk", "required")),
        ({"held_on": None}, ("held_on", "required")),
        ({"topics": []}, ("topics", "required")),
        ({"topics": None}, ("topics", "required")),
        ({"outcomes": []}, ("outcomes", "required")),
        ({"groups": []}, ("groups", "no_people")),
        ({"groups": None}, ("groups", "no_people")),
        ({"groups": [group(nationality=None)]}, ("groups.0.nationality", "required")),
        ({"groups": [group(repeat_contact=None)]}, ("groups.0.repeat_contact", "required")),
        ({"groups": [group(persons=[])]}, ("groups.0.persons", "no_people")),
        ({"groups": [group(persons=[{"sex": "male", "n": 1}])]},
         ("groups.0.persons.0.age_band", "required")),
        ({"main_topic": "gbv"}, ("main_topic", "not_a_topic_marked")),
        ({"card": "ABC"}, ("card", "card_mistyped")),
        ({"flags": ["lgbtiq"]}, ("flags.0", "restricted_flag")),
        ({"flags": ["none", "disability"]}, ("flags", "excludes_others")),
        ({"topics": ["health", "health"]}, ("topics.1", "duplicate")),
        ({"outcomes": ["person_left", "person_left"]}, ("outcomes.1", "duplicate")),
        ({"flags": ["disability", "disability"]}, ("flags.1", "duplicate")),
        ({"taps": -1}, ("taps", "not_a_number")),
        ({"taps": 10_001}, ("taps", "not_a_number")),
        ({"milliseconds": 86_400_001}, ("milliseconds", "not_a_number")),
        ({"milliseconds": 1.5}, ("milliseconds", "not_a_number")),
        ({"sequence": 2_000_000_001}, ("sequence", "not_a_number")),
        ({"sequence": True}, ("sequence", "not_a_number")),
        ({"device": "a b"}, ("device", "unreadable")),
        ({"device": "x" * 41}, ("device", "unreadable")),
    ],
)  # fmt: skip
def test_one_wrong_answer_is_reported_at_its_field(world, fields, expected):
    assert problems_of(world["ana"].post("/consultations", consultation_json(**fields))) == {
        expected
    }
    assert row_counts()["consultation"] == 0


def test_telemetry_is_taken_up_to_its_limits(world):
    record = consultation_json(
        taps=10_000, milliseconds=86_400_000, sequence=2_000_000_000, device="A-_9" * 10
    )
    assert world["ana"].post("/consultations", record).status_code == 201


def test_one_to_eight_groups_are_taken(world):
    eight = consultation_json(groups=[group(nationality=n) for n in EIGHT])
    assert world["ana"].post("/consultations", eight).status_code == 201
    nine = consultation_json(groups=[group(nationality=n) for n in (*EIGHT, "PER")])
    assert problems_of(world["ana"].post("/consultations", nine)) == {("groups", "too_many_groups")}


EIGHT = ("HND", "GTM", "SLV", "NIC", "VEN", "HTI", "CUB", "XXA")


def test_two_hundred_people_are_taken_and_not_one_more(world):
    cells = [people(99), people(99, "male"), people(2, "other")]
    most = consultation_json(groups=[group(persons=cells)])
    assert world["ana"].post("/consultations", most).status_code == 201
    over = consultation_json(groups=[group(persons=cells), group(nationality="VEN")])
    assert problems_of(world["ana"].post("/consultations", over)) == {("groups", "too_many_people")}


@pytest.mark.parametrize("n", [0, -1, 100, 10_000])
def test_a_box_holds_one_to_ninety_nine(world, n):
    record = consultation_json(groups=[group(persons=[people(1, "male"), people(n)])])
    assert problems_of(world["ana"].post("/consultations", record)) == {
        ("groups.0.persons.1.n", "out_of_range")
    }


def test_a_box_is_given_once(world):
    record = consultation_json(groups=[group(persons=[people(1), people(2)])])
    assert problems_of(world["ana"].post("/consultations", record)) == {
        ("groups.0.persons.1", "duplicate")
    }


def test_all_problems_are_reported_at_once(world):
    record = consultation_json(
        "HND-09",
        id="half",
        channel="telegram",
        topics=["health", "nonsense"],
        main_topic="asylum",
        flags=["none", "disability"],
        groups=[group(persons=[people(99), people(99, "male"), people(99, "other")], x=1)],
    )
    assert problems_of(world["ana"].post("/consultations", record)) == {
        ("id", "not_a_uuid"),
        ("desk", "not_your_desk"),
        ("channel", "unknown_code"),
        ("topics.1", "unknown_code"),
        ("main_topic", "not_a_topic_marked"),
        ("flags", "excludes_others"),
        ("groups", "too_many_people"),
        ("groups.0.x", "unknown_field"),
    }
    assert row_counts()["consultation"] == 0


def test_an_empty_object_gets_a_problem_at_every_required_field(world):
    problems = problems_of(world["ana"].post("/consultations", {}))
    assert {field for field, _ in problems} == {
        "id", "desk", "held_on", "groups", "topics", "outcomes",
    }  # fmt: skip


def test_messages_are_in_the_language_of_the_reader(world):
    from flask_babel import force_locale

    from app.field_errors import FieldError

    ana = world["ana"]
    for locale in ("es", "en", "fr", "ht", "nl", "pt"):
        ana.client.set_cookie("locale", locale)
        problems = ana.post("/consultations", consultation_json(topics=[])).get_json()["problems"]
        with world.app.test_request_context(), force_locale(locale):
            assert problems[0]["message"] == FieldError("topics", "required").message


def test_the_first_month_of_the_year_has_no_earlier_month(world):
    import time_machine

    from tests.factories.records import at

    with time_machine.travel(at("2026-02-03 18:00")):
        ana = world.sign_in_again("ana")
        answer = [group(repeat_contact="first_this_month")]
        january = consultation_json(groups=answer, held_on="2026-01-31")
        assert problems_of(ana.post("/consultations", january)) == {
            ("groups.0.repeat_contact", "impossible_answer")
        }
        february = consultation_json(groups=answer, held_on="2026-02-01")
        assert ana.post("/consultations", february).status_code == 201


def test_a_record_is_read_with_version_state_and_history(world):
    record = consultation_json()
    world["ana"].post("/consultations", record)
    answer = world["ben"].get_json(f"/consultations/{record['id']}")
    read = answer.get_json()
    assert answer.status_code == 200
    assert (read["version"], read["state"], len(read["trail"])) == (1, "live", 1)
    line = read["trail"][0]
    assert line.keys() == {"version", "state", "reason", "by", "at", "content"}
    assert (line["version"], line["by"], line["reason"]) == (1, "ana", None)
    assert line["content"] == {
        name: value for name, value in read.items() if name not in ("version", "state", "trail")
    }


def test_foreign_missing_and_malformed_ids_get_the_same_answer(world):
    record = consultation_json()
    world["ana"].post("/consultations", record)
    guille = world["guille"]
    answers = [
        guille.get_json(f"/consultations/{record_id}")
        for record_id in (record["id"], uuid4(), "garbage", record["id"][:20], "%00")
    ]
    answers += [
        guille.post(f"/consultations/{record_id}/{action}", {"reason": "slip", "version": 1})
        for record_id in (record["id"], uuid4(), "garbage")
        for action in ("void", "correct")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.data for answer in answers}) == 1


@pytest.mark.parametrize("name", ["rita", "adela", "cora"])
def test_who_sees_no_rows_gets_none(world, name):
    record = consultation_json()
    world["ana"].post("/consultations", record)
    path = f"/consultations/{record['id']}"
    browser = world[name]
    assert browser.get_json(path).status_code == 403
    assert browser.post("/consultations", consultation_json()).status_code == 403
    assert browser.post(f"{path}/void", {"reason": "slip"}).status_code == 403
    assert (
        browser.post(f"{path}/correct", {**record, "version": 1, "reason": "slip"}).status_code
        == 403
    )
    assert row_counts()["consultation_version"] == 0


def test_a_supervisor_does_not_record(world):
    assert world["susana"].post("/consultations", consultation_json()).status_code == 403
    assert world["susana"].post("/consultations", {}, headers=JSON).status_code == 403
