"""Visitor cards by the requests that desks send: printed, shown, looked up, lost and replaced."""

import re
from dataclasses import replace as changed
from datetime import date

import pytest
import time_machine
from sqlalchemy import String, Text, select, text

from app.db.session import Base, db
from app.people.models.cards import VisitorCard
from app.people.models.lines import PersonLine
from app.people.rules.card_codes import (
    digest_card_code,
    format_card_code,
    generate_card_code,
    parse_card_code,
)
from tests.factories.records import at, consultation_json

CODE = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{5}-){2}[0-9A-HJKMNP-TV-Z]{5}")
NOON = at("2026-03-14 18:00")


@pytest.fixture
def march(world):
    """Yield the two-country world in the middle of March 2026, everybody signed in on that day."""
    with time_machine.travel(NOON):
        yield world


def print_cards(world, n=1, username="susana", desk="HND-01"):
    answer = world[username].post("/cards", {"desk": desk, "n": n})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()["codes"]


def show(world, card, username="ana", desk="HND-01", **fields):
    content = consultation_json(desk, card=card, **fields)
    answer = world[username].post("/consultations", content)
    assert answer.status_code == 201, answer.get_json()
    return content


def look_up(world, card, username="ana", desk="HND-01", **fields):
    return world[username].post("/cards/lookup", {"card": card, "desk": desk, **fields})


def replace(world, lost, replacement, username="ana"):
    return world[username].post("/cards/replace", {"lost": lost, "replacement": replacement})


def only_problem(answer):
    assert answer.status_code == 422, answer.data
    (problem,) = answer.get_json()["problems"]
    assert problem["message"]
    return problem["field"], problem["code"]


def rows(table):
    all_rows = db.session.execute(select(table).order_by(*table.primary_key.columns)).all()
    db.session.rollback()
    return all_rows


def everything_in_text():
    """Return every text of every table, as one."""
    texts = []
    for table in Base.metadata.sorted_tables:
        text_columns = [
            c
            for c in table.columns
            if isinstance(c.type, (String, Text)) or c.type.python_type is str
        ]
        for row in db.session.execute(text(f"SELECT * FROM {table.name}")):
            texts += [str(value) for value in row if value is not None]
        assert text_columns or table.columns
    db.session.rollback()
    return "\n".join(texts)


def list_card_actions(subject_part=""):
    entries = db.session.execute(
        text("SELECT action, subject, country FROM audit_entry ORDER BY number")
    ).all()
    db.session.rollback()
    return [
        tuple(entry)
        for entry in entries
        if entry.action.startswith("card") and subject_part in entry.subject
    ]


def test_printing_answers_the_codes_once_and_stores_their_digests_only(march):
    codes = print_cards(march, 12)
    assert len(set(codes)) == 12
    assert all(CODE.fullmatch(code) and parse_card_code(code) for code in codes)

    key = march.app.config["SETTINGS"].card_keys[2026]
    cards = rows(VisitorCard.__table__)
    assert {row.digest for row in cards} == {
        digest_card_code(parse_card_code(c), key) for c in codes
    }
    assert {(row.year, row.root_id, row.is_replaced) for row in cards} == {(2026, None, False)}
    assert list_card_actions() == [("cards_printed", "desk:HND-01", "HND")]


def test_no_code_is_ever_stored_or_shown_again(march, caplog):
    lost, new = print_cards(march, 2)
    show(march, lost)
    visit = show(march, lost.lower().replace("-", " "))
    assert look_up(march, lost).status_code == 200
    assert replace(march, lost, new).status_code == 200
    record = march["ana"].get_json(f"/consultations/{visit['id']}").get_json()
    assert record["card"] == "attached"

    stored = everything_in_text() + march["susana"].get("/audit").text + caplog.text
    for code in (lost, new):
        for spelling in (code, parse_card_code(code), code.lower(), code[:11]):
            assert spelling not in stored


def test_the_rows_of_a_sheet_do_not_tell_its_order(march):
    codes = print_cards(march, 40)
    key = march.app.config["SETTINGS"].card_keys[2026]
    order = [row.digest for row in rows(VisitorCard.__table__)]
    assert order == sorted(order)
    assert order != [digest_card_code(parse_card_code(code), key) for code in codes]


def test_by_form_the_answer_is_the_sheet_itself_never_kept(march):
    answer = march["susana"].post_form("/cards", {"desk": "HND-01", "n": "11"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    cards = re.findall(r'<li class="visitor-card">(.*?)</li>', answer.text, re.S)
    assert len(cards) == 11
    assert answer.text.count('<ol class="paper">') == 2
    for card in cards:
        assert card.count("<svg") == 1
        assert "style=" not in card
        assert [lang for lang in re.findall(r'<p lang="(\w+)">', card)] == [
            "es", "en", "fr", "ht", "nl", "pt",
        ]  # fmt: skip
        assert ">2026<" in card
        text = re.sub(r"<[^>]*>", " ", card).lower()
        for word in ("hnd", "honduras", "ventanilla", "municipal", "iom", "oim", "migr"):
            assert word not in text
    assert not re.findall(r'<p lang="(\w+)">', answer.text.partition('<ol class="paper">')[0])


def test_a_reporting_year_that_begins_in_july_is_printed_with_both_years(march):
    settings = march.app.config["SETTINGS"]
    march.app.config["SETTINGS"] = changed(settings, reporting_year_start=7)
    sheet = march["susana"].post_form("/cards", {"desk": "HND-01", "n": "1"})
    assert ">2025–26<" in sheet.text
    assert [row.year for row in rows(VisitorCard.__table__)] == [2025]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"n": 0}, ("n", "how_many_cards")),
        ({"n": -3}, ("n", "how_many_cards")),
        ({"n": 201}, ("n", "how_many_cards")),
        ({"n": 10**40}, ("n", "how_many_cards")),
        ({"n": "12"}, ("n", "not_a_number")),
        ({"n": 1.5}, ("n", "not_a_number")),
        ({"n": True}, ("n", "not_a_number")),
        ({"n": None}, ("n", "required")),
        ({"n": [1]}, ("n", "not_a_number")),
        ({"desk": "GTM-01"}, ("desk", "not_your_desk")),
        ({"desk": "HND-99"}, ("desk", "not_your_desk")),
        ({"desk": "\0"}, ("desk", "not_your_desk")),
        ({"desk": ["HND-01"]}, ("desk", "unreadable")),
        ({"desk": ""}, ("desk", "required")),
        ({"name": "Maria"}, ("name", "unknown_field")),
    ],
)
def test_what_is_wrong_with_an_order_of_cards_is_reported_and_nothing_is_made(
    march, fields, problem
):
    assert (
        only_problem(march["susana"].post("/cards", {"desk": "HND-01", "n": 5, **fields}))
        == problem
    )
    page = march["susana"].post_form("/cards", {"desk": "GTM-01", "n": "0"})
    assert page.status_code == 422
    assert page.text.partition("<main")[2].partition("</main>")[0].count('class="problem"') == 2
    assert rows(VisitorCard.__table__) == []
    assert list_card_actions() == []


def test_no_cards_are_made_for_a_desk_that_is_closed_or_a_year_without_a_key(march):
    settings = march.app.config["SETTINGS"]
    march.app.config["SETTINGS"] = changed(settings, card_keys={2025: b"k" * 32})
    order = {"desk": "HND-01", "n": 1}
    assert only_problem(march["susana"].post("/cards", order)) == ("desk", "no_card_key")
    march.app.config["SETTINGS"] = settings
    with march.app.app_context():
        closed = "UPDATE desk SET closed_on = '2026-02-01', version = version + 1"
        db.session.execute(text(f"{closed} WHERE code = 'HND-01'"))
        db.session.commit()
    assert only_problem(march["susana"].post("/cards", order)) == ("desk", "desk_not_open")
    assert "HND-01 ·" not in march["susana"].get("/cards").text
    assert rows(VisitorCard.__table__) == []


def test_two_hundred_cards_are_printed_at_once(march):
    assert len(set(print_cards(march, 200))) == 200


@pytest.mark.parametrize("path", ["/consultations", "/cards/lookup", "/cards/replace"])
def test_a_card_that_is_none_is_reported_in_one_sentence_at_its_field(march, path):
    (code,) = print_cards(march)
    settings = march.app.config["SETTINGS"]
    swapped = list(parse_card_code(code))
    first = next(n for n in range(14) if swapped[n] != swapped[n + 1])
    swapped[first], swapped[first + 1] = swapped[first + 1], swapped[first]
    character = "Z" if code[3] != "Z" else "Y"
    problems = {
        code[:3] + character + code[4:]: "card_mistyped",
        "".join(swapped): "card_mistyped",
        code[:-1]: "card_mistyped",
        "U" * 15: "card_mistyped",
        "🙂": "card_mistyped",
        format_card_code(generate_card_code(2026, lambda below: 7 % below)): "card_unknown",
    }
    before = len(rows(PersonLine.__table__))
    for typed, expected in problems.items():
        assert _problem_of(march, path, typed, code) == expected, typed
    march.app.config["SETTINGS"] = changed(
        settings, card_keys={2026: b"another programme's key " * 2}
    )
    assert _problem_of(march, path, code, code) == "card_unknown"
    march.app.config["SETTINGS"] = changed(settings, card_keys={2027: b"k" * 32})
    assert _problem_of(march, path, code, code) == "card_year_closed"
    assert len(rows(PersonLine.__table__)) == before
    assert not any(row.is_replaced for row in rows(VisitorCard.__table__))


def _problem_of(world, path, typed, other):
    if path == "/consultations":
        answer = world["ana"].post(path, consultation_json(card=typed))
        field = "card"
    elif path == "/cards/lookup":
        answer, field = look_up(world, typed), "card"
    else:
        answer, field = replace(world, typed, other), "lost"
    assert answer.status_code == 422
    problems = answer.get_json()["problems"]
    assert typed not in answer.get_data(as_text=True)
    return {problem["field"]: problem["code"] for problem in problems}[field]


def test_a_card_shows_its_last_composition_at_any_desk_and_says_no_more(march):
    (code,) = print_cards(march)
    woman = {"sex": "female", "age_band": "age_25_59", "n": 1}
    girls = {"sex": "female", "age_band": "age_5_11", "n": 2}
    group = {"nationality": "HND", "situation": "in_transit", "persons": [woman, girls]}
    other_group = {"nationality": "SLV", "situation": "stranded", "persons": [{**woman, "n": 3}]}
    repeat = {"repeat_contact": "first_this_year"}
    show(march, code, groups=[{**group, **repeat}, {**other_group, **repeat}], held_on="2026-02-20")
    show(march, code, held_on="2026-01-05")
    show(march, code, held_on="2026-03-01", outcomes=["person_left"])

    response = look_up(march, code, "guille", "GTM-01")
    assert response.status_code == 200
    body = response.get_json()
    assert body.keys() == {"before", "groups"}
    assert body["before"] is None  # never in Guatemala
    assert [g["nationality"] for g in body["groups"]] == ["HND", "SLV"]
    assert [g["situation"] for g in body["groups"]] == ["in_transit", "stranded"]
    assert all(g.keys() == {"nationality", "situation", "persons"} for g in body["groups"])
    assert sorted(p["n"] for p in body["groups"][0]["persons"]) == [1, 2]
    assert body["groups"][1]["persons"] == [{**woman, "n": 3}]
    assert list_card_actions("desk:GTM-01") == [("card_read", "desk:GTM-01", "GTM")]


@pytest.mark.parametrize(
    ("days", "held_on", "before"),
    [
        ([], "2026-03-14", None),
        (["2026-03-02"], "2026-03-14", "repeat_this_month"),
        (["2026-03-14"], "2026-03-14", "repeat_this_month"),
        (["2026-02-28"], "2026-03-14", "first_this_month"),
        (["2026-01-01"], "2026-03-14", "first_this_month"),
        (["2025-12-31"], "2026-03-14", None),
        (["2026-03-10"], "2026-03-05", None),
        (["2026-01-20", "2026-03-10"], "2026-03-05", "first_this_month"),
    ],
)
def test_the_card_offers_the_answer_that_it_knows_for_the_country(march, days, held_on, before):
    (code,) = print_cards(march)
    for day in days:
        show(march, code, held_on=day)
    assert look_up(march, code, "eva", "HND-02", held_on=held_on).get_json()["before"] == before
    assert look_up(march, code, "guille", "GTM-01", held_on=held_on).get_json()["before"] is None


def test_a_voided_consultation_is_no_last_composition(march):
    (code,) = print_cards(march)
    content = show(march, code)
    assert (
        march["ana"].post(f"/consultations/{content['id']}/void", {"reason": "slip"}).status_code
        == 200
    )
    assert look_up(march, code).get_json() == {"before": None, "groups": []}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"desk": "HND-02"}, ("desk", "not_your_desk")),
        ({"desk": "GTM-01"}, ("desk", "not_your_desk")),
        ({"card": ""}, ("card", "required")),
        ({"card": 15}, ("card", "unreadable")),
        ({"held_on": "tomorrow"}, ("held_on", "not_a_date")),
        ({"held_on": 20260314}, ("held_on", "not_a_date")),
        ({"phone": "99887766"}, ("phone", "unknown_field")),
    ],
)
def test_a_lookup_names_what_is_wrong(march, fields, problem):
    (code,) = print_cards(march)
    assert only_problem(look_up(march, **{"card": code, **fields})) == problem


def test_a_lost_card_and_its_replacement_are_one_person(march):
    lost, new = print_cards(march, 2)
    show(march, lost, held_on="2026-03-02")
    answer = replace(march, lost, new)
    assert (answer.status_code, answer.get_json()) == (200, {})
    show(march, new, "guille", "GTM-01")
    lookup = look_up(march, new).get_json()
    assert (lookup["before"], len(lookup["groups"])) == ("repeat_this_month", 1)
    assert look_up(march, lost).get_json() == lookup  # the lost one turns up again

    cards = {row.id: row for row in rows(VisitorCard.__table__)}
    (replacement_card,) = [row for row in cards.values() if row.root_id is not None]
    assert cards[replacement_card.root_id].is_replaced
    assert list_card_actions("card:") == [("card_replaced", f"card:{replacement_card.id}", "HND")]


def test_a_card_is_replaced_once_and_loops_are_refused(march):
    first, second, third, fourth = print_cards(march, 4)
    assert replace(march, first, second).status_code == 200
    before = rows(VisitorCard.__table__)
    refused = {
        "once more by the same": (first, second),
        "by another": (first, third),
        "by itself": (third, third),
        "a loop of two": (second, first),
    }
    for case, (lost, new) in refused.items():
        answer = replace(march, lost, new)
        assert answer.status_code == 409, case
        assert answer.get_json().keys() == {"problem"}, case
    assert rows(VisitorCard.__table__) == before
    assert replace(march, second, third).status_code == 200
    assert replace(march, third, first).status_code == 409
    assert replace(march, third, fourth).status_code == 200
    cards = rows(VisitorCard.__table__)
    assert len({row.root_id or row.id for row in cards}) == 1


def test_the_page_of_replacing_keeps_what_was_typed_and_reports_at_the_field(march):
    lost, new = print_cards(march, 2)
    mistyped = march["ana"].post_form("/cards/replace", {"lost": lost, "replacement": "ABCDE"})
    assert mistyped.status_code == 422
    assert 'id="p-replacement"' in mistyped.text
    assert 'id="p-lost"' not in mistyped.text
    assert f'value="{lost}"' in mistyped.text
    assert 'value="ABCDE"' in mistyped.text
    replaced = march["ana"].post_form("/cards/replace", {"lost": lost, "replacement": new})
    assert (replaced.status_code, replaced.location) == (302, "/cards/replace")
    repeated = march["ana"].post_form("/cards/replace", {"lost": lost, "replacement": new})
    assert repeated.status_code == 409
    assert 'role="alert"' in repeated.text


def test_one_more_in_a_family_that_returns_is_one_more_person(march):
    (code,) = print_cards(march)
    woman = {"sex": "female", "age_band": "age_25_59", "n": 1}
    boy = {"sex": "male", "age_band": "age_0_4", "n": 1}
    group = {"nationality": "HND", "repeat_contact": "first_this_year", "persons": [woman]}
    show(march, code, groups=[group], held_on=date(2026, 3, 2).isoformat())
    both = {**group, "repeat_contact": "unknown", "persons": [woman, boy]}
    show(march, code, groups=[both])
    lines = [(r.sex, r.is_known, r.previous_in_country) for r in rows(PersonLine.__table__)]
    assert ("female", True, 202603) in lines
    assert ("male", False, 0) in lines


def test_a_record_and_its_history_say_that_a_card_is_attached_and_never_which(march):
    (code,) = print_cards(march)
    content = show(march, code)
    path = f"/consultations/{content['id']}"
    for version, card in ((1, "attached"), (2, None)):
        correction = {**content, "card": card, "reason": "slip", "version": version}
        assert march["ana"].post(f"{path}/correct", correction).status_code == 200
    record = march["ana"].get_json(path).get_json()
    assert record["card"] is None
    assert [line["content"]["card"] for line in record["trail"]] == ["attached", "attached", None]
    assert [row.card_id for row in rows(PersonLine.__table__)] == [None]


def test_two_hundred_people_stand_on_one_card_and_are_reached_once(march):
    (code,) = print_cards(march)
    counts = {"age_5_11": 99, "age_18_24": 99, "age_25_59": 2}
    persons = [{"sex": "male", "age_band": band, "n": n} for band, n in counts.items()]
    group = {"nationality": "HND", "repeat_contact": "first_this_year", "persons": persons}
    show(march, code, groups=[group], held_on=date(2026, 3, 2).isoformat())
    show(march, code, "eva", "HND-02", groups=[{**group, "repeat_contact": "unknown"}])
    larger_group = [
        {**group, "persons": [*persons, {"sex": "female", "age_band": "age_0_4", "n": 1}]}
    ]
    refused = march["ana"].post("/consultations", consultation_json(card=code, groups=larger_group))
    assert only_problem(refused) == ("groups", "too_many_people")
    assert len(rows(PersonLine.__table__)) == 400
    body = march["susana"].get_json("/counts.json?country=HND&month=2026-03").get_json()
    assert body["reached"] == {"low": 200, "high": 200, "unknown": 0}
    assert body["persons_in_consultations"] == 400


def test_a_replaced_card_that_turns_up_again_counts_for_its_people(march):
    lost, new = print_cards(march, 2)
    show(march, lost, held_on=date(2026, 3, 2).isoformat())
    assert replace(march, lost, new).status_code == 200
    show(march, new, "eva", "HND-02", held_on=date(2026, 3, 5).isoformat())
    show(march, lost)
    body = march["susana"].get_json("/counts.json?country=HND&month=2026-03").get_json()
    assert body["reached"]["low"] == 1
