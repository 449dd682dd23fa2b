"""The list of return requests, the search for one, and the two printed sheets: by stage, scope and day."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import text

from app import clock
from app.db.session import db
from app.returns.rules.references import parse_reference
from tests.factories.records import at
from tests.factories.two_country_world import TwoCountryWorld
from tests.returns.return_steps import SUPERVISOR, new_request, steps_to

pytestmark = pytest.mark.both_databases

NOON = at("2026-03-10 18:00")


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def make_request(
    world: TwoCountryWorld, stage: str = "enquiry", username: str = "ana", **fields: Any
) -> str:
    """Create a request at a stage and return its reference."""
    desk, country = {
        "ana": ("HND-01", "HND"),
        "eva": ("HND-02", "HND"),
        "guille": ("GTM-01", "GTM"),
    }[username]
    created = world[username].post("/returns", new_request(desk, country, **fields))
    assert created.status_code == 201, created.data
    reference = str(created.get_json()["reference"])
    for actor, action, step_fields in steps_to(stage, clock.now().date()):
        step_username = (
            {"HND": "susana", "GTM": "gabi"}[country] if actor == SUPERVISOR else username
        )
        answer = world[step_username].post(f"/returns/{reference}/{action}", step_fields)
        assert answer.status_code == 200, (action, answer.data)
    return reference


def rows(page: str) -> dict[str, str]:
    """Return the rows of the table by reference, as plain text."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows_by_reference = {}
    for row in re.findall(r"<tr>.*?</tr>", body, re.S):
        (reference,) = re.findall(r"/returns/(R-\w{5})\"", row)
        rows_by_reference[reference] = " ".join(re.sub(r"<[^>]+>", " ", row).split())
    return rows_by_reference


def renewals(page: str) -> list[str]:
    """Return the references of the consents to renew."""
    section = page.partition('aria-labelledby="t-renew"')[2].partition("</section>")[0]
    return re.findall(r'href="/returns/(R-\w{5})"', section)


def list_reads() -> list[tuple[str, str]]:
    statement = text(
        "SELECT subject, country FROM audit_entry WHERE action = 'returns_read' ORDER BY 1"
    )
    reads = [tuple(row) for row in db.session.execute(statement)]
    db.session.rollback()
    return reads


def in_english(world: TwoCountryWorld, *names: str) -> None:
    for name in names:
        world[name].client.set_cookie("locale", "en")


def test_a_desk_sees_its_own_requests_and_a_supervisor_those_of_the_country(world: TwoCountryWorld):
    own, same_country, abroad = (
        make_request(world),
        make_request(world, username="eva"),
        make_request(world, username="guille"),
    )
    assert set(rows(world["ana"].get("/returns").text)) == {own}
    assert set(rows(world["susana"].get("/returns").text)) == {own, same_country}
    assert set(rows(world["susana"].get("/returns?desk=HND-02").text)) == {same_country}
    assert set(rows(world["gabi"].get("/returns").text)) == {abroad}
    for name, path in (("ana", "?desk=HND-02"), ("ana", "?desk=x"), ("susana", "?desk=GTM-01")):
        assert world[name].get(f"/returns{path}").status_code == 404
    assert world["ana"].get("/returns?stage=nowhere").status_code == 404
    assert list_reads() == [
        ("country:GTM", "GTM"),
        ("country:HND", "HND"),
        ("desk:HND-01", "HND"),
        ("desk:HND-02", "HND"),
    ]


@pytest.mark.parametrize("name", ["rita", "adela", "cora"])
def test_nobody_else_sees_a_list_or_searches(world: TwoCountryWorld, name: str):
    assert world[name].get("/returns").status_code == 403
    assert world[name].get("/returns/find?reference=R-7K3Q9").status_code == 403


def test_stages_are_counted_and_chosen_and_closed_ones_stand_apart(world: TwoCountryWorld):
    new, counselled, withdrawn = (
        make_request(world),
        make_request(world, "counselling"),
        make_request(world, "counselling"),
    )
    assert world["ana"].post(f"/returns/{withdrawn}/withdraw", {}).status_code == 200
    page = world["ana"].get("/returns").text
    assert set(rows(page)) == {new, counselled}
    (count,) = re.findall(r'href="/returns\?stage=counselling">[^<]*<span[^>]*>(\d+)<', page)
    assert count == "1"
    assert set(rows(world["ana"].get("/returns?stage=counselling").text)) == {counselled}
    assert rows(world["ana"].get("/returns?stage=approved").text) == {}
    assert set(rows(world["ana"].get("/returns?closed=1").text)) == {withdrawn}


def test_a_line_says_whom_it_waits_for_since_when_and_that_it_is_stopped(world: TwoCountryWorld):
    reference = make_request(world, "consent_recorded")
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        world.sign_in_again("ana")
        in_english(world, "ana")
        assert "the desk for 3 days" in rows(world["ana"].get("/returns").text)[reference]
        fields = {"signs": ["pressure"], "version": 3}
        assert world["ana"].post(f"/returns/{reference}/stop", fields).status_code == 200
        line = rows(world["ana"].get("/returns").text)[reference]
    assert "Stopped" in line and "the supervisor since today" in line


def test_those_that_wait_longest_stand_first(world: TwoCountryWorld):
    with time_machine.travel(NOON - timedelta(days=2), tick=False):
        world.sign_in_again("ana")
        older = make_request(world)
    world.sign_in_again("ana")
    newer = make_request(world)
    assert list(rows(world["ana"].get("/returns").text)) == [older, newer]


def test_days_to_departure_are_shown_with_their_median(world: TwoCountryWorld):
    in_english(world, "susana")
    for days in (4, 10, 6):
        with time_machine.travel(NOON - timedelta(days=days), tick=False):
            world.sign_in_again("ana")
            reference = make_request(world, "voluntariness_vulnerability_check")
        world.sign_in_again("ana")
        world.sign_in_again("susana")
        for actor, action, fields in steps_to("departed", NOON.date())[3:]:
            name = "susana" if actor == SUPERVISOR else "ana"
            assert world[name].post(f"/returns/{reference}/{action}", fields).status_code == 200
    in_english(world, "susana")
    page = world["susana"].get("/returns").text
    assert re.search(r"\b6 days\b", rows(page)[reference])
    assert "within 6 days of their consent" in page
    make_request(world, "counselling")
    assert "of their consent" not in world["susana"].get("/returns?stage=counselling").text


@pytest.mark.parametrize(
    ("days", "is_named", "has_ended"),
    [(75, False, False), (76, True, False), (90, True, False), (91, True, True)],
)
def test_a_consent_is_named_two_weeks_before_its_end_and_leads_to_its_renewal(
    world: TwoCountryWorld, days: int, is_named: bool, has_ended: bool
):
    reference = make_request(world, "voluntariness_vulnerability_check")
    with time_machine.travel(NOON + timedelta(days=days), tick=False):
        world.sign_in_again("ana")
        world.sign_in_again("susana")
        in_english(world, "ana", "susana")
        page = world["ana"].get("/returns").text
        assert renewals(page) == [reference] * is_named
        renewal = f'href="/returns/{reference}/consent_recorded"'
        assert (renewal in page) == is_named
        assert ("Expired on" in rows(page)[reference]) == has_ended
        supervisor_page = world["susana"].get("/returns").text
        assert renewals(supervisor_page) == [reference] * is_named
        assert renewal not in supervisor_page
        assert renewals(world["susana"].get("/returns?desk=HND-02").text) == []
        assert renewals(world["susana"].get("/returns?closed=1").text) == []


def test_after_the_hand_over_the_supervisor_is_led_to_the_renewal(world: TwoCountryWorld):
    reference = make_request(world, "handed_to_iom")
    with time_machine.travel(NOON + timedelta(days=91), tick=False):
        renewal = f'href="/returns/{reference}/consent_recorded"'
        assert renewal in world.sign_in_again("susana").get("/returns").text
        assert renewal not in world.sign_in_again("ana").get("/returns").text


def test_an_empty_list_says_so_in_one_sentence(world: TwoCountryWorld):
    for path in ("", "?closed=1", "?stage=counselling"):
        answer = world["susana"].get(f"/returns{path}")
        assert answer.status_code == 200
        assert answer.text.count('class="empty"') == 1


def test_a_typed_reference_leads_to_its_request(world: TwoCountryWorld):
    reference = make_request(world)
    for typed in (reference, reference.lower(), reference[2:], f" {reference[2:]} "):
        answer = world["ana"].get("/returns/find", query_string={"reference": typed})
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/returns/{reference}"


def test_a_mistyped_reference_and_a_foreign_one_answer_in_one_sentence(world: TwoCountryWorld):
    foreign, own = make_request(world, username="guille"), make_request(world)
    mistyped = next(
        f"R-{own[2:-1]}{character}"
        for character in "234567"
        if parse_reference(own[:-1] + character) is None
    )
    unknown = next(
        f"R-{typed}"
        for typed in (f"7K3Q{character}" for character in "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        if parse_reference(typed) and f"R-{typed}" not in (foreign, own)
    )
    sentences = {}
    for typed, status in ((mistyped, 422), (foreign, 404), (unknown, 404)):
        answer = world["ana"].get(f"/returns/find?reference={typed}")
        assert answer.status_code == status
        (sentences[typed],) = re.findall(r'id="p-reference"[^>]*>([^<]+)<', answer.text)
        assert f'value="{typed}"' in answer.text
        by_json = world["ana"].get_json(f"/returns/find?reference={typed}")
        assert (by_json.status_code, list(by_json.get_json())) == (404, ["problem"])
    assert sentences[foreign] == sentences[unknown] != sentences[mistyped]
    assert world["ana"].get("/returns/find").status_code == 200


def test_the_consent_is_printed_in_the_language_that_was_spoken_and_the_readers(
    world: TwoCountryWorld,
):
    reference = make_request(world, "consent_recorded")
    world["ana"].client.set_cookie("locale", "fr")
    path = f"/returns/{reference}/consent-sheet"
    page = world["ana"].get(path).text
    assert re.findall(r'<section lang="(\w+)"', page) == ["es", "fr"]
    assert page.count("2026-1") == 1
    assert "10 de marzo de 2026" in page and "8 de junio de 2026" in page and "8 juin 2026" in page
    for language, columns in (("hat", ["ht", "fr"]), ("fra", ["fr"]), ("mam", ["fr"])):
        page = world["ana"].get(f"{path}?language={language}").text
        assert re.findall(r'<section lang="(\w+)"', page) == columns
    assert world["ana"].get(f"{path}?language=zzz").status_code == 404


def test_a_sheet_is_printed_only_when_its_step_has_come(world: TwoCountryWorld):
    status = {}
    for stage in ("enquiry", "counselling", "voluntariness_vulnerability_check", "approved"):
        reference = make_request(world, stage)
        for sheet in ("consent-sheet", "hand-over-sheet"):
            status[stage, sheet] = world["ana"].get(f"/returns/{reference}/{sheet}").status_code
            assert world["guille"].get(f"/returns/{reference}/{sheet}").status_code == 404
    assert [key for key, code in status.items() if code == 200] == [
        ("counselling", "consent-sheet"),
        ("voluntariness_vulnerability_check", "consent-sheet"),
        ("voluntariness_vulnerability_check", "hand-over-sheet"),
        ("approved", "consent-sheet"),
        ("approved", "hand-over-sheet"),
    ]
    assert set(status.values()) == {200, 409}
    world["ana"].post(f"/returns/{reference}/withdraw", {})
    for sheet in ("consent-sheet", "hand-over-sheet"):
        assert world["ana"].get(f"/returns/{reference}/{sheet}").status_code == 409


def test_a_stopped_request_is_not_handed_over_on_paper(world: TwoCountryWorld):
    reference = make_request(world, "voluntariness_vulnerability_check")
    fields = {"signs": ["trafficking"], "version": 4}
    assert world["ana"].post(f"/returns/{reference}/stop", fields).status_code == 200
    assert world["ana"].get(f"/returns/{reference}/hand-over-sheet").status_code == 409


def test_the_hand_over_sheet_says_nothing_about_the_people(world: TwoCountryWorld):
    in_english(world, "ana")
    persons = [{"sex": "male", "age_band": "age_18_24", "n": 7}]
    reference = make_request(
        world, "handed_to_iom", persons=persons, nationality="VEN", country_of_return="VEN"
    )
    page = world["ana"].get(f"/returns/{reference}/hand-over-sheet").text
    paper = page.partition('<article class="hand-over-paper">')[2].partition("</article>")[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", paper).split())
    assert reference in words and "Ventanilla HND-01" in words
    for never in ("Venez", "VEN", "Hondur", " men", " man", "male", "18", "7 ", "ana "):
        assert never not in words.replace(reference, ""), never
