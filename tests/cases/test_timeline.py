"""What came of a consultation in one order of time, for whom; and the return requests of a desk's day."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from tests.factories.records import at, consultation_json
from tests.factories.shelters import make_shelter, referral_json

NOON = at("2026-03-14 18:00")
"""Noon at the desk."""
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What a page says is the same on both databases."""
CODES = {
    "sent": "Sent", "expired": "Expired", "enquiry": "Enquiry", "counselling": "Return counselling",
    "consent": "Informed consent recorded", "stop": "Stopped: a sign was seen",
    "withdraw": "The person withdrew",
}  # fmt: skip
COUNSELLED = {"explained": ["asylum"], "language": "spa", "text_version": "2026-1"}
CONSENTED = {
    "options_explained": True, "own_decision": True, "may_withdraw": True,
    "language": "spa", "text_version": "2026-1",
}  # fmt: skip


def later(minutes):
    """So many minutes after the consultation."""
    return time_machine.travel(NOON + timedelta(minutes=minutes), tick=False)


def opened(browser, consultation=None, **said):
    """The reference of a request opened by JSON."""
    usual = {
        "id": str(uuid4()), "desk": "HND-01", "from_consultation": consultation,
        "country_of_departure": "HND", "country_of_return": "NIC", "nationality": "NIC",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
    }  # fmt: skip
    answer = browser.post("/returns", {**usual, **said})
    assert answer.status_code == 201, answer.data
    return answer.get_json()["reference"]


def step(browser, reference, act, **said):
    """A step recorded upon the version that stands."""
    version = browser.get_json(f"/returns/{reference}").get_json()["version"]
    answer = browser.post(f"/returns/{reference}/{act}", {"version": version, **said})
    assert answer.status_code == 200, answer.data


def events(browser, number):
    """The entries of a timeline: what happened, and where its link leads."""
    page = browser.get(f"/cases/{number}", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    listed = page.text[page.text.index('<ol class="events">') : page.text.index("</ol>")]
    entries = re.findall(r'<p class="what">(.*?)</p>.*?href="([^"]+)"', listed, re.S)
    return [(" ".join(re.sub(r"<[^>]+>", " ", what).split()), link) for what, link in entries]


def begun(office):
    """A consultation of noon; its id."""
    content = consultation_json(topics=["voluntary_return"], held_on="2026-03-14")
    assert office["ana"].post("/consultations", content).status_code == 201
    return content["id"]


@on_one
def test_referrals_and_return_steps_stand_in_one_order_of_time(office):
    make_shelter()
    with later(0):
        number = begun(office)
    with later(10):
        reference = opened(office.anew("ana"), number)
    with later(20):
        group = {"priority": "emergency_24h", "from_consultation": number}
        sent = office["ana"].post("/referrals", referral_json(**group)).get_json()
    with later(30):
        step(office["ana"], reference, "counselling", **COUNSELLED)
    with later(40):
        step(office["ana"], reference, "counselling", **COUNSELLED)
    with later(50):
        step(office["ana"], reference, "consent_recorded", **CONSENTED)
    with later(2 * 24 * 60):
        step(office.anew("susana"), reference, "stop", signs=["pressure"])
        assert office["susana"].post(f"/returns/{reference}/withdraw", {}).status_code == 200
        other = opened(office.anew("ana"), number)
        found = events(office["ana"], number)
        assert events(office["susana"], number) == found
        foreign = [office.anew(name).get(f"/cases/{number}") for name in ("eva", "guille", "gabi")]
    here, there = f"/returns/{reference}", f"/referrals/{sent['id']}"
    assert [link for _, link in found] == [
        f"/consultations/{number}", here, there, here, here, here, there, here, here,
        f"/returns/{other}",
    ]  # fmt: skip
    said = [what for what, _ in found]
    acts = ("enquiry", "sent", "counselling", "counselling", "consent")
    acts = (*acts, "expired", "stop", "withdraw", "enquiry")
    assert len(said) == len(acts) + 1
    assert all(what.startswith(CODES[act]) for what, act in zip(said[1:], acts, strict=True))
    assert said[3] == CODES["counselling"] and said[4] != CODES["counselling"], "seen as such"
    assert [answer.status_code for answer in foreign] == [404] * 3


@on_one
def test_the_day_names_the_requests_opened_on_it_and_how_many_wait(office):
    with later(0):
        alone, stopped = opened(office.anew("ana")), opened(office["ana"])
        foreign = opened(office.anew("guille"), desk="GTM-01", country_of_departure="GTM")
        near = opened(office.anew("eva"), desk="HND-02")
        step(office["ana"], stopped, "stop", signs=["pressure"])
        today = office["ana"].get("/today").text
        decides = office.anew("susana").get("/today?desk=HND-01").text
    for page in (today, decides):
        assert all(f'href="/returns/{one}"' in page for one in (alone, stopped))
        assert not any(one in page for one in (foreign, near))
        assert "pressure" not in page and "Somebody presses" not in page
        assert re.search(
            r'class="notice waiting".*?<p>1 .*?href="/returns\?desk=HND-01"', page, re.S
        )
    with later(24 * 60):
        tomorrow = office.anew("ana").get("/today").text
        before = office["ana"].get("/today?day=2026-03-14").text
    assert alone not in tomorrow and 'class="notice waiting"' in tomorrow
    assert alone in before and 'class="notice waiting"' not in before


@on_one
def test_an_expired_consent_waits_for_the_desk(office):
    with later(0):
        reference = opened(office.anew("ana"))
        step(office["ana"], reference, "counselling", **COUNSELLED)
        step(office["ana"], reference, "consent_recorded", **CONSENTED)
        answers = {"free_choice": "yes", "informed_decision": "yes", "text_version": "2026-1"}
        step(office["ana"], reference, "voluntariness_vulnerability_check", **answers)
        step(office["ana"], reference, "handed_to_iom")
        assert 'class="notice waiting"' not in office["ana"].get("/today").text
    with later(91 * 24 * 60):
        assert 'class="notice waiting"' in office.anew("ana").get("/today").text
