"""Bad input gets one sentence in the right place, and nothing is changed."""

import pytest

from app.db.session import db
from app.returns.queries.requests import REQUESTS, STEPS
from tests.factories.records import make_account, make_desk, sign_in
from tests.factories.returns import DEFAULTS, WOMAN, make_return, record_action, return_json

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CONSENT = DEFAULTS["consent_recorded"]


@pytest.fixture
def desk(app):
    desk = make_desk()
    ana = make_account("ana", "desk_staff", (desk,))
    make_account("eva", "supervisor", countries=("HND",))
    return ana, sign_in(app, "ana"), sign_in(app, "eva")


def stored_rows():
    rows = [db.session.execute(t.select().order_by(t.c.id)).all() for t in (REQUESTS, STEPS)]
    db.session.remove()
    return rows


def problems_of(answer):
    """Return the problems of an answer as (field, code)."""
    return [(each["field"], each["code"]) for each in answer.get_json()["problems"]]


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


@sqlite_only
def test_what_may_not_be_asked_for_is_refused_at_its_field(desk):
    _, browser, _ = desk
    for fields, problems in REFUSED_OPENINGS:
        answer = browser.post("/returns", return_json(**fields))
        assert (answer.status_code, problems_of(answer)) == (422, problems), fields
    assert stored_rows() == [[], []]


@sqlite_only
def test_everything_of_a_step_that_cannot_be_read_is_reported_at_once(desk):
    ana, browser, _ = desk
    request = record_action(make_return(ana), ana, "counselling")
    before = stored_rows()
    path = f"/returns/{request.display_reference}/consent_recorded"
    cases = [
        ({"own_decision": False}, [("own_decision", "tick_needed")]),
        ({"may_withdraw": "yes"}, [("may_withdraw", "unreadable")]),
        ({"language": "xxx"}, [("language", "unknown_code")]),
        ({"language": ""}, [("language", "required")]),
        ({"text_version": "1999-1"}, [("text_version", "unknown_code")]),
        ({"version": None}, [("version", "required")]),
        ({"version": "two"}, [("version", "not_a_number")]),
        ({"phone": "9999"}, [("phone", "unknown_field")]),
    ]
    for fields, problems in cases:
        answer = browser.post(path, {**CONSENT, "version": request.version, **fields})
        assert (answer.status_code, problems_of(answer)) == (422, problems), fields
    everything = browser.post(path, {})
    assert {field for field, _ in problems_of(everything)} == {*CONSENT, "version"}
    assert stored_rows() == before


@sqlite_only
def test_a_gate_is_reported_before_what_could_not_be_read(desk):
    ana, browser, supervisor = desk
    request = make_return(ana)
    before = stored_rows()
    for client, action, gate in (
        (browser, "consent_recorded", "stage_skipped"),
        (browser, "voluntariness_vulnerability_check", "consent"),
        (supervisor, "travel_arranged", "consent"),
        (supervisor, "resume", "not_stopped"),
    ):
        answer = client.post(f"/returns/{request.display_reference}/{action}", {})
        assert (answer.status_code, answer.get_json()["problem"]) == (409, gate), action
        assert answer.get_json()["stage"] == "enquiry"
    assert stored_rows() == before


@sqlite_only
def test_mistyped_unknown_and_strange_references_and_actions_are_one_sentence(desk):
    ana, browser, _ = desk
    reference = make_return(ana).display_reference
    mistyped = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    for path in (
        f"/returns/{mistyped}",
        f"/returns/{mistyped}/withdraw",
        "/returns/R-%F0%9F%98%80",
    ):
        answer = browser.get_json(path)
        assert answer.status_code == 404 and set(answer.get_json()) == {"problem"}
    for action in ("enquiry", "unknown", "closed%00"):
        assert browser.post(f"/returns/{reference}/{action}", {"version": 1}).status_code == 404
    for typed in (
        reference.lower(),
        reference[2:],
        reference.replace("-", " "),
        f" {reference} ".strip(),
    ):
        assert browser.get_json(f"/returns/{typed}").get_json()["reference"] == reference


@sqlite_only
def test_an_older_text_is_refused_with_the_reason(desk, monkeypatch):
    ana, browser, _ = desk
    request = record_action(make_return(ana), ana, "counselling")
    from app.returns.vocabulary import texts

    monkeypatch.setattr(texts, "versions", lambda: ("2026-1", "2026-2"))
    fields = {**CONSENT, "version": request.version}
    answer = browser.post(f"/returns/{request.display_reference}/consent_recorded", fields)
    assert problems_of(answer) == [("text_version", "text_outdated")]
