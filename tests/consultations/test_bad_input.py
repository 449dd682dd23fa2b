"""Any input: one clear answer, nothing stored, never a 500, never a redirect for JSON."""

import json
from datetime import date

import pytest

from tests.factories.records import (
    JSON,
    Browser,
    consultation_json,
    in_new_context,
    make_account,
    make_desk,
    sign_in,
)
from tests.factories.two_country_world import row_counts

MARK = "Zq7Wv"
"""Part of every strange value: an answer that repeats a value is found by it."""
GROUP = {
    "nationality": "HND",
    "repeat_contact": "first_this_year",
    "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
}


def with_n(n):
    return {"groups": [{**GROUP, "persons": [{"sex": "female", "age_band": "age_25_59", "n": n}]}]}


WRONG = {
    "tomorrow": {"held_on": "2199-01-01"},
    "february 30": {"held_on": "2026-02-30"},
    "all zeros": {"held_on": "0000-00-00"},
    "year one": {"held_on": "0001-01-01"},
    "year 9999": {"held_on": "9999-12-31"},
    "year 99999": {"held_on": "99999-01-01"},
    "week date": {"held_on": "2026-W03-1"},
    "no dashes": {"held_on": "20260101"},
    "other digits": {"held_on": "२०२६-०१-०१"},
    "a moment": {"held_on": "2026-01-01T10:00:00Z"},
    "a date as number": {"held_on": 20260101},
    "a date as object": {"held_on": {"year": 2026}},
    "before opening": {"held_on": "2019-12-31"},
    "unknown channel": {"channel": MARK},
    "channel as list": {"channel": ["phone"]},
    "channel as number": {"channel": 0},
    "channel false": {"channel": False},
    "unknown modality": {"modality": MARK},
    "unknown travel group": {"travel_group": MARK},
    "unknown language": {"language": MARK},
    "language as list": {"language": ["spa"]},
    "nested language": {"language": [[[[[[[[MARK]]]]]]]]},
    "unknown topic": {"topics": [MARK]},
    "topics as text": {"topics": "health"},
    "topics as object": {"topics": {"health": True}},
    "topics of numbers": {"topics": [1, 2]},
    "topics of lists": {"topics": [["health"]]},
    "topics of null": {"topics": [None]},
    "a thousand topics": {"topics": ["health"] * 1000},
    "unknown main topic": {"main_topic": MARK},
    "main topic as object": {"main_topic": {}},
    "unknown outcome": {"outcomes": [MARK]},
    "outcomes as text": {"outcomes": "person_declined_record"},
    "refused twice": {"outcomes": ["person_declined_record"] * 2},
    "unknown flag": {"flags": [MARK]},
    "groups as object": {"groups": GROUP},
    "groups as text": {"groups": MARK},
    "groups of text": {"groups": [MARK]},
    "groups of null": {"groups": [None]},
    "persons as object": {"groups": [{**GROUP, "persons": {"female": 1}}]},
    "persons of text": {"groups": [{**GROUP, "persons": [MARK]}]},
    "a hundred boxes": {"groups": [{**GROUP, "persons": GROUP["persons"] * 100}]},
    "unknown nationality": {"groups": [{**GROUP, "nationality": MARK}]},
    "nationality in lower case": {"groups": [{**GROUP, "nationality": "hnd"}]},
    "nationality as list": {"groups": [{**GROUP, "nationality": ["HND"]}]},
    "unknown sex": {
        "groups": [{**GROUP, "persons": [{"sex": MARK, "age_band": "unknown", "n": 1}]}]
    },
    "nobody": with_n(0),
    "less than nobody": with_n(-3),
    "ten thousand": with_n(10_000),
    "one and a half": with_n(1.5),
    "one as a float": with_n(1.0),
    "true people": with_n(True),
    "one as text": with_n("1"),
    "a huge number": with_n(10**400),
    "people as list": with_n([1]),
    "half an id": {"id": "3f2b8c1e-1111-4111"},
    "version 1 id": {"id": "c232ab00-9414-11ec-b3c8-9f68deced846"},
    "version 7 id": {"id": "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
    "version 4 of another variant": {"id": "3f2b8c1e-1111-4111-c111-111111111111"},
    "id without dashes": {"id": "3f2b8c1e111141118111111111111111"},
    "id in braces": {"id": "{3f2b8c1e-1111-4111-8111-111111111111}"},
    "id as urn": {"id": "urn:uuid:3f2b8c1e-1111-4111-8111-111111111111"},
    "id as number": {"id": 4},
    "id as list": {"id": ["3f2b8c1e-1111-4111-8111-111111111111"]},
    "unknown desk": {"desk": MARK},
    "foreign desk": {"desk": "GTM-01"},
    "near desk": {"desk": "HND-02"},
    "desk as number": {"desk": 1},
    "desk as list": {"desk": ["HND-01"]},
    "desk with NUL": {"desk": "HND-01\x00" + MARK},
    "NUL alone": {"desk": "\x00"},
    "lone surrogate": {"desk": "\ud800" + MARK},
    "surrogate everywhere": {"channel": "\ud800", "topics": ["\udfff"], "held_on": "\ud800"},
    "endless desk": {"desk": MARK * 2000},
    "NUL in a field's name": {"no\x00te": MARK},
    "surrogate in a field's name": {"\ud800": MARK},
    "empty field name": {"": MARK},
    "device with line break": {"device": "tablet\n1"},
    "device with other letters": {"device": "täblet"},
    "huge sequence": {"sequence": 10**30},
    "card": {"card": MARK},
}


@pytest.mark.parametrize("fields", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_value_is_refused_and_never_repeated(world, fields):
    before = row_counts()
    answer = world["ana"].post("/consultations", consultation_json(**fields))
    assert answer.status_code == 422, answer.data
    assert MARK not in answer.get_data(as_text=True)
    assert row_counts() == before


def test_days_outside_of_a_desk_are_reported_as_such(world):
    closing = make_desk("HND-03", opened_on=date(2021, 5, 1), closed_on=date(2021, 6, 1))
    gone = make_desk("NIC-01", "NIC")
    make_account("nora", "desk_staff", (closing, gone))
    nora = sign_in(world.app, "nora")

    def code(desk, day):
        answer = nora.post("/consultations", consultation_json(desk, held_on=day))
        return [p["code"] for p in answer.get_json().get("problems", [])]

    assert code("HND-03", "2021-04-30") == ["before_opening"]
    assert code("HND-03", "2021-05-01") == []
    assert code("HND-03", "2021-06-01") == []
    assert code("HND-03", "2021-06-02") == ["desk_closed"]
    assert code("NIC-01", left("NIC").isoformat()) == []
    assert code("NIC-01", date.fromordinal(left("NIC").toordinal() + 1).isoformat()) == [
        "desk_closed"
    ]


def left(country):
    from app.places.vocabulary import programme

    day = programme()[country].left
    assert day is not None
    return day


def raw_post(browser, body, content_type="application/json", **more):
    headers = {"X-CSRFToken": browser.token(), **JSON, **more}
    return in_new_context(
        browser.client.post,
        "/consultations",
        data=body,
        content_type=content_type,
        headers=headers,
    )


UNREADABLE = {
    "nothing": b"",
    "half": b'{"id": ',
    "two objects": b"{}{}",
    "invalid UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a key twice": b'{"id": 1, "id": 2}',
    "a key twice inside": b'{"groups": [{"n": 1, "n": 1}]}',
    "NaN": b'{"taps": NaN}',
    "Infinity": b'{"taps": Infinity}',
    "minus Infinity": b'{"taps": -Infinity}',
    "too deep": b"[" * 100_000,
    "deep and whole": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "endless digits": b'{"taps": ' + b"9" * 10_000 + b"}",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"id"',
    "a number": b"1",
    "true": b"true",
    "a form in JSON's clothes": b"id=1&desk=HND-01",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_json_object_is_unreadable(world, body):
    before = row_counts()
    answer = raw_post(world["ana"], body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"problem"}
    assert row_counts() == before


def test_nesting_that_can_be_read_is_refused_as_a_value(world):
    deep: object = 1
    for _ in range(300):
        deep = [deep]
    for name in ("language", "channel", "groups", "topics", "held_on", "id", "taps", "device"):
        answer = world["ana"].post("/consultations", consultation_json(**{name: deep}))
        assert answer.status_code == 422, name
    assert row_counts()["consultation"] == 0


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain;charset=utf-8", "application/xml", "application/octet-stream", ""],
)
def test_another_content_type_is_refused(world, content_type):
    body = json.dumps(consultation_json())
    answer = raw_post(world["ana"], body, content_type)
    assert (answer.status_code, answer.get_json().keys()) == (415, {"problem"})
    assert row_counts()["consultation"] == 0


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"]
)
def test_a_megabyte_is_too_much(world, content_type):
    body = json.dumps(consultation_json(note="x" * 1_000_000))
    answer = raw_post(world["ana"], body, content_type)
    assert answer.status_code in ((413, 415) if content_type == "text/plain" else (413,))
    assert row_counts()["consultation"] == 0


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_megabyte_from_nobody_is_no_bug(app, content_type, accept):
    stranger = app.test_client()
    answer = in_new_context(
        stranger.post,
        "/consultations",
        data=b"note=" + b"x" * 1_000_000,
        content_type=content_type,
        headers={"Accept": accept},
    )
    assert answer.status_code in (401, 413)


def test_a_thousand_unknown_fields_answer_with_a_bounded_list(world):
    unknown_fields = {f"f{n}": n for n in range(5000)}
    answer = world["ana"].post("/consultations", consultation_json(**unknown_fields))
    assert answer.status_code == 422
    assert len(answer.get_json()["problems"]) == 100


@pytest.mark.parametrize("token", [None, "wrong", "", "a.b.c"])
def test_a_change_without_its_token_is_refused(world, token):
    ana = world["ana"]
    record = consultation_json()
    headers = JSON if token is None else {**JSON, "X-CSRFToken": token}
    for path in ("/consultations", f"/consultations/{record['id']}/void"):
        answer = in_new_context(ana.client.post, path, json=record, headers=headers)
        assert (answer.status_code, answer.get_json().keys()) == (400, {"problem"})
    assert row_counts()["consultation"] == 0


def test_without_sign_in_the_answer_is_401_and_never_a_redirect(app):
    stranger = Browser(app.test_client())
    record = consultation_json()
    path = f"/consultations/{record['id']}"
    answers = [
        stranger.post("/consultations", record),
        stranger.post(f"{path}/correct", record),
        stranger.post(f"{path}/void", {"reason": "slip"}),
        stranger.get_json(path),
        stranger.get_json("/today"),
        stranger.get_json("/consultations/new"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {tuple(answer.get_json()) for answer in answers} == {("problem",)}
    page = stranger.get(path)
    assert (page.status_code, page.headers["Location"].split("?")[0]) == (302, "/sign-in")


@pytest.mark.parametrize(
    "accept",
    ["*/*", "", "text/html", "application/json;q=0.1", "image/png", ";;;q=x,,", "text/html;q=nan"],
)
def test_what_comes_as_json_is_answered_as_json_whatever_is_accepted(world, accept):
    record = consultation_json()
    answer = world["ana"].post("/consultations", record, headers={"Accept": accept})
    assert (answer.status_code, answer.get_json()["arrival"]) == (201, "new")
    wrong = world["ana"].post("/consultations", {}, headers={"Accept": accept})
    assert (wrong.status_code, wrong.mimetype) == (422, "application/json")


@pytest.mark.parametrize("desk", ["", "%00", "GTM-01", "x" * 3000, "%ED%A0%80", "HND-01%0A"])
def test_a_strange_desk_in_an_address_is_not_there(world, desk):
    for path in (f"/today?desk={desk}", f"/consultations/new?desk={desk}"):
        if desk == "" and "new" in path:
            continue
        assert world["ana"].get(path).status_code == 404, path


def test_an_ended_session_is_answered_with_401(world):
    from sqlalchemy import update

    from app.clock import now
    from app.db.session import db, unit_of_work
    from app.staff.models import StaffSession

    ana = world["ana"]
    token = ana.token()
    with unit_of_work():
        db.session.execute(update(StaffSession).values(ended_at=now()))
    headers = {**JSON, "X-CSRFToken": token}
    answer = in_new_context(
        ana.client.post, "/consultations", json=consultation_json(), headers=headers
    )
    assert (answer.status_code, answer.get_json().keys()) == (401, {"problem"})
    assert row_counts()["consultation"] == 0
