"""Bad input gets one sentence in the right place, and nothing is changed."""

import pytest

from app.db.session import db
from app.returns.queries.requests import REQUESTS, STEPS
from tests.factories.records import make_account, make_desk, sign_in
from tests.factories.returns import USUAL, WOMAN, make_return, move, return_json

on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CONSENT = USUAL["consent_recorded"]


@pytest.fixture
def desk(app):
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_account("eva", "supervisor", countries=("HND",))
    return ana, sign_in(app, "ana"), sign_in(app, "eva")


def stored():
    rows = [db.session.execute(t.select().order_by(t.c.id)).all() for t in (REQUESTS, STEPS)]
    db.session.remove()
    return rows


def told(answer):
    """The problems of an answer as (field, code)."""
    return [(one["field"], one["code"]) for one in answer.get_json()["problems"]]


REFUSED_OPENINGS = [
    ({"persons": []}, [("persons", "no_people")]),
    ({"persons": [{**WOMAN, "n": 0}]}, [("persons.0.n", "out_of_range")]),
    ({"persons": [{**WOMAN, "n": 100}]}, [("persons.0.n", "out_of_range")]),
    (
        {"persons": [{**WOMAN, "n": 99}, {**WOMAN, "sex": "male"}]},
        [("persons", "too_many_to_travel")],
    ),
    ({"country_of_return": "HND"}, [("country_of_return", "same_country")]),
    ({"country_of_return": "XXA"}, [("country_of_return", "unknown_code")]),
    ({"nationality": ""}, [("nationality", "required")]),
    ({"desk": "GTM-01"}, [("desk", "not_your_desk")]),
    ({"name": "Ana"}, [("name", "unknown_field")]),
    ({"child_alone": "yes"}, [("child_alone", "unreadable")]),
    ({"id": "1"}, [("id", "not_a_uuid")]),
    ({"from_consultation": "1"}, [("from_consultation", "not_a_uuid")]),
    (
        {"from_consultation": "00000000-0000-4000-8000-000000000000"},
        [("from_consultation", "unknown_consultation")],
    ),
]


@on_one
def test_what_may_not_be_asked_for_is_refused_at_its_field(desk):
    _, browser, _ = desk
    for said, problems in REFUSED_OPENINGS:
        answer = browser.post("/returns", return_json(**said))
        assert (answer.status_code, told(answer)) == (422, problems), said
    assert stored() == [[], []]


@on_one
def test_everything_of_a_step_that_cannot_be_read_is_told_at_once(desk):
    ana, browser, _ = desk
    asked = move(make_return(ana), ana, "counselling")
    before = stored()
    path = f"/returns/{asked.display_reference}/consent_recorded"
    wrong = [
        ({"own_decision": False}, [("own_decision", "tick_needed")]),
        ({"may_withdraw": "yes"}, [("may_withdraw", "unreadable")]),
        ({"language": "xxx"}, [("language", "unknown_code")]),
        ({"language": ""}, [("language", "required")]),
        ({"text_version": "1999-1"}, [("text_version", "unknown_code")]),
        ({"version": None}, [("version", "required")]),
        ({"version": "two"}, [("version", "not_a_number")]),
        ({"phone": "9999"}, [("phone", "unknown_field")]),
    ]
    for said, problems in wrong:
        answer = browser.post(path, {**CONSENT, "version": asked.version, **said})
        assert (answer.status_code, told(answer)) == (422, problems), said
    everything = browser.post(path, {})
    assert {field for field, _ in told(everything)} == {*CONSENT, "version"}
    assert stored() == before


@on_one
def test_a_gate_is_told_before_what_could_not_be_read(desk):
    ana, browser, supervisor = desk
    asked = make_return(ana)
    before = stored()
    for one, act, gate in (
        (browser, "consent_recorded", "stage_skipped"),
        (browser, "voluntariness_vulnerability_check", "consent"),
        (supervisor, "travel_arranged", "consent"),
        (supervisor, "resume", "not_stopped"),
    ):
        answer = one.post(f"/returns/{asked.display_reference}/{act}", {})
        assert (answer.status_code, answer.get_json()["problem"]) == (409, gate), act
        assert answer.get_json()["stage"] == "enquiry"
    assert stored() == before


@on_one
def test_mistyped_unknown_and_strange_references_and_acts_are_one_sentence(desk):
    ana, browser, _ = desk
    shown = make_return(ana).display_reference
    mistyped = shown[:-1] + ("0" if shown[-1] != "0" else "1")
    for path in (
        f"/returns/{mistyped}",
        f"/returns/{mistyped}/withdraw",
        "/returns/R-%F0%9F%98%80",
    ):
        answer = browser.get_json(path)
        assert answer.status_code == 404 and set(answer.get_json()) == {"problem"}
    for act in ("enquiry", "unknown", "closed%00"):
        assert browser.post(f"/returns/{shown}/{act}", {"version": 1}).status_code == 404
    for typed in (shown.lower(), shown[2:], shown.replace("-", " "), f" {shown} ".strip()):
        assert browser.get_json(f"/returns/{typed}").get_json()["reference"] == shown


@on_one
def test_an_older_text_is_refused_with_the_reason(desk, monkeypatch):
    ana, browser, _ = desk
    asked = move(make_return(ana), ana, "counselling")
    from app.returns.vocabulary import texts

    monkeypatch.setattr(texts, "versions", lambda: ("2026-1", "2026-2"))
    said = {**CONSENT, "version": asked.version}
    answer = browser.post(f"/returns/{asked.display_reference}/consent_recorded", said)
    assert told(answer) == [("text_version", "text_outdated")]
