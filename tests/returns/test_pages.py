"""The pages of a return request: what comes next for whom, one step a page, withdrawing from everywhere."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from app import clock
from app.db.session import db
from app.i18n.language import LOCALES
from app.returns.actions import record_stage, stop_resume_close
from app.returns.actions.record_stage import StepInput
from app.returns.forms.steps import STEP_FORMS
from app.returns.queries.requests import RequestRow
from app.returns.rules import stages
from app.returns.vocabulary import texts
from tests.contracts.test_shown_codes import CODE, visible
from tests.factories.records import Browser, at
from tests.factories.two_country_world import Office
from tests.returns.walking import DESK, READ, SUPERVISOR, new_request, way, way_to

NOON = at("2026-03-10 18:00")
TODAY = date(2026, 3, 10)
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is the same on every database."""
MOST_WORDS = 150
"""Read aloud at a calm 150 words a minute: a page takes a minute at most."""
PEOPLE = {DESK: "ana", SUPERVISOR: "susana"}
CONSENT = "consent_recorded"
CHECK = "voluntariness_vulnerability_check"
PAIR = [
    {"sex": "female", "age_band": "age_25_59", "n": 2},
    {"sex": "male", "age_band": "age_5_11", "n": 1},
]


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def office(office: Office) -> Office:
    """The office, its people reading English."""
    for name in (*PEOPLE.values(), "eva", "gabi"):
        office[name].client.set_cookie("locale", "en")
    return office


def make(office: Office, stage: str = "enquiry", **said: Any) -> str:
    """A request at that stage; its reference."""
    opened = office["ana"].post("/returns", new_request("HND-01", "HND", **said))
    assert opened.status_code == 201, opened.data
    reference = str(opened.get_json()["reference"])
    for side, act, fields in way_to(stage, TODAY):
        act_on(office, reference, act, side, **fields)
    return reference


def act_on(office: Office, reference: str, act: str, side: str = DESK, **said: Any) -> None:
    """One act, sent as a program does."""
    known = {"version": version(office, reference)} if "version" not in said else {}
    sent = office[PEOPLE[side]].post(f"/returns/{reference}/{act}", {**said, **known})
    assert sent.status_code == 200, (act, sent.data)


def version(office: Office, reference: str) -> int:
    return int(office["ana"].get_json(f"/returns/{reference}").get_json()["version"])


def main_of(browser: Browser, path: str, status: int = 200) -> str:
    """The main part of a page."""
    answer = browser.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return main_in(answer.get_data(as_text=True))


def main_in(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def next_of(main: str) -> list[str]:
    """The acts of the page's green buttons."""
    return re.findall(r'<a class="button" href="/returns/R-\w{5}/(\w+)"', main)


def has_form(main: str) -> bool:
    return 'id="step"' in main


def withdraws(main: str, reference: str) -> bool:
    """Whether the page withdraws at the second tap: a form that asks for nothing stands behind the first one."""
    form = re.search(
        rf'<details class="withdraw">.*?<form method="post" action="/returns/{reference}/withdraw"'
        r".*?</details>",
        main,
        re.S,
    )
    asked = re.findall(r'<(?:input|select|textarea)[^>]*name="(\w+)"', form[0]) if form else []
    return asked == ["csrf_token"]


def words_of(main: str) -> int:
    """How many words are read on a page, without its reference, its buttons and the names of all languages."""
    around = r'<p class="of-request">.*?</p>|<select.*?</select>|<div class="deeds-of">.*?</div>'
    plain = re.sub(rf"{around}|<details.*?</details>", " ", main, flags=re.S)
    return len(re.findall(r"[^\W_][\w'-]*", re.sub(r"<[^>]+>", " ", plain)))


@on_one
def test_the_one_next_step_stands_on_the_page_of_whose_it_is_and_leads_to_a_form(office):
    for stage, (side, act, said) in zip(
        ("enquiry", *(act for _, act, _ in way(TODAY))), way(TODAY), strict=False
    ):
        if stage == "enquiry":
            reference = make(office)
        for whose, name in PEOPLE.items():
            main = main_of(office[name], f"/returns/{reference}")
            assert next_of(main) == ([act] if whose == side else []), (stage, name)
        assert has_form(main_of(office[PEOPLE[side]], f"/returns/{reference}/{act}"))
        act_on(office, reference, act, side, **said)
    assert next_of(main_of(office["susana"], f"/returns/{reference}")) == ["follow_up_done"]
    act_on(office, reference, "follow_up_done", SUPERVISOR)
    assert next_of(main_of(office["susana"], f"/returns/{reference}")) == ["close"]
    act_on(office, reference, "close", SUPERVISOR, reason="returned")
    assert next_of(main_of(office["susana"], f"/returns/{reference}")) == []


@on_one
def test_the_longest_pages_are_read_within_a_minute_in_every_language(office):
    reference = make(office, persons=PAIR)
    for _, act, said in way(TODAY)[:3]:
        for locale in LOCALES:
            office["ana"].client.set_cookie("locale", locale)
            main = main_of(office["ana"], f"/returns/{reference}/{act}")
            assert words_of(main) <= MOST_WORDS, (act, locale, words_of(main))
        act_on(office, reference, act, DESK, **said)


@on_one
def test_every_page_is_short_speaks_no_code_and_withdraws_until_departure(office):
    reference = make(office, persons=PAIR)
    path = f"/returns/{reference}"
    forms = kept = 0
    for side, act, said in way(TODAY):
        before = act != "arrived"
        for name in PEOPLE.values():
            assert withdraws(main_of(office[name], path), reference) == before, (act, name)
        for other in STEP_FORMS:
            answer = office[PEOPLE[side]].get(f"{path}/{other}")
            main = main_in(answer.get_data(as_text=True))
            assert has_form(main) == (answer.status_code == 200), (act, other)
            assert words_of(main) <= MOST_WORDS, (other, words_of(main))
            assert CODE.findall(visible(main)) == [], (act, other)
            if other == "withdraw":
                assert (f'action="{path}/withdraw"' in main) == before, act
            else:
                assert withdraws(main, reference) == before, (act, other)
            forms += answer.status_code == 200
            kept += answer.status_code != 200
        act_on(office, reference, act, side, **said)
    assert forms > 50
    assert kept > 70


@on_one
def test_a_step_before_its_time_is_no_form_and_says_why(office):
    reference = make(office)
    page = main_of(office["ana"], f"/returns/{reference}/handed_to_iom", 409)
    assert "Informed consent is not recorded." in page
    assert f'href="/returns/{reference}"' in page
    for stage in stages.SUPERVISOR_STAGES - stages.SHARED_STAGES:
        assert not has_form(main_of(office["ana"], f"/returns/{reference}/{stage}", 403))
    assert not has_form(main_of(office["ana"], f"/returns/{reference}/resume", 403))
    assert not has_form(main_of(office["susana"], f"/returns/{reference}/counselling", 403))
    assert not has_form(main_of(office["susana"], f"/returns/{reference}/resume", 409))


GOOD: dict[str, dict[str, Any]] = {act: said for _, act, said in way(TODAY)} | {
    "best_interests_process": {"authority": "family_court", "decision": "pending"},
    "stop": {"signs": ["pressure"]},
    "resume": {"ground": "sign_mistaken"},
    "close": {"reason": "other"},
}


def is_accepted(office: Office, name: str, reference: str, act: str) -> bool:
    """Whether the account could record an act now, well answered; nothing stays of it."""
    session, by, signs = db.session(), office.accounts[name], reference[2:]
    said = StepInput(GOOD.get(act, {}))
    turn = {
        "stop": stop_resume_close.stop,
        "resume": stop_resume_close.resume,
        "close": stop_resume_close.close,
    }.get(act)
    if turn is not None:
        moved = turn(session, by, signs, said)
    elif act == "withdraw":
        moved = stop_resume_close.withdraw(session, by, signs)
    else:
        moved = record_stage.record_stage(session, by, signs, act, said)
    db.session.rollback()
    return isinstance(moved, RequestRow)


@on_one
@pytest.mark.parametrize("case", ["going on", "a child alone", "stopped", "withdrawn", "removed"])
def test_a_page_is_a_form_exactly_where_the_step_would_be_accepted(office, case):
    child = [{"sex": "male", "age_band": "age_12_17", "n": 1}] if case == "a child alone" else PAIR
    reference = make(office, CHECK, persons=child)
    done = {
        "stopped": ("stop", DESK, {"signs": ["detention"]}),
        "withdrawn": ("withdraw", DESK, {}),
        "removed": ("close", SUPERVISOR, {"reason": "removed_by_authority"}),
    }.get(case)
    if done:
        act_on(office, reference, done[0], done[1], **done[2])
    forms = 0
    for side, name in PEOPLE.items():
        for act in STEP_FORMS:
            status = office[name].get(f"/returns/{reference}/{act}").status_code
            theirs = stages.DESK_STAGES if side == DESK else stages.SUPERVISOR_STAGES
            is_theirs = act in theirs or act in ("stop", "withdraw", "close")
            if act == "resume":
                is_theirs = side == SUPERVISOR
            assert (status == 403) == (not is_theirs), (name, act)
            again = (case, act) == ("withdrawn", "withdraw")  # accepted once more, changing nothing
            accepted = is_theirs and not again and is_accepted(office, name, reference, act)
            assert (status == 200) == accepted, (name, act, status)
            forms += status == 200
    assert forms >= {"withdrawn": 0, "removed": 1}.get(case, 8)


def test_only_who_may_see_a_request_sees_its_pages(office):
    reference = make(office)
    for name, status in (("eva", 404), ("gabi", 404), ("rita", 403), ("adela", 403), ("cora", 403)):
        for page in ("", "/counselling", "/withdraw"):
            assert office[name].get(f"/returns/{reference}{page}").status_code == status
    assert office["ana"].get(f"/returns/{reference}/enquiry").status_code == 404


def test_answers_stay_after_a_refusal_and_the_problem_stands_at_its_field(office):
    reference = make(office, "counselling")
    said = {"options_explained": "1", "may_withdraw": "1", "version": "2", **READ}
    sent = office["ana"].post_form(f"/returns/{reference}/{CONSENT}", said)
    main = main_in(sent.get_data(as_text=True))
    assert sent.status_code == 422
    for name in ("options_explained", "may_withdraw"):
        assert re.search(rf'name="{name}" value="1" checked', main)
    assert not re.search(r'name="own_decision" value="1" checked', main)
    assert re.search(r'<div class="asks wrong">\s*<p class="problem" id="p-own_decision">', main)
    assert '<option value="spa" selected>' in main
    assert version(office, reference) == 2


@on_one
def test_several_and_choices_stay_after_a_refusal(office):
    reference = make(office, CONSENT)
    said = {"free_choice": "refer", "signs": ["pressure", "detention"], "version": "3"}
    said |= {"text_version": texts.current()}
    sent = office["ana"].post_form(f"/returns/{reference}/{CHECK}", said)
    main = main_in(sent.get_data(as_text=True))
    assert sent.status_code == 422
    ticked = re.findall(r'name="(\w+)" value="(\w+)" checked', main)
    assert ticked == [("free_choice", "refer"), ("signs", "pressure"), ("signs", "detention")]
    assert 'id="p-informed_decision"' in main


@on_one
def test_nothing_is_ticked_for_the_person_when_a_step_is_opened(office):
    reference = make(office, "counselling")
    assert " checked" not in main_of(office["ana"], f"/returns/{reference}/counselling")
    assert " checked" not in main_of(office["ana"], f"/returns/{reference}/{CONSENT}")
    act_on(office, reference, CONSENT, **way(TODAY)[1][2])
    assert " checked" not in main_of(office["ana"], f"/returns/{reference}/{CHECK}")
    assert " checked" not in main_of(office["ana"], f"/returns/{reference}/{CONSENT}")


def test_a_page_that_was_overtaken_keeps_its_answers_and_says_so(office):
    reference = make(office, "counselling")
    act_on(office, reference, "counselling", **way(TODAY)[0][2])
    said = {"options_explained": "1", "own_decision": "1", "may_withdraw": "1", **READ}
    sent = office["ana"].post_form(f"/returns/{reference}/{CONSENT}", {**said, "version": "2"})
    main = main_in(sent.get_data(as_text=True))
    assert sent.status_code == 409
    assert main.count(" checked") == 3
    assert 'name="version" value="3"' in main
    assert 'role="alert"' in main
    again = office["ana"].post_form(f"/returns/{reference}/{CONSENT}", {**said, "version": "3"})
    assert again.location == f"/returns/{reference}"


@on_one
def test_another_language_shows_its_text_and_keeps_what_was_ticked(office):
    reference = make(office, "counselling")
    said = {"own_decision": "1", "version": "2", "switch_locale": "ht", **READ}
    answer = office["ana"].post_form(f"/returns/{reference}/{CONSENT}/again", said)
    main = main_in(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert '<div lang="ht">' in main
    assert texts.text(texts.current(), "consent", "ht").paragraphs[4] in main
    assert re.findall(r'name="(\w+)" value="1" checked', main) == ["own_decision"]
    assert version(office, reference) == 2


def test_the_desks_steps_by_their_pages_alone(office):
    reference = make(office)
    path = f"/returns/{reference}"
    known: dict[str, Any] = {name: "1" for name in ("options_explained", "own_decision")}
    given: dict[str, Any] = {
        "counselling": {"explained": ["asylum", "limits"]},
        CONSENT: {**known, "may_withdraw": "1"},
        CHECK: {"free_choice": "yes", "informed_decision": "yes"},
        "handed_to_iom": {},
    }
    for act, said in given.items():
        (wanted,) = next_of(main_of(office["ana"], path))
        assert wanted == act
        main = main_of(office["ana"], f"{path}/{act}")
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main))
        hidden |= {"language": "hat"} if 'name="language"' in main else {}
        sent = office["ana"].post_form(f"{path}/{act}", {**hidden, **said})
        assert (sent.status_code, sent.location) == (302, path)
    assert next_of(main_of(office["ana"], path)) == []
    assert "Haitian Creole" in main_of(office["ana"], path)


def test_who_departs_is_counted_down_from_who_asked(office):
    reference = make(office, "travel_arranged", persons=PAIR)
    path = f"/returns/{reference}/departed"
    main = main_of(office["susana"], path)
    counters = re.findall(r'name="persons-([\w-]+)" value="(\d+)"', main)
    assert counters == [("female-age_25_59", "2"), ("male-age_5_11", "1")]
    assert f'name="departed_on" value="{TODAY.isoformat()}"' in main
    said = {"departed_on": TODAY.isoformat(), "version": "9"}
    more = {"persons-female-age_25_59": "3", "persons-male-age_5_11": "1"}
    refused = office["susana"].post_form(path, said | more)
    assert refused.status_code == 422
    assert 'name="persons-female-age_25_59" value="3"' in refused.get_data(as_text=True)
    fewer = {"persons-female-age_25_59": "1", "persons-male-age_5_11": "1"}
    assert office["susana"].post_form(path, said | fewer).status_code == 302
    main = main_of(office["susana"], path)
    assert 'name="persons-female-age_25_59" value="1"' in main


def test_a_correction_is_a_new_entry_that_says_so(office):
    reference = make(office, "departed")
    main = main_of(office["susana"], f"/returns/{reference}")
    assert "recorded again" not in main
    act_on(office, reference, "departed", SUPERVISOR, departed_on="2026-03-10")
    main = main_of(office["susana"], f"/returns/{reference}")
    assert main.count("recorded again") == 1
    assert len(re.findall(r'<li class="replaced">', main)) == 1
    assert "susana" in main


def test_a_sign_stops_and_the_supervisor_decides_on_a_page_that_names_it(office):
    reference = make(office, CONSENT)
    path = f"/returns/{reference}"
    assert f'href="{path}/stop"' in main_of(office["ana"], path)
    stopped = {"signs": ["trafficking"], "version": "3"}
    assert office["ana"].post_form(f"{path}/stop", stopped).status_code == 302
    assert next_of(main_of(office["ana"], path)) == []
    assert next_of(main_of(office["susana"], path)) == ["resume"]
    main = main_of(office["susana"], f"{path}/resume")
    assert "A sign of trafficking or exploitation" in main
    assert 'name="ground"' in main
    assert f'href="{path}/close"' in main
    goes_on = {"ground": "spoken_alone", "version": "4"}
    assert office["susana"].post_form(f"{path}/resume", goes_on).status_code == 302
    assert next_of(main_of(office["ana"], path)) == [CHECK]


def test_after_a_doubt_that_was_lifted_the_desk_asks_again(office):
    reference = make(office, CONSENT)
    doubt = {"free_choice": "refer", "informed_decision": "yes", "text_version": texts.current()}
    act_on(office, reference, CHECK, **doubt)
    main = main_of(office["susana"], f"/returns/{reference}")
    assert next_of(main) == ["resume"]
    assert main_of(office["susana"], f"/returns/{reference}/resume").count('class="gates"') == 1
    act_on(office, reference, "resume", SUPERVISOR, ground="spoken_alone")
    assert next_of(main_of(office["ana"], f"/returns/{reference}")) == [CHECK]


@on_one
def test_a_child_alone_meets_the_authority_before_anything_else(office):
    child = [{"sex": "male", "age_band": "age_12_17", "n": 1}]
    reference = make(office, CHECK, persons=child)
    path = f"/returns/{reference}"
    assert next_of(main_of(office["ana"], path)) == ["best_interests_process"]
    assert not has_form(main_of(office["ana"], f"{path}/handed_to_iom", 409))
    assert has_form(main_of(office["ana"], f"{path}/best_interests_process"))
    adult = make(office, CHECK)
    assert not has_form(main_of(office["ana"], f"/returns/{adult}/best_interests_process", 409))


@on_one
def test_only_reasons_that_fit_are_offered_for_closing(office):
    def offered(name: str, reference: str) -> list[str]:
        main = main_of(office[name], f"/returns/{reference}/close")
        return re.findall(r'name="reason" value="(\w+)"', main)

    reference = make(office)
    before = offered("ana", reference)
    assert "no_funds" in before
    assert not {"returned", "withdrew"} & set(before)
    gone = make(office, "departed")
    assert "returned" not in offered("susana", gone)
    arrived = make(office, "arrived")
    assert offered("susana", arrived)[0] == "returned"
    assert not has_form(main_of(office["ana"], f"/returns/{arrived}/close", 409))


def test_a_consent_is_renewed_two_weeks_before_it_ends_and_must_be_after(office, at_noon):
    reference = make(office, CHECK)
    path = f"/returns/{reference}"
    assert f'href="{path}/{CONSENT}">Renew' not in main_of(office["ana"], path)
    for days, wanted, renews in ((76, "handed_to_iom", True), (91, CONSENT, False)):
        at_noon.move_to(NOON + timedelta(days=days))
        ana = office.sign_in_again("ana")
        ana.client.set_cookie("locale", "en")
        main = main_of(ana, path)
        assert next_of(main) == [wanted]
        assert (f'href="{path}/{CONSENT}">Renew' in main) == renews
    assert "The consent has expired." in main


def test_travel_is_asked_about_once_more_before_a_departure_is_the_next_step(office, at_noon):
    reference = make(office, "fit_to_travel")
    path = f"/returns/{reference}"
    later = {"transport_mode": "air", "travel_on": (TODAY + timedelta(days=1)).isoformat()}
    act_on(office, reference, "travel_arranged", SUPERVISOR, **later)
    main = main_of(office["susana"], path)
    assert next_of(main) == ["travel_arranged"]
    assert f'class="button-quiet" href="{path}/departed"' in main
    again = main_of(office["susana"], f"{path}/travel_arranged")
    assert f'name="travel_on" value="{later["travel_on"]}"' in again
    assert re.search(r'name="transport_mode" value="air" checked', again)
    today = {**later, "reconfirmed_on": TODAY.isoformat()}
    act_on(office, reference, "travel_arranged", SUPERVISOR, **today)
    assert next_of(main_of(office["susana"], path)) == ["departed"]
    at_noon.move_to(NOON + timedelta(days=4))
    susana = office.sign_in_again("susana")
    assert next_of(main_of(susana, path)) == ["departed"]


def test_two_taps_withdraw_in_neutral_words_and_nothing_is_left_to_do(office):
    reference = make(office, "approved")
    path = f"/returns/{reference}"
    sent = office["ana"].post_form(f"{path}/withdraw", {})
    assert (sent.status_code, sent.location) == (302, path)
    for name in PEOPLE.values():
        main = main_of(office[name], path)
        assert next_of(main) == []
        assert not withdraws(main, reference)
        assert not re.search(r"danger|error|fail|success", main)
        assert f"{path}/close" not in main


def test_a_text_that_no_version_has_in_a_language_is_named_in_its_own(app: Flask) -> None:
    assert texts.text(texts.current(), "consent", "xx").locale == "es"
    assert clock.now() == NOON
