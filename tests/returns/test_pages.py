"""The pages of a return request: each reader's next step, one step a page, withdrawing from every stage."""

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
from app.returns.rules import stages
from app.returns.vocabulary import texts
from app.web.outcomes import Accepted
from tests.contracts.test_shown_codes import CODE, visible
from tests.factories.records import Browser, at
from tests.factories.two_country_world import TwoCountryWorld
from tests.returns.return_steps import DESK, READ_TEXT, SUPERVISOR, all_steps, new_request, steps_to

NOON = at("2026-03-10 18:00")
TODAY = date(2026, 3, 10)
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is the same on every database."""
MOST_WORDS = 150
"""Read aloud at a calm 150 words a minute: a page takes a minute at most."""
USERNAMES = {DESK: "ana", SUPERVISOR: "susana"}
CONSENT = "consent_recorded"
CHECK = "voluntariness_vulnerability_check"
FAMILY = [
    {"sex": "female", "age_band": "age_25_59", "n": 2},
    {"sex": "male", "age_band": "age_5_11", "n": 1},
]


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(world: TwoCountryWorld) -> TwoCountryWorld:
    """Return the two-country world, its people reading English."""
    for name in (*USERNAMES.values(), "eva", "gabi"):
        world[name].client.set_cookie("locale", "en")
    return world


def make_request(world: TwoCountryWorld, stage: str = "enquiry", **fields: Any) -> str:
    """Create a request at a stage and return its reference."""
    created = world["ana"].post("/returns", new_request("HND-01", "HND", **fields))
    assert created.status_code == 201, created.data
    reference = str(created.get_json()["reference"])
    for actor, action, step_fields in steps_to(stage, TODAY):
        record_action(world, reference, action, actor, **step_fields)
    return reference


def record_action(
    world: TwoCountryWorld, reference: str, action: str, actor: str = DESK, **fields: Any
) -> None:
    """Record an action by JSON."""
    version = {"version": get_version(world, reference)} if "version" not in fields else {}
    answer = world[USERNAMES[actor]].post(f"/returns/{reference}/{action}", {**fields, **version})
    assert answer.status_code == 200, (action, answer.data)


def get_version(world: TwoCountryWorld, reference: str) -> int:
    return int(world["ana"].get_json(f"/returns/{reference}").get_json()["version"])


def main_of(browser: Browser, path: str, status: int = 200) -> str:
    """Return the main part of a page."""
    answer = browser.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return main_in(answer.get_data(as_text=True))


def main_in(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def next_of(main: str) -> list[str]:
    """Return the actions of the page's green buttons."""
    return re.findall(r'<a class="button" href="/returns/R-\w{5}/(\w+)"', main)


def has_form(main: str) -> bool:
    return 'id="step"' in main


def withdraws(main: str, reference: str) -> bool:
    """Return whether the page withdraws at the second tap: a form without questions stands behind the first one."""
    form = re.search(
        rf'<details class="withdraw">.*?<form method="post" action="/returns/{reference}/withdraw"'
        r".*?</details>",
        main,
        re.S,
    )
    inputs = re.findall(r'<(?:input|select|textarea)[^>]*name="(\w+)"', form[0]) if form else []
    return inputs == ["csrf_token"]


def count_words(main: str) -> int:
    """Count the words of a page, without its reference, its buttons and the names of all languages."""
    excluded = r'<p class="of-request">.*?</p>|<select.*?</select>|<div class="deeds-of">.*?</div>'
    plain = re.sub(rf"{excluded}|<details.*?</details>", " ", main, flags=re.S)
    return len(re.findall(r"[^\W_][\w'-]*", re.sub(r"<[^>]+>", " ", plain)))


@sqlite_only
def test_the_one_next_step_stands_on_the_page_of_whose_it_is_and_leads_to_a_form(world):
    for stage, (actor, action, fields) in zip(
        ("enquiry", *(action for _, action, _ in all_steps(TODAY))), all_steps(TODAY), strict=False
    ):
        if stage == "enquiry":
            reference = make_request(world)
        for reader_actor, name in USERNAMES.items():
            main = main_of(world[name], f"/returns/{reference}")
            assert next_of(main) == ([action] if reader_actor == actor else []), (stage, name)
        assert has_form(main_of(world[USERNAMES[actor]], f"/returns/{reference}/{action}"))
        record_action(world, reference, action, actor, **fields)
    assert next_of(main_of(world["susana"], f"/returns/{reference}")) == ["follow_up_done"]
    record_action(world, reference, "follow_up_done", SUPERVISOR)
    assert next_of(main_of(world["susana"], f"/returns/{reference}")) == ["close"]
    record_action(world, reference, "close", SUPERVISOR, reason="returned")
    assert next_of(main_of(world["susana"], f"/returns/{reference}")) == []


@sqlite_only
def test_the_longest_pages_are_read_within_a_minute_in_every_language(world):
    reference = make_request(world, persons=FAMILY)
    for _, action, fields in all_steps(TODAY)[:3]:
        for locale in LOCALES:
            world["ana"].client.set_cookie("locale", locale)
            main = main_of(world["ana"], f"/returns/{reference}/{action}")
            assert count_words(main) <= MOST_WORDS, (action, locale, count_words(main))
        record_action(world, reference, action, DESK, **fields)


@sqlite_only
def test_every_page_is_short_speaks_no_code_and_withdraws_until_departure(world):
    reference = make_request(world, persons=FAMILY)
    path = f"/returns/{reference}"
    forms = refusals = 0
    for actor, action, fields in all_steps(TODAY):
        is_before_departure = action != "arrived"
        for name in USERNAMES.values():
            assert withdraws(main_of(world[name], path), reference) == is_before_departure, (
                action,
                name,
            )
        for other_action in STEP_FORMS:
            answer = world[USERNAMES[actor]].get(f"{path}/{other_action}")
            main = main_in(answer.get_data(as_text=True))
            assert has_form(main) == (answer.status_code == 200), (action, other_action)
            assert count_words(main) <= MOST_WORDS, (other_action, count_words(main))
            assert CODE.findall(visible(main)) == [], (action, other_action)
            if other_action == "withdraw":
                assert (f'action="{path}/withdraw"' in main) == is_before_departure, action
            else:
                assert withdraws(main, reference) == is_before_departure, (action, other_action)
            forms += answer.status_code == 200
            refusals += answer.status_code != 200
        record_action(world, reference, action, actor, **fields)
    assert forms > 50
    assert refusals > 70


@sqlite_only
def test_a_step_before_its_time_is_no_form_and_says_why(world):
    reference = make_request(world)
    page = main_of(world["ana"], f"/returns/{reference}/handed_to_iom", 409)
    assert "Informed consent is not recorded." in page
    assert f'href="/returns/{reference}"' in page
    for stage in stages.SUPERVISOR_STAGES - stages.SHARED_STAGES:
        assert not has_form(main_of(world["ana"], f"/returns/{reference}/{stage}", 403))
    assert not has_form(main_of(world["ana"], f"/returns/{reference}/resume", 403))
    assert not has_form(main_of(world["susana"], f"/returns/{reference}/counselling", 403))
    assert not has_form(main_of(world["susana"], f"/returns/{reference}/resume", 409))


ANSWERS: dict[str, dict[str, Any]] = {action: fields for _, action, fields in all_steps(TODAY)} | {
    "best_interests_process": {"authority": "family_court", "decision": "pending"},
    "stop": {"signs": ["pressure"]},
    "resume": {"ground": "sign_mistaken"},
    "close": {"reason": "other"},
}


def is_accepted(world: TwoCountryWorld, name: str, display_reference: str, action: str) -> bool:
    """Return whether the account could record an action now, well answered; roll it back."""
    session, principal, reference = db.session(), world.accounts[name], display_reference[2:]
    step_input = StepInput(ANSWERS.get(action, {}))
    stop_resume_close_action = {
        "stop": stop_resume_close.stop,
        "resume": stop_resume_close.resume,
        "close": stop_resume_close.close,
    }.get(action)
    if stop_resume_close_action is not None:
        result = stop_resume_close_action(session, principal, reference, step_input)
    elif action == "withdraw":
        result = stop_resume_close.withdraw(session, principal, reference)
    else:
        result = record_stage.record_stage(session, principal, reference, action, step_input)
    db.session.rollback()
    return isinstance(result, Accepted)


@sqlite_only
@pytest.mark.parametrize("case", ["going on", "a child alone", "stopped", "withdrawn", "removed"])
def test_a_page_is_a_form_exactly_if_the_step_would_be_accepted(world, case):
    persons = (
        [{"sex": "male", "age_band": "age_12_17", "n": 1}] if case == "a child alone" else FAMILY
    )
    reference = make_request(world, CHECK, persons=persons)
    preparation = {
        "stopped": ("stop", DESK, {"signs": ["detention"]}),
        "withdrawn": ("withdraw", DESK, {}),
        "removed": ("close", SUPERVISOR, {"reason": "removed_by_authority"}),
    }.get(case)
    if preparation:
        record_action(world, reference, preparation[0], preparation[1], **preparation[2])
    forms = 0
    for actor, name in USERNAMES.items():
        for action in STEP_FORMS:
            status = world[name].get(f"/returns/{reference}/{action}").status_code
            stages_of_actor = stages.DESK_STAGES if actor == DESK else stages.SUPERVISOR_STAGES
            is_theirs = action in stages_of_actor or action in ("stop", "withdraw", "close")
            if action == "resume":
                is_theirs = actor == SUPERVISOR
            assert (status == 403) == (not is_theirs), (name, action)
            # A second withdrawal is accepted and changes nothing.
            is_repeated = (case, action) == ("withdrawn", "withdraw")
            accepted = is_theirs and not is_repeated and is_accepted(world, name, reference, action)
            assert (status == 200) == accepted, (name, action, status)
            forms += status == 200
    assert forms >= {"withdrawn": 0, "removed": 1}.get(case, 8)


def test_only_who_may_see_a_request_sees_its_pages(world):
    reference = make_request(world)
    for name, status in (("eva", 404), ("gabi", 404), ("rita", 403), ("adela", 403), ("cora", 403)):
        for page in ("", "/counselling", "/withdraw"):
            assert world[name].get(f"/returns/{reference}{page}").status_code == status
    assert world["ana"].get(f"/returns/{reference}/enquiry").status_code == 404


def test_answers_stay_after_a_refusal_and_the_problem_stands_at_its_field(world):
    reference = make_request(world, "counselling")
    fields = {"options_explained": "1", "may_withdraw": "1", "version": "2", **READ_TEXT}
    answer = world["ana"].post_form(f"/returns/{reference}/{CONSENT}", fields)
    main = main_in(answer.get_data(as_text=True))
    assert answer.status_code == 422
    for name in ("options_explained", "may_withdraw"):
        assert re.search(rf'name="{name}" value="1" checked', main)
    assert not re.search(r'name="own_decision" value="1" checked', main)
    assert re.search(r'<div class="asks wrong">\s*<p class="problem" id="p-own_decision">', main)
    assert '<option value="spa" selected>' in main
    assert get_version(world, reference) == 2


@sqlite_only
def test_several_and_choices_stay_after_a_refusal(world):
    reference = make_request(world, CONSENT)
    fields = {"free_choice": "refer", "signs": ["pressure", "detention"], "version": "3"}
    fields |= {"text_version": texts.current()}
    answer = world["ana"].post_form(f"/returns/{reference}/{CHECK}", fields)
    main = main_in(answer.get_data(as_text=True))
    assert answer.status_code == 422
    ticked = re.findall(r'name="(\w+)" value="(\w+)" checked', main)
    assert ticked == [("free_choice", "refer"), ("signs", "pressure"), ("signs", "detention")]
    assert 'id="p-informed_decision"' in main


@sqlite_only
def test_nothing_is_ticked_for_the_person_when_a_step_is_opened(world):
    reference = make_request(world, "counselling")
    assert " checked" not in main_of(world["ana"], f"/returns/{reference}/counselling")
    assert " checked" not in main_of(world["ana"], f"/returns/{reference}/{CONSENT}")
    record_action(world, reference, CONSENT, **all_steps(TODAY)[1][2])
    assert " checked" not in main_of(world["ana"], f"/returns/{reference}/{CHECK}")
    assert " checked" not in main_of(world["ana"], f"/returns/{reference}/{CONSENT}")


def test_a_page_that_was_overtaken_keeps_its_answers_and_says_so(world):
    reference = make_request(world, "counselling")
    record_action(world, reference, "counselling", **all_steps(TODAY)[0][2])
    fields = {"options_explained": "1", "own_decision": "1", "may_withdraw": "1", **READ_TEXT}
    answer = world["ana"].post_form(f"/returns/{reference}/{CONSENT}", {**fields, "version": "2"})
    main = main_in(answer.get_data(as_text=True))
    assert answer.status_code == 409
    assert main.count(" checked") == 3
    assert 'name="version" value="3"' in main
    assert 'role="alert"' in main
    second_answer = world["ana"].post_form(
        f"/returns/{reference}/{CONSENT}", {**fields, "version": "3"}
    )
    assert second_answer.location == f"/returns/{reference}"


@sqlite_only
def test_another_language_shows_its_text_and_keeps_what_was_ticked(world):
    reference = make_request(world, "counselling")
    fields = {"own_decision": "1", "version": "2", "switch_locale": "ht", **READ_TEXT}
    answer = world["ana"].post_form(f"/returns/{reference}/{CONSENT}/again", fields)
    main = main_in(answer.get_data(as_text=True))
    assert answer.status_code == 200
    assert '<div lang="ht">' in main
    assert texts.text(texts.current(), "consent", "ht").paragraphs[4] in main
    assert re.findall(r'name="(\w+)" value="1" checked', main) == ["own_decision"]
    assert get_version(world, reference) == 2


def test_the_desks_steps_by_their_pages_alone(world):
    reference = make_request(world)
    path = f"/returns/{reference}"
    ticks: dict[str, Any] = {name: "1" for name in ("options_explained", "own_decision")}
    fields_by_step: dict[str, Any] = {
        "counselling": {"explained": ["asylum", "limits"]},
        CONSENT: {**ticks, "may_withdraw": "1"},
        CHECK: {"free_choice": "yes", "informed_decision": "yes"},
        "handed_to_iom": {},
    }
    for action, fields in fields_by_step.items():
        (next_action,) = next_of(main_of(world["ana"], path))
        assert next_action == action
        main = main_of(world["ana"], f"{path}/{action}")
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main))
        hidden |= {"language": "hat"} if 'name="language"' in main else {}
        answer = world["ana"].post_form(f"{path}/{action}", {**hidden, **fields})
        assert (answer.status_code, answer.location) == (302, path)
    assert next_of(main_of(world["ana"], path)) == []
    assert "Haitian Creole" in main_of(world["ana"], path)


def test_who_departs_is_counted_down_from_who_asked(world):
    reference = make_request(world, "travel_arranged", persons=FAMILY)
    path = f"/returns/{reference}/departed"
    main = main_of(world["susana"], path)
    counters = re.findall(r'name="persons-([\w-]+)" value="(\d+)"', main)
    assert counters == [("female-age_25_59", "2"), ("male-age_5_11", "1")]
    assert f'name="departed_on" value="{TODAY.isoformat()}"' in main
    fields = {"departed_on": TODAY.isoformat(), "version": "9"}
    more = {"persons-female-age_25_59": "3", "persons-male-age_5_11": "1"}
    refused = world["susana"].post_form(path, fields | more)
    assert refused.status_code == 422
    assert 'name="persons-female-age_25_59" value="3"' in refused.get_data(as_text=True)
    fewer = {"persons-female-age_25_59": "1", "persons-male-age_5_11": "1"}
    assert world["susana"].post_form(path, fields | fewer).status_code == 302
    main = main_of(world["susana"], path)
    assert 'name="persons-female-age_25_59" value="1"' in main


def test_a_correction_is_a_new_entry_that_says_so(world):
    reference = make_request(world, "departed")
    main = main_of(world["susana"], f"/returns/{reference}")
    assert "recorded again" not in main
    record_action(world, reference, "departed", SUPERVISOR, departed_on="2026-03-10")
    main = main_of(world["susana"], f"/returns/{reference}")
    assert main.count("recorded again") == 1
    assert len(re.findall(r'<li class="replaced">', main)) == 1
    assert "susana" in main


def test_a_sign_stops_and_the_supervisor_decides_on_a_page_that_names_it(world):
    reference = make_request(world, CONSENT)
    path = f"/returns/{reference}"
    assert f'href="{path}/stop"' in main_of(world["ana"], path)
    stopped = {"signs": ["trafficking"], "version": "3"}
    assert world["ana"].post_form(f"{path}/stop", stopped).status_code == 302
    assert next_of(main_of(world["ana"], path)) == []
    assert next_of(main_of(world["susana"], path)) == ["resume"]
    main = main_of(world["susana"], f"{path}/resume")
    assert "A sign of trafficking or exploitation" in main
    assert 'name="ground"' in main
    assert f'href="{path}/close"' in main
    resumption = {"ground": "spoken_alone", "version": "4"}
    assert world["susana"].post_form(f"{path}/resume", resumption).status_code == 302
    assert next_of(main_of(world["ana"], path)) == [CHECK]


def test_after_a_doubt_that_was_lifted_the_desk_asks_again(world):
    reference = make_request(world, CONSENT)
    doubt = {"free_choice": "refer", "informed_decision": "yes", "text_version": texts.current()}
    record_action(world, reference, CHECK, **doubt)
    main = main_of(world["susana"], f"/returns/{reference}")
    assert next_of(main) == ["resume"]
    assert main_of(world["susana"], f"/returns/{reference}/resume").count('class="gates"') == 1
    record_action(world, reference, "resume", SUPERVISOR, ground="spoken_alone")
    assert next_of(main_of(world["ana"], f"/returns/{reference}")) == [CHECK]


@sqlite_only
def test_a_child_alone_meets_the_authority_before_anything_else(world):
    persons = [{"sex": "male", "age_band": "age_12_17", "n": 1}]
    reference = make_request(world, CHECK, persons=persons)
    path = f"/returns/{reference}"
    assert next_of(main_of(world["ana"], path)) == ["best_interests_process"]
    assert not has_form(main_of(world["ana"], f"{path}/handed_to_iom", 409))
    assert has_form(main_of(world["ana"], f"{path}/best_interests_process"))
    adult = make_request(world, CHECK)
    assert not has_form(main_of(world["ana"], f"/returns/{adult}/best_interests_process", 409))


@sqlite_only
def test_only_reasons_that_fit_are_offered_for_closing(world):
    def offered_reasons(name: str, reference: str) -> list[str]:
        main = main_of(world[name], f"/returns/{reference}/close")
        return re.findall(r'name="reason" value="(\w+)"', main)

    reference = make_request(world)
    before = offered_reasons("ana", reference)
    assert "no_funds" in before
    assert not {"returned", "withdrew"} & set(before)
    departed = make_request(world, "departed")
    assert "returned" not in offered_reasons("susana", departed)
    arrived = make_request(world, "arrived")
    assert offered_reasons("susana", arrived)[0] == "returned"
    assert not has_form(main_of(world["ana"], f"/returns/{arrived}/close", 409))


def test_a_consent_is_renewed_two_weeks_before_it_ends_and_must_be_after(world, at_noon):
    reference = make_request(world, CHECK)
    path = f"/returns/{reference}"
    assert f'href="{path}/{CONSENT}">Renew' not in main_of(world["ana"], path)
    for days, next_action, renews in ((76, "handed_to_iom", True), (91, CONSENT, False)):
        at_noon.move_to(NOON + timedelta(days=days))
        ana = world.sign_in_again("ana")
        ana.client.set_cookie("locale", "en")
        main = main_of(ana, path)
        assert next_of(main) == [next_action]
        assert (f'href="{path}/{CONSENT}">Renew' in main) == renews
    assert "The consent has expired." in main


def test_travel_is_asked_about_once_more_before_a_departure_is_the_next_step(world, at_noon):
    reference = make_request(world, "fit_to_travel")
    path = f"/returns/{reference}"
    arranged = {"transport_mode": "air", "travel_on": (TODAY + timedelta(days=1)).isoformat()}
    record_action(world, reference, "travel_arranged", SUPERVISOR, **arranged)
    main = main_of(world["susana"], path)
    assert next_of(main) == ["travel_arranged"]
    assert f'class="button-quiet" href="{path}/departed"' in main
    form_page = main_of(world["susana"], f"{path}/travel_arranged")
    assert f'name="travel_on" value="{arranged["travel_on"]}"' in form_page
    assert re.search(r'name="transport_mode" value="air" checked', form_page)
    today = {**arranged, "reconfirmed_on": TODAY.isoformat()}
    record_action(world, reference, "travel_arranged", SUPERVISOR, **today)
    assert next_of(main_of(world["susana"], path)) == ["departed"]
    at_noon.move_to(NOON + timedelta(days=4))
    susana = world.sign_in_again("susana")
    assert next_of(main_of(susana, path)) == ["departed"]


def test_two_taps_withdraw_in_neutral_words_and_nothing_is_left_to_do(world):
    reference = make_request(world, "approved")
    path = f"/returns/{reference}"
    answer = world["ana"].post_form(f"{path}/withdraw", {})
    assert (answer.status_code, answer.location) == (302, path)
    for name in USERNAMES.values():
        main = main_of(world[name], path)
        assert next_of(main) == []
        assert not withdraws(main, reference)
        assert not re.search(r"danger|error|fail|success", main)
        assert f"{path}/close" not in main


def test_a_text_that_no_version_has_in_a_language_is_named_in_its_own(app: Flask) -> None:
    assert texts.text(texts.current(), "consent", "xx").locale == "es"
    assert clock.now() == NOON
