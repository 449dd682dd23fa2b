"""A tablet is enrolled with the code that the administration's page shows, and is ready when its pages are kept."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.browser.conftest import Open, Site
from tests.browser.tablet import Tablet, code_for, opened

QUEUED = """async () => {
  const entry = { id: "a", place: 1, key: "k", format: 1, sealed: "AA", receipt: "", kind: "consultation" };
  await ventanilla.store.put({ ...entry, saved_at: Date.now(), n: 1 });
}"""
REFUSED = """async () => {
  await ventanilla.store.update("device", (device) => ({ ...device, state: "refused" }));
}"""
DEVICE = "async () => ventanilla.store.get('device')"
WAITING = "async () => ventanilla.store.waiting()"
CACHED = "async () => (await (await caches.open((await caches.keys())[0])).keys()).length"


def shown(page: Page, selector: str, seconds: float = 60) -> str:
    """Return the element's text once it is visible; fail with the text of the page if it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if page.locator(selector).is_visible():
            return page.inner_text(selector)
        time.sleep(0.1)
    raise AssertionError(page.inner_text("main"))


@pytest.fixture
def tablet(playwright: Playwright, site: Site, tmp_path: Path) -> Iterator[Tablet]:
    """Yield a browser that is not enrolled yet."""
    tablet = opened(playwright, tmp_path / "profile", site)
    yield tablet
    tablet.context.close()


def test_a_tablet_takes_the_code_of_the_page_keeps_its_pages_and_never_gives_up_a_queue(
    open_page: Open, tablet: Tablet, site: Site
) -> None:
    page = open_page("/devices", "admin")
    page.eval_on_selector(".new-device", "(box) => { box.open = true; }")
    page.fill("#new-device [name=name]", "Tableta de la puerta")
    page.select_option("#new-device [name=desk]", "MEX-03")
    page.click("#new-device button")
    box = page.locator(".enrol-qr").bounding_box()
    assert box is not None and box["width"] >= 250

    began = time.monotonic()
    tablet.go(f"/enrol#{page.inner_text('#code')}")
    assert "Ventanilla Tenosique" in shown(tablet.page, "#enrol-ready")
    print(f"enrolled and ready in {time.monotonic() - began:.1f} s")
    device = tablet.page.evaluate(DEVICE)
    assert device["state"] == "enrolled" and device["desk"]["code"] == "MEX-03"
    assert tablet.page.evaluate("location.href").endswith("/enrol")
    assert tablet.page.evaluate(CACHED) > 20 and tablet.errors == []

    other = code_for(site, "MEX-02", "Otra")
    tablet.context.route("**/sync/envelopes", lambda route: route.abort())
    tablet.page.evaluate(QUEUED)
    for script, enrolled in (("null", 0), (REFUSED, 1)):
        tablet.page.evaluate(script)
        tablet.go("/offline")
        tablet.go(f"/enrol#{other}")
        assert "Ventanilla Tenosique" in shown(tablet.page, "#enrol-problem")
        taken = "SELECT count(*) FROM device WHERE enrolled_at IS NOT NULL AND name = 'Otra'"
        assert site.rows(taken) == [(enrolled,)]
        assert tablet.page.evaluate(DEVICE)["credential"] == device["credential"]
        assert tablet.page.evaluate(WAITING) == 1


def test_a_wrong_code_is_reported_and_the_page_waits_for_another(open_page: Open) -> None:
    page = open_page("/enrol#0000-0000-0000", None)
    assert shown(page, "#enrol-problem")
    assert page.locator("#enrol-form button").is_enabled()
    assert page.locator("#enrol-ready").is_hidden()
