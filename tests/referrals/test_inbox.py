"""The inbox: what it lists, what an open page polls for 1 KB, and the slip that a group presents."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import text
from time_machine import travel as move_clock

from app.db.session import db
from tests.factories.records import at, make_account, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter, referral_json

NOON = at("2026-03-10 18:00")
OTHERS = {"name": "Refugio Ajeno", "email": "", "is_protected": True}


def travel(moment):
    """Freeze every clock of the machine at a moment."""
    return move_clock(moment, tick=False)


class TwoShelterWorld:
    """Ana of a desk, Cora of a shelter, Dora of another shelter in the same country."""

    def __init__(self, app):
        self.app = app
        make_account("ana", "desk_staff", (make_desk(latitude=15.5, longitude=-88.03),))
        location = {"email": "", "latitude": 15.51, "longitude": -88.03}
        make_coordinator("cora", make_shelter(beds={"women": 3, "families": 2}, **location))
        make_coordinator("dora", make_shelter("HND-S2", **OTHERS))
        self.ana, self.cora, self.dora = (sign_in(app, name) for name in ("ana", "cora", "dora"))

    def sign_in_again(self):
        """Sign Cora in again: her session has ended meanwhile."""
        self.cora = sign_in(self.app, "cora")
        return self.cora

    def send(self, **fields):
        """Send a referral as Ana; return its id and code."""
        content = referral_json(**fields)
        answer = self.ana.post("/referrals", content)
        assert answer.status_code == 201, answer.data
        return content["id"], answer.get_json()["code"]

    def inbox(self, browser=None, query=""):
        """Return the text of the inbox, in English."""
        browser = browser or self.cora
        answer = browser.get(f"/referrals/inbox{query}", headers={"Accept-Language": "en"})
        assert answer.status_code == 200, answer.status_code
        return text_of(answer)

    def poll(self, etag=None, browser=None):
        """Return the answer that an open page polls."""
        headers = {"Accept": "application/json"} | ({"If-None-Match": etag} if etag else {})
        return (browser or self.cora).get("/referrals/inbox", headers=headers)


def text_of(answer):
    """Return the text of a page, as one line."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?span[^>]*>", "", body))).split())


@pytest.fixture
def inbox_world(app):
    with travel(NOON):
        yield TwoShelterWorld(app)


def test_the_page_says_who_waits_how_long_and_where_they_would_sleep(inbox_world):
    persons = [
        {"sex": "female", "age_band": "age_5_11", "n": 1},
        {"sex": "female", "age_band": "age_25_59", "n": 2},
    ]
    _, code = inbox_world.send(
        persons=persons, flags=["disability"], language="hat", note="Con mochila"
    )
    with travel(NOON + timedelta(minutes=12)):
        inbox = inbox_world.inbox()
    for sentence in (
        f"Answer within 18 min {code}",
        "2 women 25–59, 1 girl 5–11",
        "Tonight · 3 people · Families · Haitian Creole · from Ventanilla HND-01 · 1.1 km",
        "Disability",
        "“Con mochila”",
        "confirmed 12 min ago",
        "Accept over capacity… The shelter would be 150% full. Why?",
    ):
        assert sentence in inbox, (sentence, inbox)
    assert "Nobody is on the way" in inbox
    assert "Refugio Ajeno" not in inbox


def test_by_plain_forms_a_group_is_accepted_taken_back_accepted_and_arrives(inbox_world):
    referral_id, code = inbox_world.send()
    cora, return_to = (
        inbox_world.cora,
        {"next": "/referrals/inbox?shelter=HND-S1", "shelter": "HND-S1"},
    )

    def press(action, seconds, **fields):
        with travel(NOON + timedelta(seconds=seconds)):
            answer = cora.post_form(f"/referrals/{referral_id}/{action}", {**return_to, **fields})
            assert answer.status_code == 302, text_of(answer)
            assert answer.location == return_to["next"]
            return inbox_world.inbox(query="?shelter=HND-S1")

    inbox = press("accept", 5, version="1")
    assert f"Accepted: {code} Undo" in inbox
    assert "2 free of 3" in inbox
    assert f"Answer within 30 min {code}" in press("undo", 10)
    inbox = press("accept", 20)
    assert "Held until" in inbox
    with travel(NOON + timedelta(seconds=40)):
        assert "Undo" not in inbox_world.inbox()
    inbox = press("arrive", 60, persons="2")
    assert "1 free of 3 + There now: 2" in inbox
    assert "Nobody is on the way" in inbox
    assert f"Arrived (1) {code}" in inbox


def test_every_other_answer_moves_the_card_to_its_list(inbox_world):
    waitlisted, queried, declined, accepted = (inbox_world.send()[0] for _ in range(4))
    cora = inbox_world.cora
    cora.post_form(f"/referrals/{waitlisted}/waitlist", {})
    cora.post_form(f"/referrals/{queried}/request-info", {"questions": ["cot", "diet"]})
    cora.post_form(f"/referrals/{declined}/decline", {"reason": "outside_hours"})
    cora.post_form(f"/referrals/{accepted}/accept", {})
    inbox = inbox_world.inbox()
    assert "Waiting list (1)" in inbox
    assert "The desk was asked" in inbox
    assert "Is there a baby who needs a cot? not answered yet" in inbox
    assert "Declined: Outside intake hours · just now" in inbox
    with travel(NOON + timedelta(minutes=100)):
        cora = inbox_world.sign_in_again()
        inbox = inbox_world.inbox()
        assert "The places are no longer held" in inbox
        assert "Hold again" in inbox
        assert cora.post_form(f"/referrals/{accepted}/no-show", {}).status_code == 302
        assert "Did not arrive · just now" in inbox_world.inbox()


def test_beds_are_changed_confirmed_and_reminded_of_after_four_hours(inbox_world):
    with travel(NOON + timedelta(hours=3, minutes=59)):
        inbox_world.sign_in_again()
        assert "Are they right?" not in inbox_world.inbox()
    with travel(NOON + timedelta(hours=4)):
        cora = inbox_world.cora
        assert "Are they right?" in inbox_world.inbox()
        assert cora.post_form("/shelters/HND-S1/confirm", {}).location == "/referrals/inbox"
        assert "Are they right?" not in inbox_world.inbox()
    cora = inbox_world.sign_in_again()
    change = {"category": "families", "occupied_by": "1", "confirmed": "1"}
    for _ in range(2):
        assert cora.post_form("/shelters/HND-S1/beds", change).status_code == 302
    over_capacity = {**change, "reason": "keep_group_together"}
    assert cora.post_form("/shelters/HND-S1/beds", over_capacity).status_code == 302
    assert "150% taken: To keep a group together" in inbox_world.inbox()
    cora.post_form("/shelters/HND-S1/accepting", {"accepting": "0"})
    assert "This shelter takes nobody in at present." in inbox_world.inbox()


def test_nothing_new_costs_less_than_a_kilobyte_sets_no_cookie_and_leaves_no_entry(inbox_world):
    inbox_world.send()
    first = inbox_world.poll()
    assert first.get_json() == {
        "waiting": 1,
        "on_the_way": 0,
        "next_deadline": "2026-03-10T18:30:00Z",
    }
    before = _count_audit_entries()
    unchanged = inbox_world.poll(first.headers["ETag"])
    assert unchanged.status_code == 304
    assert unchanged.data == b""
    assert "Set-Cookie" not in unchanged.headers
    head = f"HTTP/1.1 {unchanged.status}\r\n{unchanged.headers}"
    assert len(head) <= 900, "the server adds its name, the date and the connection"
    assert _count_audit_entries() == before
    inbox_world.inbox()
    assert _count_audit_entries() == before + 1


def _count_audit_entries():
    count = db.session.scalar(text("SELECT count(*) FROM audit_entry"))
    db.session.rollback()
    return count


def test_every_change_is_reported_and_nothing_else(inbox_world):
    etag = inbox_world.poll().headers["ETag"]
    referral_id, _ = inbox_world.send()
    cora, bed_fields = inbox_world.cora, {"category": "women", "confirmed": True}
    etag = _assert_changed(inbox_world, etag, "sent")
    for path, fields in (
        (f"/referrals/{referral_id}/seen", {}),
        (f"/referrals/{referral_id}/request-info", {"questions": ["cot"]}),
        (f"/referrals/{referral_id}/waitlist", {}),
        (f"/referrals/{referral_id}/accept", {}),
        (f"/referrals/{referral_id}/undo", {}),
        (f"/referrals/{referral_id}/accept", {}),
        (f"/referrals/{referral_id}/arrive", {}),
        (f"/referrals/{referral_id}/complete", {}),
        ("/shelters/HND-S1/beds", {**bed_fields, "occupied": 2}),
        ("/shelters/HND-S1/confirm", {}),
        ("/shelters/HND-S1/accepting", {"accepting": False}),
    ):
        answer = cora.post(path, fields)
        assert answer.status_code == 200, (path, answer.data)
        etag = _assert_changed(inbox_world, etag, path)
    inbox_world.dora.post("/shelters/HND-S2/confirm", {})
    assert inbox_world.poll(etag).status_code == 304


def _assert_changed(inbox_world, etag, reason):
    answer = inbox_world.poll(etag)
    assert answer.status_code == 200, reason
    assert inbox_world.poll(answer.headers["ETag"]).status_code == 304, reason
    return answer.headers["ETag"]


def test_the_passing_of_time_is_reported_too(inbox_world):
    inbox_world.send(priority="emergency_24h")
    accepted_id, _ = inbox_world.send(priority="emergency_24h")
    inbox_world.cora.post(f"/referrals/{accepted_id}/accept", {})
    etag, reasons = inbox_world.poll().headers["ETag"], []
    for minutes, reason in (
        (30, "the answer is late"),
        (90, "the hold is over"),
        (240, "the beds are stale"),
        (1440, "the deadline has passed"),
        (1530, "they have not come"),
    ):
        with travel(NOON + timedelta(minutes=minutes - 1)):
            inbox_world.sign_in_again()
            assert inbox_world.poll(etag).status_code == 304, f"before {reason}"
        with travel(NOON + timedelta(minutes=minutes)):
            etag = _assert_changed(inbox_world, etag, reason)
            reasons.append(reason)
    assert len(reasons) == 5


def test_somebody_elses_referrals_and_shelters_are_not_there(inbox_world):
    referral_id, code = inbox_world.send()
    assert code not in inbox_world.inbox(inbox_world.dora)
    assert inbox_world.poll(browser=inbox_world.dora).get_json()["waiting"] == 0
    assert inbox_world.dora.get("/referrals/inbox?shelter=HND-S1").status_code == 404
    assert inbox_world.dora.post_form(f"/referrals/{referral_id}/accept", {}).status_code == 404
    assert inbox_world.ana.get("/referrals/inbox").status_code == 403


def test_who_was_not_the_first_learns_neither_who_else_was_asked_nor_who_accepted(inbox_world):
    referral_id, _ = inbox_world.send(shelters=["HND-S1", "HND-S2"])
    assert inbox_world.dora.post(f"/referrals/{referral_id}/accept", {}).status_code == 200
    for_shelter = inbox_world.cora.get_json(f"/referrals/{referral_id}").get_json()
    assert for_shelter["state"] == "accepted" and for_shelter["shelter"] is None
    assert for_shelter["offers"] == [{"shelter": "HND-S1", "state": "taken"}]
    for_desk = inbox_world.ana.get_json(f"/referrals/{referral_id}").get_json()
    assert for_desk["shelter"] == "HND-S2" and len(for_desk["offers"]) == 2


def test_the_slip_opens_the_group_where_it_is_awaited_and_says_nothing_elsewhere(inbox_world):
    referral_id, code = inbox_world.send()
    typed = f"{code[:2].lower()}-{code[2:]}"
    path, english = f"/referrals/arrive?code={typed}", {"Accept-Language": "en"}
    inbox_world.cora.post(f"/referrals/{referral_id}/accept", {})
    expected = inbox_world.cora.get(path, headers=english)
    assert expected.status_code == 200
    assert "1 woman 25–59" in text_of(expected)
    assert f'/referrals/{referral_id}/arrive"' in expected.get_data(as_text=True)
    other_shelter = inbox_world.dora.get(path, headers=english)
    unknown_code = inbox_world.dora.get("/referrals/arrive?code=zz", headers=english)
    assert (other_shelter.status_code, unknown_code.status_code) == (404, 404)
    for answer in (other_shelter, unknown_code):
        assert "No group with this code is expected here." in text_of(answer)
        assert referral_id not in answer.get_data(as_text=True)
    assert inbox_world.dora.get("/referrals/arrive").status_code == 200


def test_who_coordinates_two_shelters_chooses_and_who_has_none_is_informed(app, inbox_world):
    shelters = (
        make_shelter("HND-S3", name="Casa Tres", email=""),
        make_shelter("HND-S4", email=""),
    )
    make_coordinator("tere", *shelters)
    make_coordinator("nora")
    tere, nora = sign_in(app, "tere"), sign_in(app, "nora")
    inbox_world.send(shelters=["HND-S4"])
    assert "Waiting for your answer (1)" in inbox_world.inbox(tere)
    assert "Nobody is waiting" in inbox_world.inbox(tere, "?shelter=HND-S3")
    assert "You are not assigned to a shelter yet" in inbox_world.inbox(nora)
    assert nora.get("/").location == "/referrals/inbox"
