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
from tests.factories.two_country_world import Office
from tests.returns.walking import SUPERVISOR, new_request, way_to

pytestmark = pytest.mark.both_databases

NOON = at("2026-03-10 18:00")


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def make(office: Office, stage: str = "enquiry", who: str = "ana", **said: Any) -> str:
    """A request at that stage; its reference."""
    desk, country = {
        "ana": ("HND-01", "HND"),
        "eva": ("HND-02", "HND"),
        "guille": ("GTM-01", "GTM"),
    }[who]
    opened = office[who].post("/returns", new_request(desk, country, **said))
    assert opened.status_code == 201, opened.data
    reference = str(opened.get_json()["reference"])
    for side, act, fields in way_to(stage, clock.now().date()):
        by = {"HND": "susana", "GTM": "gabi"}[country] if side == SUPERVISOR else who
        sent = office[by].post(f"/returns/{reference}/{act}", fields)
        assert sent.status_code == 200, (act, sent.data)
    return reference


def rows(page: str) -> dict[str, str]:
    """The lines of the table by reference, as plain text."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    found = {}
    for row in re.findall(r"<tr>.*?</tr>", body, re.S):
        (reference,) = re.findall(r"/returns/(R-\w{5})\"", row)
        found[reference] = " ".join(re.sub(r"<[^>]+>", " ", row).split())
    return found


def renewals(page: str) -> list[str]:
    """The references of consents to ask for again."""
    section = page.partition('aria-labelledby="t-renew"')[2].partition("</section>")[0]
    return re.findall(r'href="/returns/(R-\w{5})"', section)


def entries() -> list[tuple[str, str]]:
    said = text("SELECT subject, country FROM audit_entry WHERE act = 'returns_read' ORDER BY 1")
    found = [tuple(row) for row in db.session.execute(said)]
    db.session.rollback()
    return found


def in_english(office: Office, *names: str) -> None:
    for name in names:
        office[name].client.set_cookie("locale", "en")


def test_a_desk_sees_its_own_requests_and_a_supervisor_those_of_the_country(office: Office):
    mine, near, far = make(office), make(office, who="eva"), make(office, who="guille")
    assert set(rows(office["ana"].get("/returns").text)) == {mine}
    assert set(rows(office["susana"].get("/returns").text)) == {mine, near}
    assert set(rows(office["susana"].get("/returns?desk=HND-02").text)) == {near}
    assert set(rows(office["gabi"].get("/returns").text)) == {far}
    for name, path in (("ana", "?desk=HND-02"), ("ana", "?desk=x"), ("susana", "?desk=GTM-01")):
        assert office[name].get(f"/returns{path}").status_code == 404
    assert office["ana"].get("/returns?stage=nowhere").status_code == 404
    assert entries() == [
        ("country:GTM", "GTM"),
        ("country:HND", "HND"),
        ("desk:HND-01", "HND"),
        ("desk:HND-02", "HND"),
    ]


@pytest.mark.parametrize("name", ["rita", "adela", "cora"])
def test_nobody_else_sees_a_list_or_searches(office: Office, name: str):
    assert office[name].get("/returns").status_code == 403
    assert office[name].get("/returns/find?reference=R-7K3Q9").status_code == 403


def test_stages_are_counted_and_chosen_and_closed_ones_stand_apart(office: Office):
    new, told, gone = make(office), make(office, "counselling"), make(office, "counselling")
    assert office["ana"].post(f"/returns/{gone}/withdraw", {}).status_code == 200
    page = office["ana"].get("/returns").text
    assert set(rows(page)) == {new, told}
    (chip,) = re.findall(r'href="/returns\?stage=counselling">[^<]*<span[^>]*>(\d+)<', page)
    assert chip == "1"
    assert set(rows(office["ana"].get("/returns?stage=counselling").text)) == {told}
    assert rows(office["ana"].get("/returns?stage=approved").text) == {}
    assert set(rows(office["ana"].get("/returns?closed=1").text)) == {gone}


def test_a_line_says_whom_it_waits_for_since_when_and_that_it_is_stopped(office: Office):
    reference = make(office, "consent_recorded")
    with time_machine.travel(NOON + timedelta(days=3), tick=False):
        office.sign_in_again("ana")
        in_english(office, "ana")
        assert "the desk for 3 days" in rows(office["ana"].get("/returns").text)[reference]
        said = {"signs": ["pressure"], "version": 3}
        assert office["ana"].post(f"/returns/{reference}/stop", said).status_code == 200
        line = rows(office["ana"].get("/returns").text)[reference]
    assert "Stopped" in line and "the supervisor since today" in line


def test_those_that_wait_longest_stand_first(office: Office):
    with time_machine.travel(NOON - timedelta(days=2), tick=False):
        office.sign_in_again("ana")
        older = make(office)
    office.sign_in_again("ana")
    newer = make(office)
    assert list(rows(office["ana"].get("/returns").text)) == [older, newer]


def test_days_to_departure_are_told_with_their_median(office: Office):
    in_english(office, "susana")
    for days in (4, 10, 6):
        with time_machine.travel(NOON - timedelta(days=days), tick=False):
            office.sign_in_again("ana")
            reference = make(office, "voluntariness_vulnerability_check")
        office.sign_in_again("ana")
        office.sign_in_again("susana")
        for side, act, fields in way_to("departed", NOON.date())[3:]:
            name = "susana" if side == SUPERVISOR else "ana"
            assert office[name].post(f"/returns/{reference}/{act}", fields).status_code == 200
    in_english(office, "susana")
    page = office["susana"].get("/returns").text
    assert re.search(r"\b6 days\b", rows(page)[reference])
    assert "within 6 days of their consent" in page
    make(office, "counselling")
    assert "of their consent" not in office["susana"].get("/returns?stage=counselling").text


@pytest.mark.parametrize(
    ("days", "is_named", "has_ended"),
    [(75, False, False), (76, True, False), (90, True, False), (91, True, True)],
)
def test_a_consent_is_named_two_weeks_before_its_end_and_leads_to_its_renewal(
    office: Office, days: int, is_named: bool, has_ended: bool
):
    reference = make(office, "voluntariness_vulnerability_check")
    with time_machine.travel(NOON + timedelta(days=days), tick=False):
        office.sign_in_again("ana")
        office.sign_in_again("susana")
        in_english(office, "ana", "susana")
        page = office["ana"].get("/returns").text
        assert renewals(page) == [reference] * is_named
        renewal = f'href="/returns/{reference}/consent_recorded"'
        assert (renewal in page) == is_named
        assert ("Expired on" in rows(page)[reference]) == has_ended
        theirs = office["susana"].get("/returns").text
        assert renewals(theirs) == [reference] * is_named
        assert renewal not in theirs
        assert renewals(office["susana"].get("/returns?desk=HND-02").text) == []
        assert renewals(office["susana"].get("/returns?closed=1").text) == []


def test_after_the_hand_over_the_supervisor_is_led_to_the_renewal(office: Office):
    reference = make(office, "handed_to_iom")
    with time_machine.travel(NOON + timedelta(days=91), tick=False):
        renewal = f'href="/returns/{reference}/consent_recorded"'
        assert renewal in office.sign_in_again("susana").get("/returns").text
        assert renewal not in office.sign_in_again("ana").get("/returns").text


def test_an_empty_list_says_so_in_one_sentence(office: Office):
    for path in ("", "?closed=1", "?stage=counselling"):
        answer = office["susana"].get(f"/returns{path}")
        assert answer.status_code == 200
        assert answer.text.count('class="empty"') == 1


def test_a_typed_reference_leads_to_its_request(office: Office):
    reference = make(office)
    for typed in (reference, reference.lower(), reference[2:], f" {reference[2:]} "):
        answer = office["ana"].get("/returns/find", query_string={"reference": typed})
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/returns/{reference}"


def test_a_mistyped_reference_and_a_foreign_one_answer_in_one_sentence(office: Office):
    foreign, mine = make(office, who="guille"), make(office)
    wrong = next(
        f"R-{mine[2:-1]}{sign}" for sign in "234567" if parse_reference(mine[:-1] + sign) is None
    )
    unknown = next(
        f"R-{signs}"
        for signs in (f"7K3Q{sign}" for sign in "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        if parse_reference(signs) and f"R-{signs}" not in (foreign, mine)
    )
    told = {}
    for typed, status in ((wrong, 422), (foreign, 404), (unknown, 404)):
        answer = office["ana"].get(f"/returns/find?reference={typed}")
        assert answer.status_code == status
        (told[typed],) = re.findall(r'id="p-reference"[^>]*>([^<]+)<', answer.text)
        assert f'value="{typed}"' in answer.text
        by_program = office["ana"].get_json(f"/returns/find?reference={typed}")
        assert (by_program.status_code, list(by_program.get_json())) == (404, ["problem"])
    assert told[foreign] == told[unknown] != told[wrong]
    assert office["ana"].get("/returns/find").status_code == 200


def test_the_consent_is_printed_in_the_language_that_was_spoken_and_the_readers(office: Office):
    reference = make(office, "consent_recorded")
    office["ana"].client.set_cookie("locale", "fr")
    path = f"/returns/{reference}/consent-sheet"
    page = office["ana"].get(path).text
    assert re.findall(r'<section lang="(\w+)"', page) == ["es", "fr"]
    assert page.count("2026-1") == 1
    assert "10 de marzo de 2026" in page and "8 de junio de 2026" in page and "8 juin 2026" in page
    for spoken, columns in (("hat", ["ht", "fr"]), ("fra", ["fr"]), ("mam", ["fr"])):
        page = office["ana"].get(f"{path}?language={spoken}").text
        assert re.findall(r'<section lang="(\w+)"', page) == columns
    assert office["ana"].get(f"{path}?language=zzz").status_code == 404


def test_a_sheet_is_printed_only_when_its_step_has_come(office: Office):
    status = {}
    for stage in ("enquiry", "counselling", "voluntariness_vulnerability_check", "approved"):
        reference = make(office, stage)
        for sheet in ("consent-sheet", "hand-over-sheet"):
            status[stage, sheet] = office["ana"].get(f"/returns/{reference}/{sheet}").status_code
            assert office["guille"].get(f"/returns/{reference}/{sheet}").status_code == 404
    assert [key for key, code in status.items() if code == 200] == [
        ("counselling", "consent-sheet"),
        ("voluntariness_vulnerability_check", "consent-sheet"),
        ("voluntariness_vulnerability_check", "hand-over-sheet"),
        ("approved", "consent-sheet"),
        ("approved", "hand-over-sheet"),
    ]
    assert set(status.values()) == {200, 409}
    office["ana"].post(f"/returns/{reference}/withdraw", {})
    for sheet in ("consent-sheet", "hand-over-sheet"):
        assert office["ana"].get(f"/returns/{reference}/{sheet}").status_code == 409


def test_a_stopped_request_is_not_handed_over_on_paper(office: Office):
    reference = make(office, "voluntariness_vulnerability_check")
    said = {"signs": ["trafficking"], "version": 4}
    assert office["ana"].post(f"/returns/{reference}/stop", said).status_code == 200
    assert office["ana"].get(f"/returns/{reference}/hand-over-sheet").status_code == 409


def test_the_hand_over_sheet_says_nothing_about_the_people(office: Office):
    in_english(office, "ana")
    persons = [{"sex": "male", "age_band": "age_18_24", "n": 7}]
    reference = make(
        office, "handed_to_iom", persons=persons, nationality="VEN", country_of_return="VEN"
    )
    page = office["ana"].get(f"/returns/{reference}/hand-over-sheet").text
    paper = page.partition('<article class="hand-over-paper">')[2].partition("</article>")[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", paper).split())
    assert reference in words and "Ventanilla HND-01" in words
    for never in ("Venez", "VEN", "Hondur", " men", " man", "male", "18", "7 ", "ana "):
        assert never not in words.replace(reference, ""), never
