"""The shelter's open page on a phone: it shows what comes, answers with one tap, and keeps the beds."""

import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from app import create_app
from app.db.session import db
from tests import stopwatch
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import CLEAN, FAULTS, MODES, in_light, violations
from tests.conftest import settings_for
from tests.factories.records import PASSWORD
from tests.factories.shelters import make_coordinator, make_shelter, referral_json
from tests.server import ROUNDS, Client

GROUP = [
    {"sex": "female", "age_band": "age_25_59", "n": 2},
    {"sex": "female", "age_band": "age_5_11", "n": 1},
]
WOMAN = GROUP[:1]


class House:
    """A shelter of the site with its coordinator signed in, and a desk that sends to it."""

    def __init__(self, site: Site, sessions, chromium) -> None:
        self.site = site
        app = create_app(settings_for(f"sqlite:///{site.path}"))
        with app.app_context():
            where = {"country": "MEX", "adm1": "MX07", "time_zone": "America/Mexico_City"}
            beds = {"families": 8, "women": 5, "men": 0, "women_with_children": 9, "mixed": 2}
            made = make_shelter("MEX-S9", beds, email="", **where)
            make_coordinator("shelter.mex", made)
            db.session.remove()
            db.engine.dispose()
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{site.address}/sign-in")
        page.fill("[name=username]", "shelter.mex")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/referrals/inbox")
        sessions["shelter.mex"] = context.storage_state()
        context.close()
        self.desk = Client(urlsplit(site.address).port).sign_in("desk.mex")

    def send(self, persons=GROUP, **said) -> str:
        """A referral by the desk; its code."""
        content = referral_json("MEX-02", shelters=["MEX-S9"], persons=persons, **said)
        status, answer = self.desk.post("/referrals", content)
        assert status == 201, answer
        return str(answer["code"])

    def state(self, code: str) -> str:
        return str(self.site.rows(f"SELECT state FROM referral WHERE code = '{code}'")[0][0])

    def becomes(self, code: str, state: str) -> None:
        until(lambda: self.state(code) == state)


def until(true, seconds: float = 60) -> None:
    """Waits until it is true: the page's policy forbids the driver's own way."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "not in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def house(site: Site, sessions, chromium) -> House:
    return House(site, sessions, chromium)


def card(page: Page, code: str):
    return page.locator(f"article:has(.tag.code:text-is('{code}'))")


def test_the_open_page_shows_a_referral_in_five_seconds_and_answers_it_with_a_tap(
    open_page: Open, house: House
):
    page = open_page("/", "shelter.mex", "phone", "en")
    assert page.title() == "Referrals · Ventanilla"
    sent = stopwatch.now()
    code = house.send()
    until(card(page, code).is_visible)
    assert stopwatch.now() - sent <= 5
    assert page.title().startswith("(1) ")
    assert page.inner_text("#messages") == "A referral waits for your answer."
    house.becomes(code, "seen")
    card(page, code).get_by_role("button", name="Accept", exact=True).tap()
    until(page.locator(".undo-toast").is_visible)
    house.becomes(code, "accepted")
    page.locator(".undo-toast button").tap()
    house.becomes(code, "seen")
    until(page.locator(".waiting article").is_visible)
    card(page, code).get_by_role("button", name="Accept", exact=True).tap()
    house.becomes(code, "accepted")
    until(page.locator(".way article").is_visible)
    card(page, code).get_by_label("How many came").fill("2")
    card(page, code).get_by_role("button", name="Arrived").tap()
    house.becomes(code, "arrived")
    assert house.site.rows(f"SELECT arrived_persons FROM referral WHERE code = '{code}'") == [(2,)]
    other = house.send(WOMAN)
    until(card(page, other).is_visible)
    card(page, other).get_by_text("Cannot").tap()
    card(page, other).get_by_role("button", name="No capacity").tap()
    house.becomes(other, "declined")


def test_beds_take_one_tap_and_what_is_typed_stays_when_something_comes(
    open_page: Open, house: House
):
    page = open_page("/referrals/inbox", "shelter.mex", "phone", "en")
    women = page.locator("#b-women")
    women.get_by_role("button", name="Women: one bed less is free").tap()
    until(lambda: women.locator(".free-n strong").inner_text() == "4")
    women.get_by_role("button", name="Women: one bed more is free").tap()
    until(lambda: women.locator(".free-n strong").inner_text() == "5")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Confirm: still the same").tap()
    until(page.locator("#toast").is_visible)
    men = page.locator("#b-men")
    men.get_by_text("One more than there are places").tap()
    men.get_by_role("button", name="Extra mattresses were put up").tap()
    until(men.locator(".over-full").is_visible)
    assert "Extra mattresses were put up" in men.locator(".over-full").inner_text()
    women.get_by_text("Change the places").tap()
    women.get_by_label("Places", exact=True).fill("7")
    code = house.send(WOMAN)
    until(card(page, code).is_visible)
    assert women.get_by_label("Places", exact=True).input_value() == "7"
    women.get_by_role("button", name="Save").tap()
    until(lambda: women.locator(".free-n").inner_text().split() == ["7", "free", "of", "7"])
    page.fill("#slip-code", code.lower())
    page.get_by_role("button", name="Find").tap()
    page.wait_for_url("**/referrals/arrive?code=*")
    assert card(page, code).is_visible()
    assert violations(page) == []


def test_the_page_without_scripts_does_the_same(open_page: Open, house: House):
    code = house.send(WOMAN)
    page = open_page("/referrals/inbox", "shelter.mex", "phone", "en", scripts=False)
    card(page, code).get_by_role("button", name="Accept", exact=True).tap()
    page.wait_for_url("**/referrals/inbox?shelter=MEX-S9")
    card(page, code).get_by_role("button", name="Arrived").tap()
    house.becomes(code, "arrived")


def test_the_page_is_calm_in_every_light_language_and_width(open_page: Open, house: House):
    house.send(flags=["disability"], note="Traen dos mochilas", priority="normal_14d")
    for locale, modes in (("es", MODES), ("nl", MODES if ROUNDS > 1 else ("sun",))):
        page = open_page("/referrals/inbox", "shelter.mex", "phone", locale)
        for mode in modes:
            page.set_viewport_size({"width": 390, "height": 844})
            page.reload()  # closes what the former light opened
            in_light(page, mode)
            first = page.locator(".waiting .deeds").first.bounding_box()
            assert first["y"] + first["height"] <= 844, (locale, mode, first)
            _open_everything(page)
            assert violations(page, mode) == [], (locale, mode)
            for width in (390, 320):
                page.set_viewport_size({"width": width, "height": 844})
                assert (locale, mode, width, page.evaluate(FAULTS)) == (locale, mode, width, CLEAN)


def _open_everything(page: Page) -> None:
    page.evaluate(
        "document.querySelectorAll('#inbox details').forEach((one) => { one.open = true; })"
    )


def test_an_answer_of_nothing_new_is_at_most_a_kilobyte_on_the_wire(
    site: Site, house: House, sessions
):
    port = urlsplit(site.address).port
    cookie = "; ".join(
        f"{one['name']}={one['value']}" for one in sessions["shelter.mex"]["cookies"]
    )
    asked = {"Accept": "application/json", "Cookie": cookie}

    def ask(etag: str) -> tuple[int, int, str]:
        connection = HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/referrals/inbox", headers={**asked, "If-None-Match": etag})
        answer = connection.getresponse()
        size = len(f"HTTP/1.1 {answer.status} {answer.reason}\r\n") + len(answer.read()) + 2
        size += sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
        return answer.status, size, str(answer.getheader("ETag"))

    _, _, etag = ask('"0"')
    status, size, _ = ask(etag)
    assert status == 304
    assert 300 < size <= 1024
