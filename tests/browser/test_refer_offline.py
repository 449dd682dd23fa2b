"""Referring without the network on an enrolled tablet: calls, notices in the queue, a slip without a promise."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Playwright
from pypdf import PdfReader
from sqlalchemy import text

from app import create_app
from app.db.session import db
from tests.browser.conftest import SIZES, Site
from tests.browser.tablet import Tablet, enrolled
from tests.browser.test_pages import CLEAN, FAULTS, violations
from tests.conftest import settings_for
from tests.factories.shelters import make_shelter

HERE = {"country": "MEX", "adm1": "MX07", "time_zone": "America/Mexico_City", "email": ""}
HOURS = {"opens_at": "17:00", "closes_at": "22:00"}
REFER = "/referrals/new"
CARD = '[data-shelter="MEX-Z1"]'
LEAVE = f"{CARD} [data-leave]"
WOMAN = '[name="persons-female-age_25_59"]'


@pytest.fixture(scope="module")
def shelters(site: Site) -> Iterator[None]:
    """Yield three shelters for these tests alone."""
    app = create_app(settings_for(f"sqlite:///{site.path}"))
    with app.app_context():
        make_shelter("MEX-Z1", {"women": 37}, name="Casa Zarza", **HERE, **HOURS)
        make_shelter("MEX-Z2", {"men": 4}, name="Casa Zorzal", sexes=("male",), phone="", **HERE)
        hidden = {"is_protected": True, "phone": "962 555 0101", "meeting_point": "Kiosk"}
        make_shelter("ZQ7", {"women": 4}, name="Casa Zurcida", address="Calle 7", **hidden, **HERE)
        yield
        closed = "UPDATE shelter SET closed_on = :day WHERE code IN ('MEX-Z1', 'MEX-Z2', 'ZQ7')"
        db.session.execute(text(closed), {"day": date(2020, 1, 1).isoformat()})
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def shared(
    playwright: Playwright,
    site: Site,
    shelters: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Tablet]:
    with enrolled(playwright, tmp_path_factory.mktemp("tablet"), site) as tablet:
        yield tablet


@pytest.fixture
def tablet(shared: Tablet) -> Iterator[Tablet]:
    """Yield the tablet on the page of referring, without the network and with nothing waiting."""
    shared.offline(False)
    shared.page.evaluate("ventanilla.ready.then(() => ventanilla.syncQueue.triggerSync('chip'))")
    shared.chip("sent", seconds=15)
    shared.offline()
    shared.go(REFER)
    shared.until("ventanilla.ready.then(() => Boolean(ventanilla.notices))")
    yield shared
    shared.offline(False)
    assert shared.errors == []


def waiting(tablet: Tablet) -> int:
    return int(tablet.page.evaluate("ventanilla.store.waiting()"))


def referrals(site: Site) -> list[tuple[str, str, int]]:
    """Return state, author and number of people of every referral, in the order of arrival."""
    columns = "SELECT r.state, a.username, r.person_count FROM referral r JOIN account a ON a.id = r.author_id"
    return site.rows(f"{columns} ORDER BY r.sent_at, r.id")


def test_it_says_whom_to_call_and_nothing_that_may_be_old_or_is_secret(tablet: Tablet):
    page = tablet.page
    assert page.locator("#refer-offline").is_visible()
    assert page.locator(f'{CARD} a[href="tel:2222-1111"]').is_visible()
    assert page.locator('[data-shelter="MEX-Z2"] a').count() == 0
    assert "17:00" in page.inner_text(CARD) and "37" not in page.inner_text("main")
    hidden = page.locator('[data-shelter="ZQ7"]')
    assert hidden.locator('a[href="tel:9625550101"]').is_visible()
    for secret in ("Zurcida", "Calle 7", "Kiosk"):
        assert secret not in page.content()


def test_a_notice_waits_in_the_queue_and_becomes_a_referral_when_there_is_a_network(
    tablet: Tablet, site: Site, tmp_path: Path
):
    page, before = tablet.page, referrals(site)
    page.tap(LEAVE)
    assert page.locator("#p-persons").is_visible()
    page.fill(WOMAN, "2")
    assert page.locator('[data-shelter="MEX-Z2"] [data-leave]').is_disabled()
    page.tap(LEAVE)
    assert page.locator("#p-consent").is_visible() and waiting(tablet) == 0
    page.check('[name="consent"]')
    page.select_option('[name="language"]', "hat")
    page.dblclick(LEAVE)
    tablet.until("!document.getElementById('left').hidden")
    assert waiting(tablet) == 1 and page.locator("#refer-offline").is_hidden()
    slip = page.inner_text("#slip")
    for fact in ("Casa Zarza", "Avenida Central 12", "2222-1111", "17:00", "22:00", ": 2"):
        assert fact in slip
    shown = page.locator("#slip [lang]:visible")
    assert [part.get_attribute("lang") for part in shown.all()] == ["es", "ht"]
    assert page.locator('#left a[href="tel:2222-1111"]').is_visible()
    paper = tmp_path / "slip.pdf"
    page.pdf(path=paper, prefer_css_page_size=True)
    (only,) = PdfReader(paper).pages
    printed = only.extract_text()
    assert "Casa Zarza" in printed and "25" not in printed
    assert page.locator("h1").inner_text() not in printed
    assert referrals(site) == before
    tablet.offline(False)
    page.evaluate("ventanilla.syncQueue.triggerSync('chip')")
    tablet.chip("sent")
    assert referrals(site) == [*before, ("sent", "desk.mex", 2)]
    page.tap("[data-again]")
    assert page.input_value(WOMAN) == "" and not page.is_checked('[name="consent"]')


def test_the_answers_stay_when_the_language_changes(tablet: Tablet):
    page = tablet.page
    page.fill(WOMAN, "3")
    page.check('[name="consent"]')
    for locale in ("en", "es"):
        page.tap(".menu > summary")
        with page.expect_navigation():
            page.tap(f'button[name="locale"][value="{locale}"]')
        tablet.until(f"document.querySelector('{WOMAN}').value === '3'")
        assert page.get_attribute("html", "lang") == locale
        assert page.is_checked('[name="consent"]') and waiting(tablet) == 0


def test_a_send_of_the_page_that_finds_no_network_is_offered_as_a_notice(
    tablet: Tablet, site: Site
):
    page, before = tablet.page, referrals(site)
    tablet.offline(False)
    tablet.go(REFER)
    tablet.until("ventanilla.ready.then(() => Boolean(ventanilla.notices))")
    page.fill(WOMAN, "1")
    page.check('[name="consent"]')
    page.wait_for_selector('button[name="shelters"][value="MEX-Z1"]')
    tablet.offline()
    page.tap('button[name="shelters"][value="MEX-Z1"]')
    page.wait_for_selector("#no-network:not([hidden])")
    assert waiting(tablet) == 0 and page.input_value(WOMAN) == "1"
    page.tap("#no-network [data-leave]")
    page.wait_for_selector("#notice-left:not([hidden])")
    assert waiting(tablet) == 1 and page.locator("#refer").is_hidden()
    tablet.offline(False)
    page.evaluate("ventanilla.syncQueue.triggerSync('chip')")
    tablet.chip("sent")
    assert referrals(site) == [*before, ("sent", "desk.mex", 1)]


def test_the_page_of_the_server_sends_as_ever_from_a_tablet(tablet: Tablet, site: Site):
    page, before = tablet.page, referrals(site)
    tablet.offline(False)
    tablet.go(REFER)
    tablet.until("ventanilla.ready.then(() => Boolean(ventanilla.notices))")
    page.fill(WOMAN, "1")
    page.check('[name="consent"]')
    right = page.input_value('#refer [name="id"]')
    page.evaluate("""() => { document.getElementById("refer").elements.id.value = "wrong"; }""")
    with page.expect_navigation():
        page.tap('button[name="shelters"][value="MEX-Z1"]')
    assert page.locator(".notice.error").is_visible() and referrals(site) == before
    tablet.until("ventanilla.ready.then(() => Boolean(ventanilla.notices))")
    page.evaluate(
        f"""() => {{ document.getElementById("refer").elements.id.value = "{right}"; }}"""
    )
    page.tap('button[name="shelters"][value="MEX-Z1"]')
    page.wait_for_url("**/referrals/*-*-*-*-*")
    assert referrals(site) == [*before, ("sent", "desk.mex", 1)] and waiting(tablet) == 0


def test_a_child_alone_goes_to_no_shelter(tablet: Tablet):
    page = tablet.page
    page.fill('[name="persons-female-age_12_17"]', "1")
    assert page.locator("#shelters").is_hidden() and page.locator("#child-alone").is_visible()
    page.check('[name="consent"]')
    page.tap("#child-alone [data-leave]")
    tablet.until("!document.getElementById('left').hidden")
    tablet.offline(False)
    page.evaluate("ventanilla.syncQueue.triggerSync('chip')")
    tablet.chip("sent")
    [(service,)] = tablet.site.rows("SELECT service FROM referral ORDER BY sent_at DESC LIMIT 1")
    assert service == "child_protection_authority"


def test_after_a_failure_of_the_storage_the_answers_stay_and_one_notice_comes_of_it(tablet: Tablet):
    page = tablet.page
    page.fill(WOMAN, "1")
    page.check('[name="consent"]')
    page.evaluate("""() => {
      const real = ventanilla.store.put;
      ventanilla.store.put = async (entry) => {
        await real(entry);
        ventanilla.store.put = real;
        throw new Error("storage");
      };
    }""")
    page.tap(LEAVE)
    tablet.until("!document.getElementById('p-kept').hidden")
    assert page.input_value(WOMAN) == "1"
    page.tap(LEAVE)
    tablet.until("!document.getElementById('left').hidden")
    assert waiting(tablet) == 1


def light(tablet: Tablet, mode: str) -> None:
    tablet.page.evaluate("mode => { document.documentElement.dataset.mode = mode; }", mode)


def test_nothing_is_small_or_cut_and_axe_finds_nothing(tablet: Tablet):
    page = tablet.page
    page.fill(WOMAN, "1")
    for size in ("phone", "tablet"):
        width, height, _touch = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(FAULTS) == CLEAN
    for mode in ("sun", "night", "light"):
        light(tablet, mode)
        assert violations(page, mode) == []
    page.check('[name="consent"]')
    page.tap(LEAVE)
    tablet.until("!document.getElementById('left').hidden")
    assert page.evaluate(FAULTS) == CLEAN
    assert violations(page) == []
