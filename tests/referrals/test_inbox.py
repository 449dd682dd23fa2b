"""The inbox: what stands on it, what an open page learns for 1 KB, and the slip that somebody brings."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import text
from time_machine import travel as moving_clock

from app.db.session import db
from tests.factories.records import at, make_account, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter, referral_json

NOON = at("2026-03-10 18:00")
OTHERS = {"name": "Refugio Ajeno", "email": "", "is_protected": True}


def travel(moment):
    """Lets every clock of the machine stand at a moment."""
    return moving_clock(moment, tick=False)


class House:
    """A desk's Ana, Cora with one shelter, Dora with another one in the same country."""

    def __init__(self, app):
        self.app = app
        make_account("ana", "desk_staff", (make_desk(latitude=15.5, longitude=-88.03),))
        where = {"email": "", "latitude": 15.51, "longitude": -88.03}
        make_coordinator("cora", make_shelter(beds={"women": 3, "families": 2}, **where))
        make_coordinator("dora", make_shelter("HND-S2", **OTHERS))
        self.ana, self.cora, self.dora = (sign_in(app, name) for name in ("ana", "cora", "dora"))

    def anew(self):
        """Cora signed in again: the session of before has ended meanwhile."""
        self.cora = sign_in(self.app, "cora")
        return self.cora

    def send(self, **said):
        """A referral by Ana; its id and code."""
        content = referral_json(**said)
        answer = self.ana.post("/referrals", content)
        assert answer.status_code == 201, answer.data
        return content["id"], answer.get_json()["code"]

    def inbox(self, who=None, query=""):
        """What a person reads on the inbox, in English."""
        browser = who or self.cora
        answer = browser.get(f"/referrals/inbox{query}", headers={"Accept-Language": "en"})
        assert answer.status_code == 200, answer.status_code
        return words(answer)

    def poll(self, etag=None, who=None):
        """What an open page is told."""
        headers = {"Accept": "application/json"} | ({"If-None-Match": etag} if etag else {})
        return (who or self.cora).get("/referrals/inbox", headers=headers)


def words(answer):
    """The text of a page, as one line."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?span[^>]*>", "", body))).split())


@pytest.fixture
def house(app):
    with travel(NOON):
        yield House(app)


def test_the_page_says_who_waits_how_long_and_where_they_would_sleep(house):
    persons = [
        {"sex": "female", "age_band": "age_5_11", "n": 1},
        {"sex": "female", "age_band": "age_25_59", "n": 2},
    ]
    _, code = house.send(persons=persons, flags=["disability"], language="hat", note="Con mochila")
    with travel(NOON + timedelta(minutes=12)):
        read = house.inbox()
    for said in (
        f"Answer within 18 min {code}",
        "2 women 25–59, 1 girl 5–11",
        "Tonight · 3 people · Families · Haitian Creole · from Ventanilla HND-01 · 1.1 km",
        "Disability",
        "“Con mochila”",
        "confirmed 12 min ago",
        "Accept over capacity… The beds would be taken to 150%. Why?",
    ):
        assert said in read, (said, read)
    assert "Nobody is on the way" in read
    assert "Refugio Ajeno" not in read


def test_by_plain_forms_a_group_is_accepted_taken_back_accepted_and_arrives(house):
    number, code = house.send()
    cora, back = house.cora, {"next": "/referrals/inbox?shelter=HND-S1", "shelter": "HND-S1"}

    def press(act, seconds, **fields):
        with travel(NOON + timedelta(seconds=seconds)):
            answer = cora.post_form(f"/referrals/{number}/{act}", {**back, **fields})
            assert answer.status_code == 302, words(answer)
            assert answer.location == back["next"]
            return house.inbox(query="?shelter=HND-S1")

    read = press("accept", 5, version="1")
    assert f"Accepted: {code} Undo" in read
    assert "2 free of 3" in read
    assert f"Answer within 30 min {code}" in press("undo", 10)
    read = press("accept", 20)
    assert "Held until" in read
    with travel(NOON + timedelta(seconds=40)):
        assert "Undo" not in house.inbox()
    read = press("arrive", 60, persons="2")
    assert "1 free of 3 + There now: 2" in read
    assert "Nobody is on the way" in read
    assert f"Arrived (1) {code}" in read


def test_every_other_answer_moves_the_card_to_its_list(house):
    wait, asked, declined, missed = (house.send()[0] for _ in range(4))
    cora = house.cora
    cora.post_form(f"/referrals/{wait}/waitlist", {})
    cora.post_form(f"/referrals/{asked}/request-info", {"questions": ["cot", "diet"]})
    cora.post_form(f"/referrals/{declined}/decline", {"reason": "outside_hours"})
    cora.post_form(f"/referrals/{missed}/accept", {})
    read = house.inbox()
    assert "Waiting list (1)" in read
    assert "The desk was asked" in read
    assert "Is there a baby who needs a cot? not answered yet" in read
    assert "Declined: Outside intake hours · just now" in read
    with travel(NOON + timedelta(minutes=100)):
        cora = house.anew()
        read = house.inbox()
        assert "The places are no longer held" in read
        assert "Hold again" in read
        assert cora.post_form(f"/referrals/{missed}/no-show", {}).status_code == 302
        assert "Did not arrive · just now" in house.inbox()


def test_beds_are_changed_confirmed_and_reminded_of_after_four_hours(house):
    with travel(NOON + timedelta(hours=3, minutes=59)):
        house.anew()
        assert "Are they right?" not in house.inbox()
    with travel(NOON + timedelta(hours=4)):
        cora = house.cora
        assert "Are they right?" in house.inbox()
        assert cora.post_form("/shelters/HND-S1/confirm", {}).location == "/referrals/inbox"
        assert "Are they right?" not in house.inbox()
    cora = house.anew()
    one = {"category": "families", "occupied_by": "1", "confirmed": "1"}
    for _ in range(2):
        assert cora.post_form("/shelters/HND-S1/beds", one).status_code == 302
    over = {**one, "reason": "keep_group_together"}
    assert cora.post_form("/shelters/HND-S1/beds", over).status_code == 302
    assert "150% taken: To keep a group together" in house.inbox()
    cora.post_form("/shelters/HND-S1/accepting", {"accepting": "0"})
    assert "This shelter takes nobody in at present." in house.inbox()


def test_nothing_new_costs_less_than_a_kilobyte_sets_no_cookie_and_leaves_no_entry(house):
    house.send()
    first = house.poll()
    assert first.get_json() == {
        "waiting": 1,
        "on_the_way": 0,
        "next_deadline": "2026-03-10T18:30:00Z",
    }
    before = _entries()
    again = house.poll(first.headers["ETag"])
    assert again.status_code == 304
    assert again.data == b""
    assert "Set-Cookie" not in again.headers
    head = f"HTTP/1.1 {again.status}\r\n{again.headers}"
    assert len(head) <= 900, "the server adds its name, the date and the connection"
    assert _entries() == before
    house.inbox()
    assert _entries() == before + 1


def _entries():
    counted = db.session.scalar(text("SELECT count(*) FROM audit_entry"))
    db.session.rollback()
    return counted


def test_whatever_changes_is_told_and_nothing_else(house):
    etag = house.poll().headers["ETag"]
    number, _ = house.send()
    cora, beds = house.cora, {"category": "women", "confirmed": True}
    etag = _must_differ(house, etag, "sent")
    for path, said in (
        (f"/referrals/{number}/seen", {}),
        (f"/referrals/{number}/request-info", {"questions": ["cot"]}),
        (f"/referrals/{number}/waitlist", {}),
        (f"/referrals/{number}/accept", {}),
        (f"/referrals/{number}/undo", {}),
        (f"/referrals/{number}/accept", {}),
        (f"/referrals/{number}/arrive", {}),
        (f"/referrals/{number}/complete", {}),
        ("/shelters/HND-S1/beds", {**beds, "occupied": 2}),
        ("/shelters/HND-S1/confirm", {}),
        ("/shelters/HND-S1/accepting", {"accepting": False}),
    ):
        answer = cora.post(path, said)
        assert answer.status_code == 200, (path, answer.data)
        etag = _must_differ(house, etag, path)
    house.dora.post("/shelters/HND-S2/confirm", {})
    assert house.poll(etag).status_code == 304


def _must_differ(house, etag, why):
    answer = house.poll(etag)
    assert answer.status_code == 200, why
    assert house.poll(answer.headers["ETag"]).status_code == 304, why
    return answer.headers["ETag"]


def test_the_clock_alone_is_told_too(house):
    house.send(priority="emergency_24h")
    held, _ = house.send(priority="emergency_24h")
    house.cora.post(f"/referrals/{held}/accept", {})
    etag, said = house.poll().headers["ETag"], []
    for minutes, why in (
        (30, "the answer is late"),
        (90, "the hold is over"),
        (240, "the beds are stale"),
        (1440, "the deadline has passed"),
        (1530, "they have not come"),
    ):
        with travel(NOON + timedelta(minutes=minutes - 1)):
            house.anew()
            assert house.poll(etag).status_code == 304, f"before {why}"
        with travel(NOON + timedelta(minutes=minutes)):
            etag = _must_differ(house, etag, why)
            said.append(why)
    assert len(said) == 5


def test_somebody_elses_referrals_and_shelters_are_not_there(house):
    number, code = house.send()
    assert code not in house.inbox(house.dora)
    assert house.poll(who=house.dora).get_json()["waiting"] == 0
    assert house.dora.get("/referrals/inbox?shelter=HND-S1").status_code == 404
    assert house.dora.post_form(f"/referrals/{number}/accept", {}).status_code == 404
    assert house.ana.get("/referrals/inbox").status_code == 403


def test_who_was_not_the_first_learns_neither_who_else_was_asked_nor_who_accepted(house):
    number, _ = house.send(shelters=["HND-S1", "HND-S2"])
    assert house.dora.post(f"/referrals/{number}/accept", {}).status_code == 200
    told = house.cora.get_json(f"/referrals/{number}").get_json()
    assert told["state"] == "accepted" and told["shelter"] is None
    assert told["offers"] == [{"shelter": "HND-S1", "state": "taken"}]
    every = house.ana.get_json(f"/referrals/{number}").get_json()
    assert every["shelter"] == "HND-S2" and len(every["offers"]) == 2


def test_the_slip_opens_the_group_where_it_is_awaited_and_says_nothing_elsewhere(house):
    number, code = house.send()
    typed = f"{code[:2].lower()}-{code[2:]}"
    path, english = f"/referrals/arrive?code={typed}", {"Accept-Language": "en"}
    house.cora.post(f"/referrals/{number}/accept", {})
    found = house.cora.get(path, headers=english)
    assert found.status_code == 200
    assert "1 woman 25–59" in words(found)
    assert f'/referrals/{number}/arrive"' in found.get_data(as_text=True)
    other = house.dora.get(path, headers=english)
    none = house.dora.get("/referrals/arrive?code=zz", headers=english)
    assert (other.status_code, none.status_code) == (404, 404)
    for answer in (other, none):
        assert "No group with this code is expected here." in words(answer)
        assert number not in answer.get_data(as_text=True)
    assert house.dora.get("/referrals/arrive").status_code == 200


def test_who_coordinates_two_shelters_chooses_and_who_has_none_is_told(app, house):
    both = make_shelter("HND-S3", name="Casa Tres", email=""), make_shelter("HND-S4", email="")
    make_coordinator("tere", *both)
    make_coordinator("nora")
    tere, nora = sign_in(app, "tere"), sign_in(app, "nora")
    house.send(shelters=["HND-S4"])
    assert "Waiting for your answer (1)" in house.inbox(tere)
    assert "Nobody waits" in house.inbox(tere, "?shelter=HND-S3")
    assert "You are not assigned to a shelter yet" in house.inbox(nora)
    assert nora.get("/").location == "/referrals/inbox"
