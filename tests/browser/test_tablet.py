"""An enrolled tablet in a real browser: recording without a network, what the chip says, undo, languages, the day."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from tests.browser.axe import find_violations
from tests.browser.conftest import SIZES, Open, Site
from tests.browser.tablet import RECORD, Tablet, enrolled

AAA = {"rules": {"color-contrast-enhanced": {"enabled": True}}}
SHOWN = "#toast:not([hidden])"


@pytest.fixture(scope="module")
def shared(
    playwright: Playwright, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tablet]:
    with enrolled(playwright, tmp_path_factory.mktemp("tablet"), site) as tablet:
        yield tablet


@pytest.fixture
def tablet(shared: Tablet) -> Iterator[Tablet]:
    """The tablet on a clean form with the network there and nothing waiting; no fault may be left in its console."""
    shared.offline(False)
    shared.page.evaluate("ventanilla.ready.then(() => ventanilla.syncQueue.triggerSync('chip'))")
    shared.delivered()
    shared.go(RECORD)
    shared.until("ventanilla.ready")
    yield shared
    shared.offline(False)
    assert shared.errors == []


def person(page: Page) -> None:
    page.tap('.cell:has([name="groups-0-female-age_25_59"]) .plus')


def fill_in(page: Page, nationality: str = "HND") -> None:
    person(page)
    page.tap(f'label:has([name="groups-0-nationality"][value="{nationality}"])')
    page.tap('label:has([name="topics"][value="shelter"])')


def save(page: Page, answer: str = "first_this_year") -> None:
    page.tap(f'button.save[value="{answer}"]')


def outbox(tablet: Tablet) -> list[dict[str, Any]]:
    return list(tablet.page.evaluate("ventanilla.store.list()"))


def count(site: Site, where: str = "1 = 1") -> int:
    return int(site.rows(f"SELECT count(*) FROM consultation WHERE {where}")[0][0])


def test_without_a_network_a_record_takes_four_taps_and_leaves_when_it_returns(tablet: Tablet):
    before = count(tablet.site)
    tablet.offline()
    tablet.page.reload()
    fill_in(tablet.page)
    save(tablet.page)
    tablet.page.wait_for_selector(SHOWN)
    [kept] = outbox(tablet)
    tablet.chip("cut", "1")
    assert (kept["n"], kept["kind"], count(tablet.site)) == (1, "consultation", before)
    assert tablet.page.locator(".cell.some").count() == 0
    tablet.offline(False)
    tablet.delivered()
    [row] = tablet.site.rows(
        f"SELECT topics, persons, taps, username FROM consultation JOIN account ON author_id = account.id"
        f" WHERE consultation.id = '{kept['id'].replace('-', '')}'"
        f" OR consultation.id = '{kept['id']}'"
    )
    assert row == ("shelter", 1, 4, "desk.mex")
    assert outbox(tablet) == []


def test_undo_takes_the_record_back_and_brings_the_form_back(tablet: Tablet):
    live = count(tablet.site, "state = 'live'")
    tablet.offline()
    fill_in(tablet.page, "SLV")
    save(tablet.page)
    tablet.page.wait_for_selector(SHOWN)
    tablet.page.tap("#toast button")
    tablet.until("ventanilla.store.list().then((all) => all.length === 2)")
    assert [one["kind"] for one in outbox(tablet)] == ["consultation", "void"]
    assert tablet.page.locator(".cell.some").count() == 1
    assert tablet.page.is_checked('[name="groups-0-nationality"][value="SLV"]')
    tablet.offline(False)
    tablet.delivered()
    assert count(tablet.site, "state = 'live'") == live


def test_a_refusal_is_kept_as_a_tally(tablet: Tablet):
    before = count(tablet.site, "is_tally")
    tablet.offline()
    tablet.page.tap('[form="tally"]')
    tablet.page.wait_for_selector(SHOWN)
    assert [one["n"] for one in outbox(tablet)] == [0]
    tablet.offline(False)
    tablet.delivered()
    assert count(tablet.site, "is_tally") == before + 1


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        ("", "#p-who-0"),
        ("person", "#p-from-0"),
        ("topic", "#p-topics"),
        ("tomorrow", "#p-held_on"),
        ("long ago", "#p-held_on"),
        ("card", "#p-card"),
    ],
)
def test_what_is_wrong_is_told_at_its_place_and_nothing_is_kept(
    tablet: Tablet, spoil: str, place: str
):
    page = tablet.page
    tablet.offline()
    if spoil == "person":
        person(page)
    elif spoil:
        fill_in(page)
    if spoil == "topic":
        page.tap('label:has([name="topics"][value="shelter"])')
    if spoil in ("tomorrow", "long ago"):
        page.fill("[name=held_on]", "2035-01-01" if spoil == "tomorrow" else "2024-01-01")
    if spoil == "card":
        page.fill("#card", "ABCDE-FGHJK-MNPQR")
    save(page)
    page.wait_for_selector(f"{place}:not([hidden])")
    assert page.inner_text(place).strip(" ▲")
    assert outbox(tablet) == []
    page.reload()


def test_answers_survive_a_change_of_language_without_a_network(tablet: Tablet):
    page = tablet.page
    tablet.offline()
    fill_in(page, "GTM")
    page.fill("#card", "ABC")
    page.tap(".menu summary")
    with page.expect_navigation():
        page.tap('[name="switch_locale"][value="fr"]')
    tablet.until("ventanilla.ready")
    tablet.until('document.querySelectorAll(".cell.some").length === 1')
    assert page.get_attribute("html", "lang") == "fr"
    assert page.is_checked('[name="groups-0-nationality"][value="GTM"]')
    assert page.is_checked('[name="topics"][value="shelter"]')
    assert page.input_value("#card") == "ABC"
    page.reload()
    tablet.until("ventanilla.ready")
    assert page.locator(".cell.some").count() == 0
    page.tap(".menu summary")
    with page.expect_navigation():
        page.tap('[name="switch_locale"][value="es"]')
    assert page.get_attribute("html", "lang") == "es"


def test_the_light_is_changed_without_a_network_and_stays(tablet: Tablet):
    page = tablet.page
    tablet.offline()
    fill_in(page)
    page.tap(".menu summary")
    page.tap('[name="mode"][value="night"]')
    assert page.get_attribute("html", "data-mode") == "night"
    assert page.locator(".cell.some").count() == 1
    page.reload()
    assert page.get_attribute("html", "data-mode") == "night"
    page.tap(".menu summary")
    page.tap('[name="mode"][value="light"]')


def test_the_day_without_a_network_shows_times_numbers_and_states_and_voids(tablet: Tablet):
    page = tablet.page
    tablet.offline()
    fill_in(page)
    save(page)
    page.wait_for_selector(SHOWN)
    [kept] = outbox(tablet)
    tablet.go("/today")
    line = f'#day [data-id="{kept["id"]}"]'
    page.wait_for_selector(line)
    assert page.get_attribute(line, "data-state") == "waiting"
    assert page.inner_text('[data-total="waiting"]') == "1"
    page.tap(f"{line} summary")
    page.tap(f'{line} button[value="slip"]')
    page.wait_for_selector(f'{line}[data-state="void"]')
    assert page.inner_text('[data-total="waiting"]') == "2"
    assert "Honduras" not in page.inner_text("main")
    tablet.offline(False)
    tablet.delivered()
    spelled = (kept["id"], kept["id"].replace("-", ""))
    assert tablet.site.rows(f"SELECT state FROM consultation WHERE id IN {spelled}") == [("void",)]


def test_the_sheet_tells_what_waits_and_answers_honestly(tablet: Tablet):
    page = tablet.page
    tablet.offline()
    fill_in(page)
    save(page)
    tablet.chip("cut", "1")
    page.tap("#tablet-chip")
    page.wait_for_selector('[data-fact="waiting"]:not(:empty)')
    assert page.inner_text('[data-fact="waiting"]').startswith("1 ")
    page.tap("[data-send]")
    words = "document.querySelector('#tablet-sheet [data-result]')"
    tablet.until(f"{words}.textContent === {words}.dataset.offline")
    with page.expect_download() as saved:
        page.tap("[data-copy]")
    assert '"envelopes":[{"id":' in Path(saved.value.path()).read_text()
    tablet.offline(False)
    page.tap("[data-send]")
    said = f"[{words}.dataset.nothing, {words}.dataset.sent.replace('{{n}}', 1)]"
    tablet.until(f"{said}.includes({words}.textContent)")
    tablet.chip("sent")
    page.keyboard.press("Escape")


def test_the_chip_never_moves_what_stands_beside_it(tablet: Tablet):
    box = tablet.page.locator("#tablet-chip").bounding_box()
    tablet.offline()
    for nationality in ("HND", "SLV"):
        fill_in(tablet.page, nationality)
        save(tablet.page)
        tablet.page.wait_for_selector(SHOWN)
    tablet.chip("cut", "2")
    assert tablet.page.locator("#tablet-chip").bounding_box() == box


def test_an_older_day_or_a_wrong_clock_offers_the_desks_own_day(tablet: Tablet):
    page = tablet.page
    page.evaluate(
        "ventanilla.store.update('contact', (c) => ({ ...c, offset: -3 * 86400000 }))"
        ".then(() => ventanilla.store.set('device_was', 1))"
    )
    offered = page.evaluate(
        "new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Mexico_City', year: 'numeric',"
        " month: '2-digit', day: '2-digit' }).format(Date.now() - 3 * 86400000)"
    )
    tablet.offline()
    page.reload()
    tablet.until("ventanilla.ready")
    tablet.until(f"document.querySelector('[name=held_on]').value === '{offered}'")
    assert page.get_attribute("[name=held_on]", "max") == offered


def test_a_full_tablet_refuses_new_records(tablet: Tablet):
    page = tablet.page
    page.evaluate(
        "navigator.storage.estimate = () => Promise.resolve({ quota: 30e6, usage: 10e6 })"
    )
    fill_in(page)
    save(page)
    page.wait_for_selector(SHOWN)
    assert "20 MB" in page.inner_text("#toast")
    assert page.locator(".cell.some").count() == 1
    assert outbox(tablet) == []


@pytest.mark.parametrize("size", ["tablet", "phone"])
@pytest.mark.parametrize("path", [RECORD, "/today"])
def test_pages_without_a_network_fit_and_are_accessible(tablet: Tablet, path: str, size: str):
    page = tablet.page
    width, height, _ = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    tablet.offline()
    tablet.go(path)
    tablet.until("ventanilla.ready")
    tablet.until('document.getElementById("tablet-chip").dataset.state')
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for open_sheet in (False, True):
        if open_sheet:
            page.tap("#tablet-chip")
        assert find_violations(page, None, AAA) == []
    page.set_viewport_size({"width": SIZES["tablet"][0], "height": SIZES["tablet"][1]})


def test_a_browser_that_is_no_tablet_says_so_to_desk_staff_alone(open_page: Open):
    page = open_page(RECORD)
    page.wait_for_selector('#tablet-chip[data-state="unknown"]')
    page.tap("#tablet-chip")
    assert page.is_visible('[data-for="unknown"]')
    assert not page.is_visible("[data-send]")
    others = open_page("/figures", who="supervisor.mex")
    assert not others.is_visible("#tablet-chip")
    assert open_page("/sign-in", who=None).evaluate("indexedDB.databases()") == []
