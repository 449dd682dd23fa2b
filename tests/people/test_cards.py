"""Visitor cards through the doors that desks use: printed, shown, looked up, lost and replaced."""

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
def march(office):
    """The office in the middle of March 2026, everybody signed in on that day."""
    with time_machine.travel(NOON):
        yield office


def print_cards(office, n=1, who="susana", desk="HND-01"):
    answer = office[who].post("/cards", {"desk": desk, "n": n})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()["codes"]


def show(office, card, who="ana", desk="HND-01", **said):
    content = consultation_json(desk, card=card, **said)
    answer = office[who].post("/consultations", content)
    assert answer.status_code == 201, answer.get_json()
    return content


def look(office, card, who="ana", desk="HND-01", **said):
    return office[who].post("/cards/look", {"card": card, "desk": desk, **said})


def replace(office, lost, replacement, who="ana"):
    return office[who].post("/cards/replace", {"lost": lost, "replacement": replacement})


def only_problem(answer):
    assert answer.status_code == 422, answer.data
    (problem,) = answer.get_json()["problems"]
    assert problem["message"]
    return problem["field"], problem["code"]


def rows(table):
    found = db.session.execute(select(table).order_by(*table.primary_key.columns)).all()
    db.session.rollback()
    return found


def everything_in_text():
    """Every text of every table, as one."""
    kept = []
    for table in Base.metadata.sorted_tables:
        texts = [
            c
            for c in table.columns
            if isinstance(c.type, (String, Text)) or c.type.python_type is str
        ]
        for row in db.session.execute(text(f"SELECT * FROM {table.name}")):
            kept += [str(value) for value in row if value is not None]
        assert texts or table.columns
    db.session.rollback()
    return "\n".join(kept)


def acts(subject_part=""):
    entries = db.session.execute(
        text("SELECT action, subject, country FROM audit_entry ORDER BY number")
    ).all()
    db.session.rollback()
    return [tuple(e) for e in entries if e.action.startswith("card") and subject_part in e.subject]


def test_printing_answers_the_codes_once_and_stores_their_digests_only(march):
    codes = print_cards(march, 12)
    assert len(set(codes)) == 12
    assert all(CODE.fullmatch(code) and parse_card_code(code) for code in codes)

    key = march.app.config["SETTINGS"].card_keys[2026]
    stored = rows(VisitorCard.__table__)
    assert {row.digest for row in stored} == {
        digest_card_code(parse_card_code(c), key) for c in codes
    }
    assert {(row.year, row.root_id, row.is_replaced) for row in stored} == {(2026, None, False)}
    assert acts() == [("cards_printed", "desk:HND-01", "HND")]


def test_no_code_is_ever_stored_or_shown_again(march, caplog):
    lost, new = print_cards(march, 2)
    show(march, lost)
    again = show(march, lost.lower().replace("-", " "))
    assert look(march, lost).status_code == 200
    assert replace(march, lost, new).status_code == 200
    record = march["ana"].get_json(f"/consultations/{again['id']}").get_json()
    assert record["card"] == "attached"

    kept = everything_in_text() + march["susana"].get("/audit").text + caplog.text
    for code in (lost, new):
        for written in (code, parse_card_code(code), code.lower(), code[:11]):
            assert written not in kept


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
        said = re.sub(r"<[^>]*>", " ", card).lower()
        for mark in ("hnd", "honduras", "ventanilla", "municipal", "iom", "oim", "migr"):
            assert mark not in said
    assert not re.findall(r'<p lang="(\w+)">', answer.text.partition('<ol class="paper">')[0])


def test_a_reporting_year_that_begins_in_july_is_printed_with_both_years(march):
    settings = march.app.config["SETTINGS"]
    march.app.config["SETTINGS"] = changed(settings, reporting_year_start=7)
    sheet = march["susana"].post_form("/cards", {"desk": "HND-01", "n": "1"})
    assert ">2025–26<" in sheet.text
    assert [row.year for row in rows(VisitorCard.__table__)] == [2025]


@pytest.mark.parametrize(
    ("said", "problem"),
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
def test_what_is_wrong_with_an_order_of_cards_is_told_and_nothing_is_made(march, said, problem):
    assert (
        only_problem(march["susana"].post("/cards", {"desk": "HND-01", "n": 5, **said})) == problem
    )
    page = march["susana"].post_form("/cards", {"desk": "GTM-01", "n": "0"})
    assert page.status_code == 422
    assert page.text.partition("<main")[2].partition("</main>")[0].count('class="problem"') == 2
    assert rows(VisitorCard.__table__) == []
    assert acts() == []


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


@pytest.mark.parametrize("door", ["/consultations", "/cards/look", "/cards/replace"])
def test_a_card_that_is_none_is_told_in_one_sentence_at_its_field(march, door):
    (code,) = print_cards(march)
    settings = march.app.config["SETTINGS"]
    swapped = list(parse_card_code(code))
    first = next(n for n in range(14) if swapped[n] != swapped[n + 1])
    swapped[first], swapped[first + 1] = swapped[first + 1], swapped[first]
    other = "Z" if code[3] != "Z" else "Y"
    wrong = {
        code[:3] + other + code[4:]: "card_mistyped",
        "".join(swapped): "card_mistyped",
        code[:-1]: "card_mistyped",
        "U" * 15: "card_mistyped",
        "🙂": "card_mistyped",
        format_card_code(generate_card_code(2026, lambda below: 7 % below)): "card_unknown",
    }
    before = len(rows(PersonLine.__table__))
    for typed, expected in wrong.items():
        assert _sent_to(march, door, typed, code) == expected, typed
    march.app.config["SETTINGS"] = changed(
        settings, card_keys={2026: b"another programme's key " * 2}
    )
    assert _sent_to(march, door, code, code) == "card_unknown"
    march.app.config["SETTINGS"] = changed(settings, card_keys={2027: b"k" * 32})
    assert _sent_to(march, door, code, code) == "card_year_closed"
    assert len(rows(PersonLine.__table__)) == before
    assert not any(row.is_replaced for row in rows(VisitorCard.__table__))


def _sent_to(office, door, typed, other):
    if door == "/consultations":
        answer = office["ana"].post(door, consultation_json(card=typed))
        field = "card"
    elif door == "/cards/look":
        answer, field = look(office, typed), "card"
    else:
        answer, field = replace(office, typed, other), "lost"
    assert answer.status_code == 422
    told = answer.get_json()["problems"]
    assert typed not in answer.get_data(as_text=True)
    return {problem["field"]: problem["code"] for problem in told}[field]


def test_a_card_shows_its_last_composition_at_any_desk_and_says_no_more(march):
    (code,) = print_cards(march)
    woman = {"sex": "female", "age_band": "age_25_59", "n": 1}
    girls = {"sex": "female", "age_band": "age_5_11", "n": 2}
    group = {"nationality": "HND", "situation": "in_transit", "persons": [woman, girls]}
    other = {"nationality": "SLV", "situation": "stranded", "persons": [{**woman, "n": 3}]}
    answer = {"repeat_contact": "first_this_year"}
    show(march, code, groups=[{**group, **answer}, {**other, **answer}], held_on="2026-02-20")
    show(march, code, held_on="2026-01-05")
    show(march, code, held_on="2026-03-01", outcomes=["person_left"])

    found = look(march, code, "guille", "GTM-01")
    assert found.status_code == 200
    said = found.get_json()
    assert said.keys() == {"before", "groups"}
    assert said["before"] is None  # never in Guatemala
    assert [g["nationality"] for g in said["groups"]] == ["HND", "SLV"]
    assert [g["situation"] for g in said["groups"]] == ["in_transit", "stranded"]
    assert all(g.keys() == {"nationality", "situation", "persons"} for g in said["groups"])
    assert sorted(p["n"] for p in said["groups"][0]["persons"]) == [1, 2]
    assert said["groups"][1]["persons"] == [{**woman, "n": 3}]
    assert acts("desk:GTM-01") == [("card_read", "desk:GTM-01", "GTM")]


@pytest.mark.parametrize(
    ("held", "asked", "before"),
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
def test_the_card_offers_the_answer_that_it_knows_for_the_country(march, held, asked, before):
    (code,) = print_cards(march)
    for day in held:
        show(march, code, held_on=day)
    assert look(march, code, "eva", "HND-02", held_on=asked).get_json()["before"] == before
    assert look(march, code, "guille", "GTM-01", held_on=asked).get_json()["before"] is None


def test_a_voided_consultation_is_no_last_composition(march):
    (code,) = print_cards(march)
    made = show(march, code)
    assert (
        march["ana"].post(f"/consultations/{made['id']}/void", {"reason": "slip"}).status_code
        == 200
    )
    assert look(march, code).get_json() == {"before": None, "groups": []}


@pytest.mark.parametrize(
    ("said", "problem"),
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
def test_a_lookup_names_what_is_wrong(march, said, problem):
    (code,) = print_cards(march)
    assert only_problem(look(march, **{"card": code, **said})) == problem


def test_a_lost_card_and_its_replacement_are_one_person(march):
    lost, new = print_cards(march, 2)
    show(march, lost, held_on="2026-03-02")
    answer = replace(march, lost, new)
    assert (answer.status_code, answer.get_json()) == (200, {})
    show(march, new, "guille", "GTM-01")
    found = look(march, new).get_json()
    assert (found["before"], len(found["groups"])) == ("repeat_this_month", 1)
    assert look(march, lost).get_json() == found  # the lost one turns up again

    stored = {row.id: row for row in rows(VisitorCard.__table__)}
    (joined,) = [row for row in stored.values() if row.root_id is not None]
    assert stored[joined.root_id].is_replaced
    assert acts("card:") == [("card_replaced", f"card:{joined.id}", "HND")]


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
    for what, (lost, new) in refused.items():
        answer = replace(march, lost, new)
        assert answer.status_code == 409, what
        assert answer.get_json().keys() == {"problem"}, what
    assert rows(VisitorCard.__table__) == before
    assert replace(march, second, third).status_code == 200
    assert replace(march, third, first).status_code == 409
    assert replace(march, third, fourth).status_code == 200
    whole = rows(VisitorCard.__table__)
    assert len({row.root_id or row.id for row in whole}) == 1


def test_the_page_of_replacing_keeps_what_was_typed_and_tells_at_the_field(march):
    lost, new = print_cards(march, 2)
    wrong = march["ana"].post_form("/cards/replace", {"lost": lost, "replacement": "ABCDE"})
    assert wrong.status_code == 422
    assert 'id="p-replacement"' in wrong.text
    assert 'id="p-lost"' not in wrong.text
    assert f'value="{lost}"' in wrong.text
    assert 'value="ABCDE"' in wrong.text
    done = march["ana"].post_form("/cards/replace", {"lost": lost, "replacement": new})
    assert (done.status_code, done.location) == (302, "/cards/replace")
    again = march["ana"].post_form("/cards/replace", {"lost": lost, "replacement": new})
    assert again.status_code == 409
    assert 'role="alert"' in again.text


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


def test_a_record_and_its_trail_say_that_a_card_is_attached_and_never_which(march):
    (code,) = print_cards(march)
    content = show(march, code)
    path = f"/consultations/{content['id']}"
    for version, card in ((1, "attached"), (2, None)):
        sent = {**content, "card": card, "reason": "slip", "version": version}
        assert march["ana"].post(f"{path}/correct", sent).status_code == 200
    record = march["ana"].get_json(path).get_json()
    assert record["card"] is None
    assert [line["content"]["card"] for line in record["trail"]] == ["attached", "attached", None]
    assert [row.card_id for row in rows(PersonLine.__table__)] == [None]


def test_two_hundred_people_stand_on_one_card_and_are_reached_once(march):
    (code,) = print_cards(march)
    many = {"age_5_11": 99, "age_18_24": 99, "age_25_59": 2}
    persons = [{"sex": "male", "age_band": band, "n": n} for band, n in many.items()]
    group = {"nationality": "HND", "repeat_contact": "first_this_year", "persons": persons}
    show(march, code, groups=[group], held_on=date(2026, 3, 2).isoformat())
    show(march, code, "eva", "HND-02", groups=[{**group, "repeat_contact": "unknown"}])
    more = [{**group, "persons": [*persons, {"sex": "female", "age_band": "age_0_4", "n": 1}]}]
    refused = march["ana"].post("/consultations", consultation_json(card=code, groups=more))
    assert only_problem(refused) == ("groups", "too_many_people")
    assert len(rows(PersonLine.__table__)) == 400
    said = march["susana"].get_json("/counts.json?country=HND&month=2026-03").get_json()
    assert said["reached"] == {"low": 200, "high": 200, "unknown": 0}
    assert said["persons_in_consultations"] == 400


def test_a_replaced_card_that_turns_up_again_counts_for_its_people(march):
    lost, new = print_cards(march, 2)
    show(march, lost, held_on=date(2026, 3, 2).isoformat())
    assert replace(march, lost, new).status_code == 200
    show(march, new, "eva", "HND-02", held_on=date(2026, 3, 5).isoformat())
    show(march, lost)
    said = march["susana"].get_json("/counts.json?country=HND&month=2026-03").get_json()
    assert said["reached"]["low"] == 1
