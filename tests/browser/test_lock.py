"""A shared tablet in a real Chromium: locked by itself, taken over with a PIN, with the server and without it."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from app import create_app
from app.db.session import db, unit_of_work
from app.staff.actions import pins
from app.sync.actions import devices
from tests import stopwatch
from tests.benchmarks.server import Server
from tests.browser.conftest import SIZES, is_fault
from tests.conftest import settings_for
from tests.factories.records import PASSWORD, make_account, make_desk
from tests.server import serving

PINS = {"ana": "493817", "ben": "680254"}
WRONG = "135792"
ENROL = """async (code) => {
  await ventanilla.loadTablet();
  const sent = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code }) };
  const given = await (await fetch("/sync/enrol", sent)).json();
  await ventanilla.store.set("device", { ...given, desk: given.lists.desk, state: "enrolled" });
  await ventanilla.store.set("locale", "es");
  await ventanilla.syncQueue.contact();
}"""
CACHED = """async () => {
  const names = await caches.keys();
  for (const name of names) {
    const kept = (await (await caches.open(name)).keys()).map((one) => one.url);
    const has = (one) => kept.some((url) => url.includes(`/sync/shell/${one}?locale=es`));
    if (["lock", "record"].every(has)) return true;
  }
  return false;
}"""


class Tablet:
    """An enrolled tablet of a desk where Ana and Ben work, and the server that it belongs to."""

    def __init__(self, server: Server, page: Page) -> None:
        self.server, self.page = server, page

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def meta(self, key: str) -> Any:
        return self.page.evaluate("(key) => ventanilla.store.get(key)", key)

    def on(self, path: str) -> Callable[[], bool]:
        return lambda: self.page.url.removeprefix(self.address).partition("#")[0] == path

    def until(self, true: Callable[[], Any], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(
                Error, TypeError
            ):  # the page is on its way, its scripts are not there yet
                if true():
                    return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.page.url}: {self.page.inner_text('body')[:400]}")

    def sign_in(self, name: str) -> None:
        self.page.goto(f"{self.address}/sign-in")
        self.give_password(name)

    def give_password(self, name: str) -> None:
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.until(self.on("/consultations/new"))
        self.until(lambda: self.meta("person")["account"] == name)

    def hand_over(self) -> None:
        self.page.locator(".menu > summary").tap()
        self.page.locator(".sheet-menu [data-hand-over]").tap()
        self.until(self.on("/lock"))
        self.page.wait_for_selector("[data-shift]:not([hidden])")

    def choose(self, name: str) -> None:
        self.page.locator(f".person[value={name}]").tap()

    def type_pin(self, pin: str) -> None:
        for digit in pin:
            self.page.locator(f".key[value='{digit}']").tap()

    def told(self) -> str:
        return self.page.inner_text("[data-result]")


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("lock") / "ventanilla.sqlite"
    shutil.copy(sqlite_template, path)
    with serving(f"sqlite:///{path}", workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def code(server: Server) -> str:
    app = create_app(settings_for(server.database_url))
    with app.app_context():
        desk = make_desk()
        admin = make_account("admin", "admin")
        for name, pin in PINS.items():
            account = make_account(name, "desk_staff", (desk,))
            with unit_of_work():
                assert pins.set_pin(db.session(), account, PASSWORD, pin, pin) == []
        with unit_of_work():
            added = devices.add_device(db.session(), admin.account_id, desk, "Tablet 1")
        db.session.remove()
        db.engine.dispose()
    return added.code


@pytest.fixture(scope="module")
def context(chromium: Browser, server: Server, code: str) -> Iterator[BrowserContext]:
    width, height, touch = SIZES["tablet"]
    size = {"width": width, "height": height}
    made = chromium.new_context(viewport=size, has_touch=touch, is_mobile=touch, locale="es-MX")
    page = made.new_page()
    tablet = Tablet(server, page)
    page.goto(f"{tablet.address}/sign-in")
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.evaluate(ENROL, code)
    page.reload()
    tablet.until(lambda: page.evaluate(CACHED), 30)
    page.close()
    yield made
    made.close()


@pytest.fixture
def tablet(context: BrowserContext, server: Server) -> Iterator[Tablet]:
    """The tablet with Ana on duty; no fault in the console but requests that a stopped server refused."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        refused = re.search(r"ERR_CONNECTION_REFUSED|ERR_FAILED", message.text)
        if is_fault(message) and not refused:
            errors.append(message.text)

    context.clear_cookies()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    tablet = Tablet(server, page)
    tablet.sign_in("ana")
    yield tablet
    page.close()
    assert errors == []


def test_an_untouched_tablet_locks_itself_and_a_pin_opens_it_for_the_next_person(
    tablet: Tablet,
) -> None:
    page = tablet.page
    page.evaluate("ventanilla.store.set('idle', 1)")
    page.reload()
    # By the page itself, or by the worker where the second was over before the page was asked for.
    page.wait_for_selector("#lock")
    tablet.until(lambda: page.evaluate("ventanilla.store.set('idle', 300).then(() => true)"))
    tablet.until(lambda: tablet.meta("session") == "")
    assert (
        page.evaluate(
            "fetch('/sync/me', {headers: {Accept: 'application/json'}}).then((a) => a.status)"
        )
        == 401
    )

    for path in ("/today", "/returns", "/", "/consultations/new"):
        page.goto(tablet.address + path)
        assert page.locator("#lock").count() == 1, path

    page.goto(f"{tablet.address}/lock")
    page.locator(".key[value=other]").tap()
    tablet.choose("ben")
    tablet.type_pin(WRONG)
    tablet.until(lambda: re.search(r"\b4\b", tablet.told()))
    began = stopwatch.now()
    tablet.type_pin(PINS["ben"])
    tablet.until(tablet.on("/consultations/new"))
    assert stopwatch.now() - began < 5
    tablet.until(lambda: tablet.meta("person"))
    assert (tablet.meta("person")["account"], tablet.meta("session")) == ("ben", "ben")
    me = "fetch('/sync/me', {headers: {Accept: 'application/json'}}).then((a) => a.json())"
    assert page.evaluate(me)["account"] == "ben"


def test_without_the_server_a_pin_opens_recording_but_no_page_of_the_former_session(
    tablet: Tablet,
) -> None:
    page, server = tablet.page, tablet.server
    page.evaluate(
        "ventanilla.store.update('shift', (shift) => ({ ...shift, saved: 3, persons: 7, voided: 1 }))"
    )
    server.kill()
    try:
        tablet.hand_over()
        shown = {
            name: page.inner_text(f"[data-fact={name}]")
            for name in ("saved", "persons", "voided", "waiting")
        }
        assert shown == {"saved": "3", "persons": "7", "voided": "1", "waiting": "0"}
        tablet.choose("ana")
        page.keyboard.type(PINS["ana"])
        tablet.until(lambda: page.evaluate("ventanilla.outbox.isOpen()"))
        assert tablet.meta("shift")["saved"] == 3
        page.evaluate(
            "ventanilla.store.update('shift', (shift) => ({ ...shift, since: shift.since - 6e7 }))"
        )
        tablet.hand_over()
        tablet.choose("ana")
        page.keyboard.type(PINS["ana"])
        tablet.until(lambda: page.evaluate("ventanilla.outbox.isOpen()"))
        assert tablet.meta("shift")["saved"] == 0, "the shift of another day went on"
        tablet.hand_over()
        assert page.evaluate("ventanilla.outbox.isOpen()") is False

        tablet.choose("ben")
        began = stopwatch.now()
        page.keyboard.type(PINS["ben"])
        tablet.until(tablet.on("/consultations/new"))
        assert stopwatch.now() - began < 5
        page.wait_for_selector("#consultation")
        tablet.until(lambda: page.evaluate("ventanilla.outbox.isOpen()"))
        assert (tablet.meta("person")["account"], tablet.meta("session")) == ("ben", "ana")
        assert tablet.meta("shift")["saved"] == 0
    finally:
        server.start()

    page.goto(f"{tablet.address}/returns")
    page.locator("#lock .dots").wait_for(state="visible")
    page.keyboard.type(PINS["ben"])
    tablet.until(lambda: page.locator("html").get_attribute("data-account") == "ben")
    assert tablet.on("/returns")()


def test_five_wrong_pins_without_the_server_leave_only_the_password(tablet: Tablet) -> None:
    page, server = tablet.page, tablet.server
    server.kill()
    try:
        tablet.hand_over()
        tablet.choose("ben")
        for left in ("4", "3", "2", "1"):
            tablet.type_pin(WRONG)
            tablet.until(lambda left=left: re.search(rf"\b{left}\b", tablet.told()))
        tablet.type_pin(WRONG)
        tablet.until(lambda: tablet.told() == page.locator("#lock").get_attribute("data-closed"))
        tablet.type_pin(PINS["ben"])
        tablet.until(lambda: page.locator(".dots .typed").count() == 0)
        page.reload()
        page.wait_for_selector("#lock")
        tablet.until(lambda: tablet.meta("locked") is True)
        assert tablet.told() == page.locator("#lock").get_attribute("data-closed")
    finally:
        server.start()
    page.locator("[data-password]").tap()
    tablet.give_password("ben")
    assert tablet.meta("tries") == {"n": 0}


def test_every_key_and_name_of_the_lock_is_large_enough_and_the_page_does_not_scroll_sideways(
    tablet: Tablet,
) -> None:
    page = tablet.page
    tablet.hand_over()
    sizes = """(all) => all.filter((one) => one.offsetParent).map((one) => {
      const box = one.getBoundingClientRect();
      return Math.min(box.width, box.height);
    })"""
    assert min(page.locator(".person").evaluate_all(sizes)) >= 56
    tablet.choose("ben")
    for width, height in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert min(page.locator(".key").evaluate_all(sizes)) >= 56
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert min(page.locator("#lock a:not([hidden])").evaluate_all(sizes)) >= 48
