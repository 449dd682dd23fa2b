"""A referral from the desk's tablet to the shelter's phone and back: sent, answered, printed, sent on, raced for."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from app import create_app
from app.db.session import db
from tests import stopwatch
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import CLEAN, FAULTS, violations
from tests.browser.test_registrar import Taps
from tests.conftest import settings_for
from tests.factories.records import PASSWORD
from tests.factories.shelters import make_coordinator, make_shelter, referral_json
from tests.server import Client

ONE = re.compile(r"/referrals/[0-9a-f-]{36}$")
HERE = {"country": "MEX", "adm1": "MX07", "time_zone": "America/Mexico_City", "email": ""}
MOST_BYTES = 60 * 1024


class Neighbours:
    """Two shelters with room for women, a third with one bed; their coordinator, and a desk that sends by program."""

    def __init__(self, site: Site, sessions: dict[str, Any], chromium: Any) -> None:
        self.site = site
        app = create_app(settings_for(f"sqlite:///{site.path}"))
        with app.app_context():
            made = [
                make_shelter("MEX-A1", {"women": 3}, name="Casa Alba", **HERE),
                make_shelter("MEX-A2", {"women": 3}, name="Casa Brisa", **HERE),
                make_shelter("MEX-A3", {"isolation": 1}, name="Casa Clara", **HERE),
            ]
            make_coordinator("neighbour.mex", *made)
            db.session.remove()
            db.engine.dispose()
        context = chromium.new_context(base_url=site.address)
        page = context.new_page()
        page.goto("/sign-in?next=/account")
        page.fill("[name=username]", "neighbour.mex")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/account")
        sessions["neighbour.mex"] = context.storage_state()
        context.close()
        port = urlsplit(site.address).port
        assert port is not None
        self.desk = Client(port).sign_in("desk.mex")
        self.shelter = Client(port).sign_in("neighbour.mex")

    def send(self, **said: Any) -> str:
        """A referral by the desk; its id."""
        status, answer = self.desk.post("/referrals", referral_json("MEX-02", **said))
        assert status == 201, answer
        return str(answer["id"])

    def state(self, number: str) -> str:
        return str(self.desk.ask("GET", f"/referrals/{number}")[1]["state"])


@pytest.fixture(scope="module")
def neighbours(site: Site, sessions: dict[str, Any], chromium: Any) -> Neighbours:
    return Neighbours(site, sessions, chromium)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Waits until it is true: the page's policy forbids the driver's own way."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "not in time"
        time.sleep(0.05)


def number_of(page: Page) -> str:
    return page.url.rsplit("/", 1)[1]


def printed(page: Page, path: Path) -> str:
    """What stands on the one page of paper, read by another library."""
    paper = page.pdf(prefer_css_page_size=True)
    path.write_bytes(paper)
    assert len(paper) <= MOST_BYTES
    (only,) = PdfReader(path).pages
    return " ".join(only.extract_text().split())


def test_a_woman_is_referred_with_two_taps_and_the_shelters_phone_accepts(
    open_page: Open, site: Site, neighbours: Neighbours, tmp_path: Path
):
    phone = open_page("/referrals/inbox?shelter=MEX-A1", "neighbour.mex", "phone", "en")
    page = open_page("/consultations/new", locale="en")
    taps = Taps(page)
    taps.person()
    taps.nationality("HTI")
    taps.topic("shelter")
    taps.save()
    taps.n = 0
    taps.tap("#toast a")
    page.wait_for_selector(".refer-now")
    assert violations(page) == []
    taps.tap('button[name=shelters][value="MEX-A1"]')
    page.wait_for_url(ONE)
    began, number = stopwatch.now(), number_of(page)
    assert taps.n == 2
    code = page.inner_text(".four")

    card = phone.locator(f"article:has-text('{code}')")
    until(card.is_visible)
    assert stopwatch.now() - began <= 5
    card.locator("form[action$='/accept'] button").first.tap()
    until(lambda: neighbours.state(number) == "accepted")
    page.wait_for_selector("h1:has-text('Accepted')", timeout=60_000)
    page.goto("/today")
    listed = page.text_content("section:has(#t-referred)")  # the browser draws only what is in view
    assert re.search(r"1 person\s+Casa Alba\s+Accepted", listed or "")

    page.goto(f"/referrals/{number}/slip")
    paper = printed(page, tmp_path / "slip.pdf")
    assert "Casa Alba" in paper and " ".join(code) in paper and "Avenida Central 12" in paper
    for never in ("Hait", "HTI", "25–59", "oman", "ujer", "emale", "emenin", "desk.mex"):
        assert never not in paper, never

    phone.goto(f"/v/{number}")
    until(lambda: f"/referrals/arrive?code={code}" in phone.url)
    phone.locator("form[action$='/arrive'] button").first.tap()
    until(lambda: neighbours.state(number) == "arrived")
    stranger = open_page(f"/v/{number}", None, "phone", "en")
    assert "Casa Alba" in stranger.inner_text("main")
    assert code not in stranger.content() and "rrived" not in stranger.inner_text("main")
    assert violations(stranger) == []


def test_declined_with_a_reason_goes_to_the_next_shelter_with_one_tap(
    open_page: Open, neighbours: Neighbours
):
    number = neighbours.send(shelters=["MEX-A1"])
    page = open_page(f"/referrals/{number}", locale="en")
    assert not page.is_visible("text=Next shelter")
    said = {"reason": "outside_hours"}
    assert neighbours.shelter.post(f"/referrals/{number}/decline", said)[0] == 200
    page.reload()
    assert "Outside intake hours" in page.inner_text(".offers")
    page.tap("text=Next shelter")
    page.wait_for_selector("h3:has-text('Casa Brisa')")
    following = number_of(page)
    assert following != number and neighbours.state(following) == "sent"


def test_two_desks_race_for_the_last_bed_and_the_other_is_told(
    open_page: Open, neighbours: Neighbours
):
    wanted = {"shelters": ["MEX-A3"], "flags": ["health_condition"]}
    first, second = neighbours.send(**wanted), neighbours.send(**wanted)
    page = open_page(f"/referrals/{second}", locale="en")
    assert neighbours.shelter.post(f"/referrals/{first}/accept", {})[0] == 200
    status, told = neighbours.shelter.post(f"/referrals/{second}/accept", {})
    assert (status, told["problem"]) == (409, "no_places")
    assert neighbours.state(second) in ("sent", "seen")
    assert (
        neighbours.shelter.post(f"/referrals/{second}/decline", {"reason": "no_capacity"})[0] == 200
    )
    page.reload()
    assert "No capacity" in page.inner_text(".offers")
    page.goto("/referrals/new")
    page.fill("[name=persons-female-age_25_59]", "1")
    page.tap("#needs > summary")
    page.tap("label:has([value=health_condition])")
    page.wait_for_selector(".unfit li:has-text('Casa Clara') >> text=not enough free places")
    assert page.locator("button[value='MEX-A3']").count() == 0


def test_without_scripts_a_group_is_written_shown_and_sent(open_page: Open, neighbours: Neighbours):
    page = open_page("/referrals/new", locale="en", scripts=False)
    page.fill("[name=persons-female-age_60_plus]", "2")
    page.tap(".refresh button")
    page.wait_for_selector(".refer-now")
    assert page.input_value("[name=persons-female-age_60_plus]") == "2"
    page.tap('button[name=shelters][value="MEX-A2"]')
    page.wait_for_selector("#p-consent:visible")
    assert page.input_value("[name=persons-female-age_60_plus]") == "2"
    page.tap("label.consent")
    for code in ("MEX-A1", "MEX-A2"):
        page.tap(f"label:has([name=offers][value='{code}'])")
    page.tap("[name=several]")
    page.wait_for_url(ONE)
    assert "Casa Alba" in page.inner_text(".offers") and "Casa Brisa" in page.inner_text(".offers")


@pytest.mark.parametrize("locale", ["es", "pt"])
def test_the_pages_of_a_referral_have_no_fault_on_tablet_and_phone(
    open_page: Open, neighbours: Neighbours, locale: str
):
    number = neighbours.send(shelters=["MEX-A2"], language="hat", flags=["disability"])
    paths = ("/referrals/new", f"/referrals/{number}", f"/referrals/{number}/slip", "/today")
    for size, mode in (("tablet", ""), ("phone", "sun")):
        page = open_page("/account", "desk.mex", size, locale, mode)
        for path in paths:
            page.goto(path)
            if path == "/referrals/new":
                page.fill("[name=persons-female-age_25_59]", "1")
                page.wait_for_selector(".refer-now")
                page.locator("#needs > summary, #more > summary").all()[0].tap()
            assert page.evaluate(FAULTS) == CLEAN, (path, size)
            assert violations(page) == [], (path, size)
        page.context.close()
