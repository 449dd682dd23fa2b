"""The timeline of a consultation, who may read it, and the return requests of a desk's day."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from tests.factories.records import at, consultation_json
from tests.factories.shelters import make_shelter, referral_json

NOON = at("2026-03-14 18:00")
"""Noon at the desk."""
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The text of a page is the same on both databases."""
CODES = {
    "sent": "Sent", "expired": "Expired", "enquiry": "Enquiry", "counselling": "Return counselling",
    "consent": "Informed consent recorded", "stop": "Stopped: a warning sign was seen",
    "withdraw": "The person withdrew",
}  # fmt: skip
COUNSELLED = {"explained": ["asylum"], "language": "spa", "text_version": "2026-1"}
CONSENTED = {
    "options_explained": True, "own_decision": True, "may_withdraw": True,
    "language": "spa", "text_version": "2026-1",
}  # fmt: skip


def later(minutes):
    """Move the clock to n minutes after the consultation."""
    return time_machine.travel(NOON + timedelta(minutes=minutes), tick=False)


def open_request(browser, consultation=None, **fields):
    """Open a request by JSON and return its reference."""
    defaults = {
        "id": str(uuid4()), "desk": "HND-01", "from_consultation": consultation,
        "country_of_departure": "HND", "country_of_return": "NIC", "nationality": "NIC",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
    }  # fmt: skip
    answer = browser.post("/returns", {**defaults, **fields})
    assert answer.status_code == 201, answer.data
    return answer.get_json()["reference"]


def step(browser, reference, action, **fields):
    """Record a step on the current version."""
    version = browser.get_json(f"/returns/{reference}").get_json()["version"]
    answer = browser.post(f"/returns/{reference}/{action}", {"version": version, **fields})
    assert answer.status_code == 200, answer.data


def list_events(browser, consultation_id):
    """Return the entries of a timeline: text and link."""
    page = browser.get(f"/cases/{consultation_id}", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    event_list = page.text[page.text.index('<ol class="events">') : page.text.index("</ol>")]
    entries = re.findall(r'<p class="what">(.*?)</p>.*?href="([^"]+)"', event_list, re.S)
    return [(" ".join(re.sub(r"<[^>]+>", " ", text).split()), link) for text, link in entries]


def record_consultation(world):
    """Record a consultation of noon and return its id."""
    content = consultation_json(topics=["voluntary_return"], held_on="2026-03-14")
    assert world["ana"].post("/consultations", content).status_code == 201
    return content["id"]


@sqlite_only
def test_referrals_and_return_steps_stand_in_one_order_of_time(world):
    make_shelter()
    with later(0):
        consultation_id = record_consultation(world)
    with later(10):
        reference = open_request(world.sign_in_again("ana"), consultation_id)
    with later(20):
        fields = {"priority": "emergency_24h", "from_consultation": consultation_id}
        referral = world["ana"].post("/referrals", referral_json(**fields)).get_json()
    with later(30):
        step(world["ana"], reference, "counselling", **COUNSELLED)
    with later(40):
        step(world["ana"], reference, "counselling", **COUNSELLED)
    with later(50):
        step(world["ana"], reference, "consent_recorded", **CONSENTED)
    with later(2 * 24 * 60):
        step(world.sign_in_again("susana"), reference, "stop", signs=["pressure"])
        assert world["susana"].post(f"/returns/{reference}/withdraw", {}).status_code == 200
        other = open_request(world.sign_in_again("ana"), consultation_id)
        events = list_events(world["ana"], consultation_id)
        assert list_events(world["susana"], consultation_id) == events
        foreign = [
            world.sign_in_again(name).get(f"/cases/{consultation_id}")
            for name in ("eva", "guille", "gabi")
        ]
    request_path, referral_path = f"/returns/{reference}", f"/referrals/{referral['id']}"
    assert [link for _, link in events] == [
        f"/consultations/{consultation_id}", request_path, referral_path,
        request_path, request_path, request_path, referral_path, request_path, request_path,
        f"/returns/{other}",
    ]  # fmt: skip
    texts = [text for text, _ in events]
    actions = ("enquiry", "sent", "counselling", "counselling", "consent")
    actions = (*actions, "expired", "stop", "withdraw", "enquiry")
    assert len(texts) == len(actions) + 1
    assert all(
        text.startswith(CODES[action]) for text, action in zip(texts[1:], actions, strict=True)
    )
    assert texts[3] == CODES["counselling"] and texts[4] != CODES["counselling"], "seen as such"
    assert [answer.status_code for answer in foreign] == [404] * 3


@sqlite_only
def test_the_day_names_the_requests_opened_on_it_and_how_many_wait(world):
    with later(0):
        first, stopped = open_request(world.sign_in_again("ana")), open_request(world["ana"])
        foreign = open_request(
            world.sign_in_again("guille"), desk="GTM-01", country_of_departure="GTM"
        )
        other_desk = open_request(world.sign_in_again("eva"), desk="HND-02")
        step(world["ana"], stopped, "stop", signs=["pressure"])
        today = world["ana"].get("/today").text
        supervisor_page = world.sign_in_again("susana").get("/today?desk=HND-01").text
    for page in (today, supervisor_page):
        assert all(f'href="/returns/{reference}"' in page for reference in (first, stopped))
        assert not any(reference in page for reference in (foreign, other_desk))
        assert "pressure" not in page and "Somebody pressures" not in page
        assert re.search(
            r'class="notice waiting".*?<p>1 .*?href="/returns\?desk=HND-01"', page, re.S
        )
    with later(24 * 60):
        tomorrow = world.sign_in_again("ana").get("/today").text
        before = world["ana"].get("/today?day=2026-03-14").text
    assert first not in tomorrow and 'class="notice waiting"' in tomorrow
    assert first in before and 'class="notice waiting"' not in before


@sqlite_only
def test_an_expired_consent_waits_for_the_desk(world):
    with later(0):
        reference = open_request(world.sign_in_again("ana"))
        step(world["ana"], reference, "counselling", **COUNSELLED)
        step(world["ana"], reference, "consent_recorded", **CONSENTED)
        answers = {"free_choice": "yes", "informed_decision": "yes", "text_version": "2026-1"}
        step(world["ana"], reference, "voluntariness_vulnerability_check", **answers)
        step(world["ana"], reference, "handed_to_iom")
        assert 'class="notice waiting"' not in world["ana"].get("/today").text
    with later(91 * 24 * 60):
        assert 'class="notice waiting"' in world.sign_in_again("ana").get("/today").text
