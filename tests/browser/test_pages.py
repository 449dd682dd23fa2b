"""Every page as people see it: languages, light, sizes, accessibility, weight."""

from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Page

from app import create_app
from app.db.session import db
from app.i18n.language import LOCALES
from tests.browser.axe import find_violations
from tests.browser.conftest import SIZES, Open, Site
from tests.browser.page_pool import NOWHERE
from tests.browser.relay import relaying, until
from tests.browser.tablet import code_for
from tests.conftest import settings_for
from tests.server import ROUNDS
from tests.sync.tablet import enrol

MODES = ("light", "sun", "night")
PAGES = [
    ("/sign-in", None),
    ("/consultations/new", "desk.mex"),
    ("/today", "desk.mex"),
    ("/returns/new", "desk.mex"),
    ("/account", "desk.mex"),
    ("/counts", "regional"),
    ("/counts?country=MEX", "supervisor.mex"),
    ("/accounts", "supervisor.mex"),
    ("/desks", "admin"),
    ("/desks/new", "admin"),
    ("/desks/MEX-02", "admin"),
    ("/accounts", "admin"),
    ("/accounts/new", "admin"),
    ("/audit", "admin"),
    ("/nothing-here", "desk.mex"),
]
TABLETS = [
    ("/devices", "admin"),
    ("/enrol", None),
    ("/quarantine", "supervisor.mex"),
    ("", "supervisor.mex"),  # one record that was set aside
    ("/quarantine/import", "supervisor.mex"),
]
FAULTS = (Path(__file__).parent / "faults.js").read_text("utf-8").partition("\n")[2]
CLEAN = {"sideways": False, "small": [], "clipped": [], "tiny": []}


ALIKE = ["tbody > tr:nth-child(n + 13)", ":is(ul, ol) > li:nth-child(n + 13)"]
AAA = {"rules": {"color-contrast-enhanced": {"enabled": True}}}
COLOURS = {"runOnly": ["color-contrast", "color-contrast-enhanced"]}


def violations(page: Page, mode: str = "") -> list[Any]:
    """What axe finds, the colour contrast of WCAG AAA included.

    But for long rounds, the first dozen of a list stands for the rest of it, and of the other lights only colours.
    """
    most = {"exclude": [[selector] for selector in ALIKE]} if ROUNDS == 1 else None
    options = COLOURS if ROUNDS == 1 and mode in MODES[1:] else AAA
    return find_violations(page, most, options)


def in_light(page: Page, mode: str) -> None:
    """Shows the page as it is drawn in a light."""
    page.evaluate("(mode) => { document.documentElement.dataset.mode = mode; }", mode)


def choose_language(page: Page, locale: str) -> None:
    """The next pages are in that language."""
    origin = str(page.evaluate("origin"))
    page.context.add_cookies([{"name": "locale", "value": locale, "url": origin}])


def in_every_light(page: Page) -> None:
    """Asks axe about the page as it stands, in one light after the other."""
    assert page.is_visible("h1")
    for mode in MODES:
        in_light(page, mode)
        assert (mode, violations(page, mode)) == (mode, [])
    in_light(page, MODES[0])


@pytest.mark.parametrize(("path", "who"), PAGES)
def test_axe_finds_nothing_on_any_page_in_any_light(open_page: Open, path: str, who: str):
    in_every_light(open_page(path, who, "laptop", "es"))


def test_axe_finds_nothing_on_a_record_its_correction_and_an_invitation(
    open_page: Open, site: Site
):
    number = UUID(site.rows("SELECT id FROM consultation WHERE state = 'live' LIMIT 1")[0][0])
    page = open_page(f"/consultations/{number}", "supervisor.mex", "laptop", "es")
    in_every_light(page)
    page.goto(f"/consultations/{number}/correct")
    in_every_light(page)
    in_every_light(open_page("/invitations/no-longer-valid", None, "laptop", "es"))


@pytest.mark.parametrize(("path", "who"), PAGES)
def test_no_label_is_clipped_and_nothing_scrolls_sideways_in_any_language(
    open_page: Open, path: str, who: str
):
    sizes = ("tablet", "portrait", "phone", "laptop") if ROUNDS > 1 else ("phone",)
    modes = MODES if ROUNDS > 1 else ("sun",)
    for size, mode in product(sizes, modes):
        page = open_page(NOWHERE, who, size, mode=mode)
        for locale in LOCALES:
            choose_language(page, locale)
            page.goto(path)
            assert page.get_attribute("html", "lang") == locale
            seen = (locale, size, mode)
            assert (*seen, page.evaluate(FAULTS)) == (*seen, CLEAN)


@pytest.fixture(scope="module")
def aside(site: Site) -> str:
    """The address of a record that a tablet sent and that was set aside."""
    app = create_app(settings_for(f"sqlite:///{site.path}"))
    tablet = enrol(app, code_for(site), "MEX-02")
    assert tablet.result(tablet.consultation("desk.mex", held_on="2035-01-01")) == "quarantined"
    with app.app_context():
        db.engine.dispose()
    return f"/quarantine/{site.rows('SELECT max(number) FROM envelope')[0][0]}"


@pytest.mark.parametrize(("path", "who"), TABLETS)
def test_the_pages_about_tablets_are_whole_and_readable_in_every_light(
    open_page: Open, aside: str, path: str, who: str
):
    for locale in ("nl", "es"):
        page = open_page(path or aside, who, "phone", locale)
        assert page.get_attribute("html", "lang") == locale
        assert page.is_visible("h1")
        for size in ("phone", "tablet"):
            width, height, _ = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            assert (locale, size, page.evaluate(FAULTS)) == (locale, size, CLEAN)
    in_every_light(page)


@pytest.mark.parametrize("size", ["tablet", "portrait"])
def test_the_form_needs_no_scroll_on_a_tablet_both_ways_in_any_language(open_page: Open, size: str):
    page = open_page(NOWHERE, size=size)
    for locale in LOCALES:
        choose_language(page, locale)
        page.goto("/consultations/new")
        assert page.get_attribute("html", "lang") == locale
        tall = page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
        assert tall[0] <= tall[1], locale


def test_the_first_visit_weighs_at_most_sixty_kilobytes(open_page: Open, site: Site):
    with relaying(urlsplit(site.address).port or 0) as relay:
        page = open_page(f"{relay.address}/sign-in", None, worker=True)
        page.fill("[name=username]", "desk.mex")
        page.fill("[name=password]", "a-long-test-phrase")
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/consultations/new")
        until(page, "navigator.serviceWorker.controller !== null")
        page.wait_for_load_state("networkidle")
        assert 5_000 < relay.weight <= 60_000
        print(f"first visit: {relay.weight} bytes, the worker and what it keeps among them")


@pytest.mark.parametrize("width", [640, 320])
def test_the_form_reflows_when_enlarged(open_page: Open, width: int):
    page = open_page("/consultations/new", size="laptop")
    page.set_viewport_size({"width": width, "height": 640})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")


def test_codes_are_never_shown_to_a_person(open_page: Open):
    pages = {who: open_page(NOWHERE, who, "laptop", "es") for who in dict(PAGES).values()}
    for path, who in PAGES:
        page = pages[who]
        page.goto(path)
        text = page.inner_text("main")
        for code in (
            "age_25_59",
            "in_transit",
            "first_this_year",
            "information_given",
            "desk_staff",
        ):
            assert code not in text, (path, code)
