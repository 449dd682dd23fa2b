"""Form and JSON are read to the same content; the page answers a form."""

import re
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.consultations.forms.form_fields import from_form
from app.consultations.rules.consultation_data import content_digest
from app.consultations.schemas.bodies import parse_consultation
from tests.consultations.form_fields import as_fields
from tests.consultations.strategies import contents
from tests.factories.records import JSON, Browser, consultation_json, in_new_context
from tests.factories.two_country_world import row_counts

DAYS = ["2026-01-31", "2026-02-01", "2026-03-14", "2024-02-29"]


@settings(max_examples=300, deadline=None, database=None)
@given(contents(DAYS), st.randoms(use_true_random=False))
def test_form_fields_and_json_read_to_the_same_content(fields, random):
    record = {"id": str(uuid4()), "desk": "HND-01", **fields}
    by_json = parse_consultation(record)
    by_form = parse_consultation(from_form(MultiDict(as_fields(record))))
    assert by_json.errors == by_form.errors == ()
    assert by_json.data == by_form.data
    shuffled = as_fields(record)
    random.shuffle(shuffled)
    if "main_topic" in record or "topics" not in record:
        mixed = parse_consultation(from_form(MultiDict(shuffled))).data
        assert content_digest(mixed) == content_digest(by_json.data)


@settings(max_examples=200, deadline=None, database=None)
@given(contents(DAYS), st.randoms(use_true_random=False))
def test_another_order_and_spelled_out_defaults_have_the_same_digest(fields, random):
    record = {"id": str(uuid4()), "desk": "HND-01", **fields}
    plain = content_digest(parse_consultation(record).data)
    if "topics" in record:
        record["main_topic"] = record.get("main_topic", record["topics"][0])
        for name in ("topics", "outcomes", "groups"):
            record[name] = random.sample(record[name], len(record[name]))
        record["groups"] = [
            {
                "situation": "unknown",
                **group,
                "persons": random.sample(group["persons"], len(group["persons"])),
            }
            for group in record["groups"]
        ]
        defaults = {
            "channel": "desk_in_person",
            "modality": "informational",
            "travel_group": "not_stated",
        }
        record = {**defaults, "flags": [], "card": None, **record}
    assert content_digest(parse_consultation(record).data) == plain


def test_form_and_json_are_stored_as_one_record(world):
    record = consultation_json(flags=["disability"], taps=3)
    ana = world["ana"]
    assert ana.post_form("/consultations", as_fields(record)).status_code == 302
    assert ana.post("/consultations", record).get_json()["arrival"] == "same"
    assert ana.post_form("/consultations", as_fields(record)).status_code == 302
    other = ana.post_form("/consultations", as_fields({**record, "channel": "phone"}))
    assert other.status_code == 409
    assert row_counts()["consultation"] == 1


def test_a_form_goes_on_to_the_day(world):
    answer = world["ana"].post_form("/consultations", as_fields(consultation_json()))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/today")


def test_boxes_left_empty_or_at_zero_hold_nobody(world):
    fields = as_fields(consultation_json())
    fields += [("groups-0-male-age_0_4", ""), ("groups-0-male-age_5_11", "0")]
    fields += [("groups-1-situation", "in_transit"), ("groups-1-nationality", "")]
    assert world["ana"].post_form("/consultations", fields).status_code == 302
    assert row_counts()["person_line"] == 1


def wrong_fields(record):
    return [*as_fields(record), ("groups-0-male-age_0_4", "abc"), ("groups-1-nationality", "VEN")]


def test_a_wrong_form_keeps_every_answer_on_the_page(world):
    record = consultation_json(
        channel="phone", travel_group="friends_group", flags=["disability"], language="hat"
    )
    before = row_counts()
    answer = world["ana"].post_form("/consultations", wrong_fields(record))
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    for value in (record["id"], record["held_on"]):
        assert f'value="{value}"' in page
    for code in ("phone", "friends_group", "hat", "VEN", "in_transit"):
        assert re.search(rf'<option value="{code}" selected', page) or is_checked(page, code), code
    for code in ("disability", "asylum", "information_given", "HND"):
        assert is_checked(page, code), code
    assert 'name="groups-0-female-age_25_59" value="1"' in page
    assert 'name="groups-0-male-age_0_4" value="abc"' in page
    assert row_counts() == before


def is_checked(page, code):
    return re.search(rf'value="{code}" checked', page) is not None


def test_an_empty_form_reports_what_is_missing(world):
    answer = world["ana"].post_form("/consultations", {})
    assert answer.status_code == 422
    assert row_counts()["consultation"] == 0


def test_a_strange_value_in_a_form_is_shown_as_text_alone(world):
    record = consultation_json(held_on='"><script>alert(1)</script>')
    page = world["ana"].post_form("/consultations", as_fields(record))
    assert page.status_code == 422
    assert "<script>alert" not in page.get_data(as_text=True)


def test_a_form_that_names_unknown_fields_is_refused(world):
    for name in ("name", "groups", "groups-8-nationality", "groups-0-nonsense", "note"):
        before = row_counts()
        answer = world["ana"].post_form(
            "/consultations", [*as_fields(consultation_json()), (name, "x")]
        )
        assert answer.status_code == 422, name
        assert row_counts() == before


def test_a_wrong_form_of_a_second_desk_comes_back_at_that_desk(world):
    from tests.factories.records import make_account, sign_in

    make_account("dora", "desk_staff", (world.desks["HND-01"], world.desks["HND-02"]))
    dora = sign_in(world.app, "dora")
    page = dora.post_form("/consultations", as_fields(consultation_json("HND-02", topics=[])))
    assert page.status_code == 422
    assert 'name="desk" value="HND-02"' in page.get_data(as_text=True)
    saved = dora.post_form("/consultations", as_fields(consultation_json("HND-02")))
    assert saved.headers["Location"] == "/today?desk=HND-02"


def test_another_language_and_one_more_nationality_keep_the_answers(world):
    record = consultation_json(channel="phone", topics=["health"])
    for change in ({"more_groups": "1"}, {"switch_locale": "fr"}):
        answer = world["ana"].post_form("/consultations/new", [*as_fields(record), *change.items()])
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert f'value="{record["id"]}"' in page
        assert is_checked(page, "health") and 'name="groups-0-female-age_25_59" value="1"' in page
        assert ("groups-1-nationality" in page) == ("more_groups" in change)
        assert ('<html lang="fr"' in page) == ("switch_locale" in change)
    assert row_counts()["consultation"] == 0


def test_another_language_in_the_middle_of_a_correction_stays_a_correction(world):
    record = consultation_json()
    world["ana"].post("/consultations", record)
    fields = [*as_fields({**record, "channel": "phone"}), ("version", "1"), ("reason", "slip")]
    for name in ("ana", "susana"):
        answer = world[name].post_form("/consultations/new", [*fields, ("switch_locale", "en")])
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200, name
        assert f'action="/consultations/{record["id"]}/correct"' in page
        assert 'name="version" value="1"' in page and is_checked(page, "slip")
    assert world["susana"].post_form("/consultations/new", as_fields(record)).status_code == 403
    assert world["guille"].post_form("/consultations/new", fields).status_code == 404


def test_the_page_of_a_new_record_takes_a_form_only(world):
    assert world["ana"].post("/consultations/new", consultation_json()).status_code == 415


def test_a_correction_by_form_goes_on_to_its_day_or_shows_what_is_wrong(world):
    record = consultation_json()
    world["ana"].post("/consultations", record)
    path = f"/consultations/{record['id']}/correct"
    shown = world["ana"].get(path)
    assert shown.status_code == 200
    assert f'value="{record["id"]}"' in shown.get_data(as_text=True)
    wrong = [*as_fields({**record, "topics": []}), ("version", "1"), ("reason", "slip")]
    assert world["ana"].post_form(path, wrong).status_code == 422
    right = [*as_fields({**record, "topics": ["health"]}), ("version", "1"), ("reason", "slip")]
    done = world["ana"].post_form(path, right)
    assert (done.status_code, done.headers["Location"]) == (
        302,
        f"/today?desk=HND-01&day={record['held_on']}",
    )
    stale = world["ana"].post_form(path, right)
    page = stale.get_data(as_text=True)
    assert stale.status_code == 409
    assert 'name="version" value="2"' in page and is_checked(page, "health")


def test_voiding_by_form_goes_on_to_its_day_or_says_what_is_wrong(world):
    record = consultation_json()
    world["ana"].post("/consultations", record)
    path = f"/consultations/{record['id']}/void"
    assert world["ana"].post_form(path, {}).status_code == 422
    assert world["ana"].post_form(path, {"reason": "slip", "version": "9"}).status_code == 409
    done = world["ana"].post_form(path, {"reason": "slip", "version": "1"})
    assert done.status_code == 302
    assert done.headers["Location"].startswith("/today?desk=HND-01")


def test_an_ended_session_keeps_the_answers_through_signing_in(world):
    record = consultation_json(channel="phone", flags=["disability", "older_person"])
    stranger = Browser(world.app.test_client())
    refused = stranger.post_form("/consultations", as_fields(record))
    page = refused.get_data(as_text=True)
    assert refused.status_code == 401
    kept_fields = re.findall(r'name="(kept\.[^"]*)" value="([^"]*)"', page)
    assert [(name.removeprefix("kept."), value) for name, value in kept_fields] == as_fields(record)
    signed_in = stranger.post_form(
        "/sign-in", [*kept_fields, ("username", "ana"), ("password", "a-long-test-phrase")]
    )
    signed_in_page = signed_in.get_data(as_text=True)
    assert signed_in.status_code == 200
    form = signed_in_page.partition('action="/consultations/new"')[2].partition("</form>")[0]
    carried = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    carried = [pair for pair in carried if pair[0] != "csrf_token"]
    assert carried == as_fields(record)
    shown = stranger.post_form("/consultations/new", carried).get_data(as_text=True)
    assert f'value="{record["id"]}"' in shown
    assert is_checked(shown, "disability") and is_checked(shown, "older_person")
    assert row_counts()["consultation"] == 0


def test_a_form_without_its_token_is_a_page_with_one_sentence(world):
    ana = world["ana"]
    answer = in_new_context(
        ana.client.post, "/consultations", data=dict(as_fields(consultation_json()))
    )
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    by_json = in_new_context(ana.client.post, "/consultations", data={"id": "1"}, headers=JSON)
    assert (by_json.status_code, by_json.get_json().keys()) == (400, {"problem"})
    assert row_counts()["consultation"] == 0
