"""Sending a group: from a consultation or without, children and consulates, refusals, the next shelter, Hoy."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import text

from app import clock
from app.db.session import db, unit_of_work
from app.referrals.rules.forward import may_forward, next_shelter_code
from tests.factories.records import at, consultation_json, make_account, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter, referral_json

ENGLISH = {"headers": {"Accept-Language": "en"}}
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The text of a page is the same on both databases."""
WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
GIRL = {"sex": "female", "age_band": "age_5_11", "n": 1}


def text_of(answer):
    """Return the text of a page."""
    page = answer.get_data(as_text=True)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page))).replace(" ,", ",")


def form_fields(**fields):
    """Return the form fields that refer one woman to HND-S1 by its card's button."""
    defaults = {"id": str(uuid4()), "desk": "HND-01", "to": "shelter", "priority": "tonight"}
    shelter_fields = {"persons-female-age_25_59": "1", "consent": "1", "shelters": "HND-S1"}
    return {
        name: value
        for name, value in {**defaults, **shelter_fields, **fields}.items()
        if value is not None
    }


def count_stored():
    """Count the stored referrals, offers and e-mails."""
    counts = [
        db.session.scalar(text(f"SELECT count(*) FROM {table}"))
        for table in ("referral", "referral_offer", "outgoing_email")
    ]
    db.session.rollback()
    return counts


def send_referral(world, username="ana", **fields):
    """Send a referral by JSON and return its id."""
    answer = world[username].post("/referrals", referral_json(**fields))
    assert answer.status_code == 201, answer.data
    return answer.get_json()["id"]


def record_consultation(world, **fields):
    content = consultation_json(**fields)
    assert world["ana"].post("/consultations", content).status_code == 201
    return content["id"]


def group_of(*persons):
    [group] = consultation_json()["groups"]
    return [{**group, "persons": list(persons)}]


def test_what_the_outside_is_promised(world):
    make_shelter()
    fields = referral_json(note="They come by bus")
    first = world["ana"].post("/referrals", fields)
    assert first.status_code == 201
    assert first.get_json().keys() == {"id", "arrival", "code", "state", "version", "deadline"}
    assert re.fullmatch("[CDFGHJKMNPQRTVWXY34679]{4}", first.get_json()["code"])
    repeated = world["ben"].post("/referrals", fields)
    assert (repeated.status_code, repeated.get_json()["arrival"]) == (200, "same")
    conflicting = world["ana"].post("/referrals", {**fields, "priority": "urgent_72h"})
    assert (conflicting.status_code, conflicting.get_json()) == (
        409,
        {"id": fields["id"], "arrival": "different"},
    )
    foreign = world["guille"].post("/referrals", {**fields, "desk": "GTM-01", "shelters": ["X"]})
    assert (foreign.status_code, foreign.get_json().keys()) == (409, {"id", "arrival"})
    referral = world["ana"].get_json(f"/referrals/{fields['id']}").get_json()
    assert referral.keys() >= {"id", "code", "state", "version", "deadline", "shelter", "events"}
    assert (referral["shelter"], referral["state"]) == ("HND-S1", "sent")
    assert [event["by_role"] for event in referral["events"]] == ["desk_staff"]
    assert "bus" not in str(referral) and "female" not in str(referral)


@sqlite_only
def test_a_group_is_carried_over_from_its_consultation_and_sent_with_two_taps(world):
    make_shelter(beds={"families": 6})
    [group] = consultation_json()["groups"]
    groups = [
        {**group, "persons": [WOMAN, GIRL]},
        {**group, "nationality": "VEN", "persons": [{**WOMAN, "n": 2}]},
    ]
    consultation_id = record_consultation(world, groups=groups, language="hat")
    saved = world["ana"].post_form(
        "/consultations",
        {
            "id": str(uuid4()),
            "desk": "HND-01",
            "held_on": clock.today_at("America/Tegucigalpa").isoformat(),
            "groups-0-nationality": "HND",
            "groups-0-repeat_contact": "unknown",
            "groups-0-female-age_25_59": "1",
            "topics": "shelter",
            "outcomes": "information_given",
        },
        follow_redirects=True,
    )
    assert re.search(r'href="/referrals/new\?consultation=[0-9a-f-]{36}&amp;agreed=1"', saved.text)
    record_page = world["ana"].get(f"/consultations/{consultation_id}").text
    assert f"/referrals/new?consultation={consultation_id}&amp;agreed=1" in record_page

    page = world["ana"].get(f"/referrals/new?consultation={consultation_id}&agreed=1", **ENGLISH)
    fields = dict(re.findall(r'name="(persons-[\w-]+)" value="(\d+)"', page.text))
    assert fields == {"persons-female-age_25_59": "3", "persons-female-age_5_11": "1"}
    assert "3 women 25–59, 1 girl 5–11" in text_of(page)
    assert re.search(r'name="consent" value="1" checked', page.text)
    assert re.search(r'<option value="hat" selected>', page.text)
    plain = world["ana"].get(f"/referrals/new?consultation={consultation_id}").text
    assert not re.search(r'name="consent" value="1" checked', plain)

    answer = world["ana"].post_form(
        "/referrals",
        form_fields(from_consultation=consultation_id, **fields),
        follow_redirects=True,
        **ENGLISH,
    )
    assert answer.status_code == 200 and "3 women 25–59, 1 girl 5–11" in text_of(answer)
    case = world["ana"].get(f"/cases/{consultation_id}", **ENGLISH)
    assert "Sent" in text_of(case) and "Desk staff" in text_of(case)
    for name in ("eva", "guille"):
        assert world[name].get(f"/cases/{consultation_id}").status_code == 404
        assert world[name].get(f"/referrals/new?consultation={consultation_id}").status_code == 404
    for invalid in ("nonsense", str(uuid4())):
        assert world["ana"].get(f"/referrals/new?consultation={invalid}").status_code == 404


@sqlite_only
def test_shelters_stand_in_order_with_what_is_free_and_why_not(world):
    hours = {"opens_at": "17:00", "closes_at": "23:00"}
    make_shelter("HND-S1", {"women": 3, "men": 9}, name="Late", **hours)
    make_shelter("HND-S2", {"women": 2}, name="Now")
    make_shelter("HND-S3", {"women": 2}, name="Stale")
    make_shelter("HND-S4", {"women": 0}, name="Full")
    make_shelter("HND-S5", {"women": 4}, name="Men only", sexes=("male",), admits_children=False)
    make_shelter("HND-S6", {"mixed": 4}, name="Shut", is_accepting=False)
    make_shelter("HND-S7", {"women": 4}, name="Hidden", is_protected=True, meeting_point="Square")
    make_shelter("GTM-S1", {"women": 4}, name="Abroad", country="GTM")
    with time_machine.travel(at("2026-03-14 18:00")), unit_of_work():
        for code, ago in (("HND-S1", 12), ("HND-S2", 12), ("HND-S3", 300), ("HND-S7", 1)):
            db.session.execute(
                text(
                    "UPDATE bed_category SET confirmed_at = :at WHERE shelter_id ="
                    " (SELECT id FROM shelter WHERE code = :code)"
                ),
                {"at": (clock.now() - timedelta(minutes=ago)).replace(tzinfo=None), "code": code}
                if db.engine.dialect.name == "sqlite"
                else {"at": clock.now() - timedelta(minutes=ago), "code": code},
            )
    with time_machine.travel(at("2026-03-14 18:00")):
        ana = world.sign_in_again("ana")
        fields = form_fields(shelters=None, **{"persons-female-age_5_11": "1"})
        families = text_of(ana.post_form("/referrals/new", fields, **ENGLISH))
        page = ana.post_form("/referrals/new", form_fields(shelters=None), **ENGLISH)
    assert re.findall(r'name="shelters" value="(.+?)"', page.text) == [
        "HND-S2", "HND-S7", "HND-S3", "HND-S1",
    ]  # fmt: skip
    shelters_text = text_of(page)
    for sentence in (
        "Now 2 Women Open at any hour Beds reported 12 min ago",
        "Late 3 Women Opens at 17:00 Beds reported 12 min ago",
        "Stale 2 Women Open at any hour Beds reported 5 h ago : call first ☎ 2222-1111",
        "Reserved shelter HND-S7 4 Women",
        "Meeting point: Square",
        "Full There are not enough free places for the whole group any more.",
        "Men only This shelter does not take everybody of this group",
        "Shut This shelter takes nobody in at present.",
    ):
        assert sentence in shelters_text.replace("ago:", "ago :"), (sentence, shelters_text)
    assert "Hidden" not in page.text and "Abroad" not in page.text
    assert "This shelter does not take children." in families


@sqlite_only
def test_a_child_alone_always_goes_to_the_authority(world):
    make_shelter(beds={"uasc_girls": 4, "women": 4})
    uasc_id = record_consultation(world, travel_group="uasc")
    children = {"persons-female-age_25_59": None, "persons-female-age_5_11": "2"}
    variants = [
        form_fields(**children),
        form_fields(flags="uasc"),
        form_fields(from_consultation=uasc_id),
    ]
    for fields in variants:
        page = world["ana"].post_form("/referrals/new", {**fields, "shelters": []}, **ENGLISH)
        assert "A child alone goes to the child-protection authority, always." in text_of(page)
        assert re.findall(
            r'<button[^>]* name="(?:shelters|service|offers)" value="(\w+)"', page.text
        ) == ["child_protection_authority"]
        refused = world["ana"].post_form("/referrals", fields, **ENGLISH)
        assert refused.status_code == 422 and "always" in text_of(refused)
    assert count_stored() == [0, 0, 0]
    for fields in variants:
        answer = world["ana"].post_form(
            "/referrals", {**fields, "shelters": [], "service": "child_protection_authority"}
        )
        assert answer.status_code == 302, text_of(answer)
    assert count_stored() == [3, 0, 0]


@sqlite_only
def test_a_consulate_is_asked_about_twice_after_asylum(world):
    asylum_id = record_consultation(world, topics=["asylum"])
    health_id = record_consultation(world, topics=["health"])
    fields = form_fields(to="service", service="consulate", shelters=None)
    for risky in ({"from_consultation": asylum_id}, {"flags": "protection_concern"}):
        refused = world["ana"].post_form("/referrals", {**fields, **risky}, **ENGLISH)
        assert refused.status_code == 422
        assert "could be in danger at their consulate" in text_of(refused)
        assert 'name="confirmed"' in refused.text and count_stored() == [0, 0, 0]
    page = world["ana"].get(f"/referrals/new?consultation={health_id}&to=service").text
    assert 'name="confirmed"' not in page and 'value="consulate"' in page
    confirmed = {**fields, "from_consultation": asylum_id, "confirmed": "1"}
    assert world["ana"].post_form("/referrals", confirmed).status_code == 302
    without_risk = {**fields, "id": str(uuid4()), "from_consultation": health_id}
    assert world["ana"].post_form("/referrals", without_risk).status_code == 302


REFUSED = [
    ({"shelters": ["HND-XX"]}, "shelters.0", "unknown_shelter"),
    ({"shelters": ["GTM-S1"]}, "shelters.0", "unknown_shelter"),
    ({"shelters": ["HND-S2"]}, "shelters.0", "sex_not_admitted"),
    ({"shelters": ["HND-S1", "HND-S1"]}, "shelters", "duplicate"),
    ({"shelters": ["A", "B", "C", "D"]}, "shelters", "too_many_shelters"),
    ({"shelters": []}, "service", "required"),
    ({"service": "health"}, "service", "shelter_or_service"),
    ({"service": "hotel"}, "service", "unknown_code"),
    ({"bed_category": "isolation"}, "bed_category", "no_such_category"),
    ({"bed_category": "suite"}, "bed_category", "unknown_code"),
    ({"persons": []}, "persons", "no_people"),
    ({"persons": [{**WOMAN, "n": 0}]}, "persons.0.n", "out_of_range"),
    ({"persons": [{**WOMAN, "n": 500}]}, "persons.0.n", "out_of_range"),
    ({"persons": [{**WOMAN, "n": 51}]}, "persons", "too_many_to_refer"),
    ({"consent": False}, "consent", "no_consent"),
    ({"priority": "yesterday"}, "priority", "unknown_code"),
    ({"from_consultation": str(uuid4())}, "from_consultation", "unknown_consultation"),
    ({"from_consultation": "FOREIGN"}, "from_consultation", "unknown_consultation"),
    ({"desk": "HND-02"}, "desk", "not_your_desk"),
    ({"desk": "HND-09"}, "desk", "desk_not_open"),
    ({"deadline": "2020-01-01"}, "deadline", "unknown_field"),
    ({"name": "Ana"}, "name", "unknown_field"),
    ({"id": "7"}, "id", "not_a_uuid"),
]


def test_what_is_wrong_is_reported_in_one_sentence_and_changes_nothing(world):
    make_shelter()
    make_shelter("HND-S2", sexes=("male",))
    make_shelter("GTM-S1", country="GTM")
    closed = make_desk(
        "HND-09", closed_on=clock.today_at("America/Tegucigalpa") - timedelta(days=1)
    )
    make_account("zoe", "desk_staff", (world.desks["HND-01"], closed))
    zoe = sign_in(world.app, "zoe")
    foreign = consultation_json("HND-02")
    assert world["eva"].post("/consultations", foreign).status_code == 201
    before = count_stored()
    for case, field, code in REFUSED:
        is_foreign = case.get("from_consultation") == "FOREIGN"
        fields = {"from_consultation": foreign["id"]} if is_foreign else case
        answer = zoe.post("/referrals", referral_json(**fields))
        problems = {
            (problem["field"], problem["code"]) for problem in answer.get_json()["problems"]
        }
        assert answer.status_code == 422 and (field, code) in problems, (fields, problems)
        assert all(problem["message"] for problem in answer.get_json()["problems"])
    assert count_stored() == before


@sqlite_only
def test_a_refused_page_comes_back_with_every_answer_and_no_note_that_identifies(world):
    make_shelter(name="Casa Uno")
    make_shelter("HND-S2", name="Casa Dos")
    fields = form_fields(
        consent=None,
        priority="urgent_72h",
        note="Ring +504 9812 3456",
        flags=["disability", "lgbtiq"],
        language="fra",
        bed_category="women",
        **{"persons-male-age_18_24": "500"},
    )
    page = world["ana"].post_form("/referrals", fields, **ENGLISH)
    assert page.status_code == 422 and count_stored() == [0, 0, 0]
    assert "9812" not in page.text
    assert "Without the person's consent nothing is sent" in text_of(page)
    assert fields["id"] in page.text
    for chosen in ("urgent_72h", "disability", "lgbtiq"):
        assert re.search(rf'value="{chosen}" checked', page.text), chosen
    for chosen in ("fra", "women"):
        assert f'<option value="{chosen}" selected>' in page.text
    assert 'name="persons-male-age_18_24" value="500"' in page.text
    several = form_fields(shelters=None, several="1", offers=["HND-S1", "HND-S2"])
    assert world["ana"].post_form("/referrals", several).status_code == 302
    single_shelter = form_fields(offers=["HND-S1", "HND-S2"])
    assert world["ana"].post_form("/referrals", single_shelter).status_code == 302
    assert count_stored()[:2] == [2, 3]
    without_shelter = world["ana"].post_form(
        "/referrals", form_fields(shelters=None, several="1"), **ENGLISH
    )
    assert without_shelter.status_code == 422 and "Please answer this." in text_of(without_shelter)


def test_another_language_keeps_every_answer_and_is_remembered_on_the_device(world):
    make_shelter()
    fields = form_fields(shelters=None, consent="1", note="They come by bus", switch_locale="pt")
    page = world["ana"].post_form("/referrals/new", fields)
    assert page.status_code == 200 and 'lang="pt"' in page.text
    html = re.sub(r"\s+", " ", page.text)
    assert re.search(r'name="persons-female-age_25_59" value="1"', html)
    assert "They come by bus" in html and re.search(r'name="consent"[^>]* checked', html)
    assert 'lang="pt"' in world["ana"].get("/referrals/new").text
    assert count_stored() == [0, 0, 0]


def test_the_next_shelter_is_asked_with_one_tap_and_none_twice(world):
    shelters = [make_shelter(f"HND-S{n}", name=f"Casa {n}") for n in (1, 2, 3)]
    make_coordinator("coro", *shelters)
    coro = sign_in(world.app, "coro")
    first = send_referral(world, note="By bus")
    too_early = world["ana"].post(f"/referrals/{first}/next")
    assert (too_early.status_code, too_early.get_json()["problem"]) == (409, "not_in_this_state")
    assert coro.post(f"/referrals/{first}/decline", {"reason": "no_capacity"}).status_code == 200
    for name in ("eva", "guille"):
        assert world[name].post(f"/referrals/{first}/next").status_code == 404
    page = text_of(world["ana"].get(f"/referrals/{first}", **ENGLISH))
    assert "Declined" in page and "No capacity" in page and "Next shelter" in page

    answer = world["ana"].post(f"/referrals/{first}/next")
    assert answer.status_code == 201
    second = answer.get_json()["id"]
    assert world["ben"].post(f"/referrals/{first}/next").get_json()["id"] == second
    referral = world["ana"].get_json(f"/referrals/{second}").get_json()
    assert (referral["shelter"], referral["state"]) == ("HND-S2", "sent")
    row = db.session.execute(
        text("SELECT previous_referral_id, note, person_count FROM referral WHERE id = :id"),
        {"id": UUID(second) if db.engine.dialect.name == "postgresql" else UUID(second).hex},
    ).one()
    assert (UUID(str(row.previous_referral_id)), row.note, row.person_count) == (
        UUID(first),
        "By bus",
        1,
    )
    db.session.rollback()

    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        ana = world.sign_in_again("ana")
        third = ana.post(f"/referrals/{second}/next").get_json()
        assert ana.get_json(f"/referrals/{second}").get_json()["state"] == "cancelled"
        assert ana.get_json(f"/referrals/{third['id']}").get_json()["shelter"] == "HND-S3"
        assert ana.post(f"/referrals/{third['id']}/cancel", {}).status_code == 200
        before = count_stored()
        no_next = ana.post(f"/referrals/{third['id']}/next")
        assert (no_next.status_code, no_next.get_json()["problem"]) == (409, "no_next_shelter")
        assert count_stored() == before


def test_when_a_group_is_forwarded_and_where_to():
    now = at("2026-03-14 16:30")
    early, late = now - timedelta(minutes=1), now + timedelta(minutes=1)
    assert may_forward("declined", [], now) and may_forward("expired", [late], now)
    assert may_forward("sent", [early, now], now) and not may_forward("sent", [early, late], now)
    assert not any(may_forward(state, [], now) for state in ("accepted", "arrived", "no_show"))
    assert next_shelter_code(["A", "B", "C"], {"A", "C"}) == "B"
    assert next_shelter_code(["A"], ["A"]) is None and next_shelter_code([], []) is None


def test_the_day_shows_what_was_sent_and_what_is_still_open(world):
    make_shelter(name="Casa Uno")
    make_shelter("HND-S2", name="Secret", is_protected=True)
    with time_machine.travel(at("2026-03-13 18:00")):
        world.sign_in_again("ana")
        send_referral(world, priority="normal_14d", shelters=["HND-S2"])
        cancelled = send_referral(world)
        assert world["ana"].post(f"/referrals/{cancelled}/cancel", {}).status_code == 200
        send_referral(world, priority="tonight", persons=[{**WOMAN, "n": 7}])
    with time_machine.travel(at("2026-03-14 18:00")):
        world.sign_in_again("ana")
        send_referral(world, persons=[{**WOMAN, "n": 3}])
        send_referral(world, shelters=[], service="gbv_services", priority="normal_14d")
        page = text_of(world["ana"].get("/today?desk=HND-01", **ENGLISH))
        other_desk_page = text_of(world.sign_in_again("eva").get("/today?desk=HND-02", **ENGLISH))
    assert "2 referred" in page or "referred 2" in page
    rows = page[page.index("open ones and those of the day") :]
    assert rows.count("Sent") == 3
    assert "3 people Casa Uno Sent Answer expected by" in rows
    assert "1 person Reserved shelter Sent No answer in time." in rows
    assert "1 person Reserved service Sent" in rows
    assert "7 people" not in rows and "Cancelled" not in rows
    assert "Secret" not in page and "GBV" not in page
    assert "open ones" not in other_desk_page
