"""The journeys of a tablet in a real browser that no other file walks, and where each of the others is walked."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from statistics import median
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Error, Page, Playwright, Worker

from app import create_app
from app.db.session import db, unit_of_work
from app.staff.actions import pins
from tests.browser.conftest import SIZES, Site
from tests.browser.relay import Exchange, Relay, relaying
from tests.browser.tablet import RECORD, Tablet, enrol, opened, sign_in
from tests.browser.test_pages import CLEAN, FAULTS, MODES, in_light, violations
from tests.browser.test_tablet_proof import browsers_on
from tests.conftest import settings_for
from tests.factories.records import PASSWORD, make_account, make_desk
from tests.server import ROUNDS as SOAK
from tests.server import Server

JOURNEYS = {
    "1 first visit": ("test_pages", "test_the_first_visit_weighs_at_most_sixty_kilobytes"),
    "2 one person": (
        "test_registrar",
        "test_one_person_seen_for_the_first_time_takes_four_taps",
    ),
    "3 family of five": ("test_registrar", "test_a_family_of_five_with_two_topics_takes_nine_taps"),
    "3 one less": ("test_registrar", "test_the_minus_takes_one_away_and_nothing_moves"),
    "4 number pad": ("test_registrar", "test_twelve_people_by_number_pad_take_eight_taps_or_fewer"),
    "4 keyboard": (
        "test_registrar",
        "test_by_keyboard_alone_two_people_take_fifteen_keys_or_fewer",
    ),
    "5 same as the last": (
        "test_registrar",
        "test_same_as_the_last_one_takes_three_taps_and_copies_no_people",
    ),
    "5 what is remembered": ("test_registrar", "test_only_channel_and_modality_are_remembered"),
    "6 empty save": (
        "test_registrar",
        "test_an_empty_save_says_what_is_missing_at_each_place_and_stores_nothing",
    ),
    "6 nothing queued": (
        "test_tablet",
        "test_what_is_wrong_is_told_at_its_place_and_nothing_is_kept",
    ),
    "7 server and browser die": (
        "test_tablet_proof",
        "test_a_full_queue_survives_a_kill_while_saving_and_leaves_by_itself",
    ),
    "8 page closed, a failed try": (
        "test_journeys",
        "test_the_browser_wakes_the_worker_with_the_page_closed_and_a_failed_try_is_repeated",
    ),
    "8 after a restart": (
        "test_journeys",
        "test_after_a_restart_the_queue_leaves_before_any_page_is_opened",
    ),
    "9 reply lost": (
        "test_outbox",
        "test_a_record_leaves_only_on_its_own_receipt_whatever_else_comes_back",
    ),
    "9 two tabs and the worker": (
        "test_outbox",
        "test_two_pages_and_the_worker_send_each_record_once_and_in_order",
    ),
    "10 session ends": (
        "test_journeys",
        "test_a_session_that_ended_meanwhile_keeps_no_record_back_and_a_pin_begins_another",
    ),
    "11 retired code": (
        "test_journeys",
        "test_a_retired_code_stops_no_other_record_and_its_author_puts_it_right",
    ),
    "12 undo on line": (
        "test_registrar",
        "test_undo_takes_the_record_back_and_returns_the_answers",
    ),
    "12 undo off line": (
        "test_tablet",
        "test_undo_takes_the_record_back_and_brings_the_form_back",
    ),
    "12 undo is gone": (
        "test_journeys",
        "test_undo_is_gone_after_ten_seconds_and_the_day_can_still_void",
    ),
    "13 corrected at once": (
        "test_registrar",
        "test_a_correction_is_kept_as_a_new_version_and_a_stale_one_shows_both",
    ),
    "14 crash in an entry": (
        "test_journeys",
        "test_after_a_restart_the_queue_leaves_before_any_page_is_opened",
    ),
    "15 look-alike on a tablet": (
        "test_journeys",
        "test_a_look_alike_on_a_tablet_is_asked_about_and_never_refused",
    ),
    "15 look-alike on line": (
        "test_journeys",
        "test_a_look_alike_on_line_is_asked_about_and_never_refused",
    ),
    "16 handover": (
        "test_journeys",
        "test_a_handover_without_the_server_keeps_the_queue_and_each_records_author",
    ),
    "26 opening": ("test_journeys", "test_opening_asks_the_server_for_nothing_and_is_quick"),
    "26 tapping": ("test_journeys", "test_no_tap_is_slow_on_a_slow_tablet"),
    "27 update": ("test_journeys", "test_an_update_waits_for_the_form_and_touches_no_queue"),
}
"""The journeys of the design and the test that walks each.

A draft lives in memory only, so a crash in the middle of an entry (14) leaves an empty form.
"""
WALKED = (*range(1, 17), 26, 27)
PINS = {"ana": "493817", "ben": "680254"}
SHOWN = "#toast:not([hidden])"
ASKED = "#duplicate-guard[open]"
BEHIND = {"/sync/contact", "/sync/envelopes", "/sw.js", "/manifest.webmanifest"}
"""What an open page and the browser ask the server while people work already."""
CUT = "net::ERR_EMPTY_RESPONSE"
MOST_SECONDS, MOST_SECONDS_ON_A_SLOW_LINE = 0.5, 1.0
MOST_BYTES, MOST_MILLISECONDS = 600, 100
ROUNDS = 6  # a budget is met when one round of measuring meets it: the machine has other work too
NOTE_TAGS = """() => {
  self.tags = [];
  self.addEventListener("sync", (event) => self.tags.push(event.tag));
  self.tries = 0;
  self.setTimeout = ((real) => (done, ms) => { self.tries += 1; return real(done, ms / 4); })(self.setTimeout);
}"""
OPENED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"
QUEUE = """async (n) => {
  const { desk } = await ventanilla.store.get("device");
  const held_on = await ventanilla.store.today();
  const group = { nationality: "VEN", situation: "in_transit", repeat_contact: "unknown",
    persons: [{ sex: "female", age_band: "age_25_59", n: 2 }] };
  for (let made = 0; made < n; made += 1) {
    await ventanilla.outbox.save("consultation", { desk: desk.code, held_on, groups: [group],
      topics: ["asylum"], outcomes: ["information_given"] }, 2);
  }
}"""


@dataclass
class Field:
    """A desk's tablet with Ana on duty, the line to its server, and the server itself."""

    playwright: Playwright
    server: Server
    relay: Relay
    tablet: Tablet

    @property
    def page(self) -> Page:
        return self.tablet.page

    @property
    def worker(self) -> Worker:
        """The tablet's worker."""
        return next(w for w in self.tablet.context.service_workers if w.url.endswith("?tablet"))

    def start(self) -> None:
        self.server.start()
        self.relay.start()

    def stop(self) -> None:
        """Ends the server at once; nobody listens at its address."""
        self.relay.stop()
        self.server.kill()

    @contextmanager
    def without_server(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def without_network(self) -> Iterator[None]:
        self.tablet.offline()
        try:
            yield
        finally:
            self.tablet.offline(False)

    def open(self) -> None:
        """Switches the tablet on; no page of the app is opened."""
        kept = self.tablet.errors
        self.tablet = opened(self.playwright, self.tablet.profile, self.tablet.site)
        self.tablet.errors = kept

    def kill_browser(self) -> None:
        """Ends the browser at once, with no chance to finish anything."""
        for pid in browsers_on(self.tablet.profile):
            with suppress(ProcessLookupError):  # a child that went with its parent
                os.kill(pid, signal.SIGKILL)
        while browsers_on(self.tablet.profile):
            time.sleep(0.02)
        with suppress(Error):  # it is gone
            self.tablet.context.close()

    def go(self, path: str = RECORD) -> None:
        self.tablet.go(path)
        self.tablet.until("ventanilla.ready")

    def state_of(self, record: str) -> str:
        """The state of the record on the server; empty where it did not arrive."""
        spelled = (record, record.replace("-", ""))
        found = self.tablet.site.rows(f"SELECT state FROM consultation WHERE id IN {spelled}")
        assert len(found) <= 1
        return str(found[0][0]) if found else ""

    def wait_for(self, true: Callable[[], object], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.page.url
            self.page.wait_for_timeout(50)

    def record(self, nationality: str = "HND") -> str:
        """Saves one on the page; its number."""
        before = set(self.waiting())
        fill_in(self.page, nationality)
        save(self.page)
        self.wait_for(lambda: len(self.waiting()) > len(before))
        [made] = set(self.waiting()) - before
        return made

    def waiting(self) -> list[str]:
        """The numbers of what waits, in order."""
        return list(
            self.page.evaluate("ventanilla.store.list().then((all) => all.map((one) => one.id))")
        )

    def hand_over(self) -> None:
        self.page.tap(".menu > summary")
        self.page.tap(".sheet-menu [data-hand-over]")
        self.page.wait_for_url("**/lock*")
        self.page.wait_for_selector("[data-shift]:not([hidden])")

    def take_over(self, name: str) -> None:
        """Chooses the person on the page of a handover and types the PIN."""
        self.page.tap(f".person[value={name}]")
        self.type_pin(name)

    def type_pin(self, name: str) -> None:
        self.page.wait_for_selector(".dots")
        self.page.keyboard.type(PINS[name])
        self.page.wait_for_url(f"**{RECORD}", timeout=60_000)
        self.tablet.until("ventanilla.ready")


def fill_in(page: Page, nationality: str = "HND") -> None:
    page.tap('.cell:has([name="groups-0-female-age_25_59"]) .plus')
    page.tap(f'label:has([name="groups-0-nationality"][value="{nationality}"])')
    page.tap('label:has([name="topics"][value="shelter"])')


def save(page: Page) -> None:
    page.tap('button.save[value="first_this_year"]')


def fill_in_a_family(page: Page) -> None:
    """Five people and two topics."""
    for sex, band in (("male", "25_59"), ("female", "5_11"), ("male", "0_4"), ("male", "0_4")):
        page.tap(f'.cell:has([name="groups-0-{sex}-age_{band}"]) .plus')
    page.tap('label:has([name="topics"][value="asylum"])')
    fill_in(page)


@pytest.fixture(scope="module")
def shared(
    playwright: Playwright, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Field]:
    folder = tmp_path_factory.mktemp("journeys")
    path = folder / "ventanilla.sqlite"
    copy(sqlite_template, path)
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        desk = make_desk("MEX-02", "MEX", name="Ventanilla Tapachula 02")
        make_account("admin", "admin")
        for name, pin in PINS.items():
            account = make_account(name, "desk_staff", (desk,))
            with unit_of_work():
                assert pins.set_pin(db.session(), account, PASSWORD, pin, pin) == []
        db.session.remove()
        db.engine.dispose()
    server = Server(f"sqlite:///{path}", workers=1)
    server.start()
    with relaying(server.port) as relay:
        tablet = opened(playwright, folder / "profile", Site(relay.address, path))
        field = Field(playwright, server, relay, tablet)
        try:
            enrol(tablet)
            sign_in(tablet, "ana")
            tablet.until('ventanilla.store.get("shells").then(Boolean)', 60)
            yield field
        finally:
            with suppress(Error):
                field.tablet.context.close()
            server.kill()


@pytest.fixture
def field(shared: Field) -> Iterator[Field]:
    """The tablet with Ana on duty, a clean form, a server that answers and nothing waiting."""
    shared.go()
    if shared.page.evaluate("ventanilla.store.get('person').then((one) => one.account)") != "ana":
        shared.hand_over()
        shared.take_over("ana")
    shared.page.evaluate("ventanilla.syncQueue.triggerSync('chip')")
    shared.tablet.delivered()
    yield shared
    shared.relay.faults.clear()
    assert [one for one in shared.tablet.errors if CUT not in one] == []


def test_every_journey_names_a_test_that_is_there() -> None:
    here = Path(__file__).parent
    for name, (file, test) in JOURNEYS.items():
        assert f"\ndef {test}(" in (here / f"{file}.py").read_text("utf-8"), name
    assert {int(name.split()[0]) for name in JOURNEYS} == set(WALKED)


@pytest.mark.soak
def test_the_browser_wakes_the_worker_with_the_page_closed_and_a_failed_try_is_repeated(
    field: Field,
) -> None:
    with field.without_server():
        worker = field.worker
        worker.evaluate(NOTE_TAGS)
        record = field.record()
        field.page.goto("about:blank")
        field.wait_for(lambda: worker.evaluate("self.tags.length && self.tries"))
        assert field.state_of(record) == ""
    field.wait_for(lambda: field.state_of(record) == "live")
    assert [page.url for page in field.tablet.context.pages] == ["about:blank"]
    field.kill_browser()  # the worker's waits were shortened
    field.open()


@pytest.mark.soak
def test_after_a_restart_the_queue_leaves_before_any_page_is_opened(field: Field) -> None:
    with field.without_server():
        records = [field.record("HND"), field.record("SLV")]
        fill_in(field.page, "GTM")
        field.tablet.until(
            "navigator.serviceWorker.ready.then((own) => own.sync.getTags()).then((all) => all.length)"
        )
        field.kill_browser()
    field.open()
    field.wait_for(lambda: [field.state_of(one) for one in records] == ["live", "live"])
    assert field.page.url == "about:blank"
    field.go()
    assert field.page.locator(".cell.some, .from input:checked").count() == 0
    asked: list[str] = []
    field.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    field.record()
    field.page.reload()
    assert asked == []


@pytest.mark.soak
def test_a_session_that_ended_meanwhile_keeps_no_record_back_and_a_pin_begins_another(
    field: Field,
) -> None:
    with field.without_server():
        record = field.record()
        with unit_of_sql(field.tablet.site) as execute:
            execute("DELETE FROM staff_session")
    field.tablet.delivered(75)
    assert field.state_of(record) == "live"
    field.tablet.go("/account")
    assert field.page.locator("[name=password]").is_visible()
    field.tablet.go("/lock")
    field.type_pin("ana")
    field.tablet.go("/account")
    assert field.page.get_attribute("html", "data-account") == "ana"


@contextmanager
def unit_of_sql(site: Site) -> Iterator[Callable[[str], Any]]:
    """Changes the server's database behind its back."""
    app = create_app(settings_for(f"sqlite:///{site.path}"))
    with app.app_context():
        with db.engine.begin() as connection:
            yield connection.exec_driver_sql
        db.engine.dispose()


def test_a_retired_code_stops_no_other_record_and_its_author_puts_it_right(field: Field) -> None:
    page = field.page
    field.relay.faults["/sync/envelopes"] = down
    first = field.record("HND")
    page.evaluate("document.querySelector('[name=topics][value=asylum]').value = 'retired_topic'")
    page.tap('label:has([name="topics"][value="retired_topic"])')
    wrong = field.record("SLV")
    page.evaluate("document.querySelector('[value=retired_topic]').value = 'asylum'")
    last = field.record("GTM")
    field.relay.faults.clear()
    field.page.evaluate("ventanilla.syncQueue.triggerSync('chip')")
    field.tablet.chip("mend", "1")
    assert [field.state_of(one) for one in (first, wrong, last)] == ["live", "", "live"]

    page.tap("#tablet-chip")
    page.tap("[data-mends]")
    page.tap("tr[data-number] a")
    page.tap("#resolve")
    page.wait_for_selector("#p-topics:not([hidden])")
    page.tap('label:has([name="topics"][value="health"])')
    page.tap("button.save")
    page.wait_for_url("**/quarantine")
    assert page.locator("tr[data-number]").count() == 0
    assert field.state_of(wrong) == "live"
    field.tablet.chip("sent")


def down(exchange: Exchange) -> None:
    exchange.handler.close_connection = True


@pytest.mark.soak
def test_undo_is_gone_after_ten_seconds_and_the_day_can_still_void(field: Field) -> None:
    page = field.page
    page.evaluate(
        "self.waits = []; self.setTimeout = ((real) => (done, ms) =>"
        " { self.waits.push(ms); return real(done, ms / 20); })(self.setTimeout); 0"
    )
    record = field.record()
    page.wait_for_selector(f"{SHOWN} button")
    page.wait_for_selector("#toast", state="hidden", timeout=5000)
    assert 10000 in page.evaluate("self.waits")
    field.tablet.delivered()
    assert field.state_of(record) == "live"
    field.tablet.go("/today")
    page.tap(f'.row:has([href*="{record}"]) .voiding summary')
    page.tap(f'.row:has([href*="{record}"]) button[value="slip"]')
    page.wait_for_selector(".row.void")
    assert field.state_of(record) == "void"


def walk_look_alikes(page: Page, saved: Callable[[], int]) -> None:
    """Saves the same people again: asked, saved all the same, not saved, looked at again."""
    before = saved()

    def now(more: int) -> None:
        page.wait_for_selector(SHOWN)
        assert page.locator(ASKED).count() == 0
        assert saved() == before + more

    def again() -> None:
        page.evaluate("document.getElementById('toast').hidden = true")
        fill_in(page)
        save(page)

    again()
    now(1)
    again()
    page.wait_for_selector(ASKED)
    assert saved() == before + 1
    page.tap("#duplicate-guard [value=save]")
    now(2)
    again()
    page.wait_for_selector(ASKED)
    page.keyboard.press("Escape")
    page.wait_for_selector("#duplicate-guard", state="hidden")
    assert page.locator(".cell.some").count() == 1
    save(page)
    page.wait_for_selector(ASKED)
    page.tap("#duplicate-guard [value=drop]")
    now(2)
    assert page.locator(".cell.some").count() == 0
    page.tap("#toast button")
    assert page.locator(".cell.some").count() == 1
    page.tap('label:has([name="topics"][value="health"])')
    save(page)
    now(3)
    again()
    now(4)
    page.evaluate("Date.now = ((real) => () => real() + 91000)(Date.now); 0")
    again()
    now(5)
    for more in (6, 7):
        page.evaluate("document.getElementById('toast').hidden = true")
        page.tap('[form="tally"]')
        now(more)


def test_a_look_alike_on_a_tablet_is_asked_about_and_never_refused(field: Field) -> None:
    field.relay.faults["/sync/envelopes"] = down
    walk_look_alikes(field.page, lambda: len(field.waiting()))


@pytest.mark.soak
def test_a_look_alike_on_line_is_asked_about_and_never_refused(
    field: Field, chromium: Browser
) -> None:
    site = field.tablet.site
    context = chromium.new_context(has_touch=True, base_url=site.address)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=username]", "ben")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{RECORD}")
    walk_look_alikes(
        page, lambda: int(site.rows("SELECT count(*) FROM consultation WHERE device IS NULL")[0][0])
    )
    context.close()


@pytest.mark.soak
def test_a_handover_without_the_server_keeps_the_queue_and_each_records_author(
    field: Field,
) -> None:
    with field.without_server():
        mine = [field.record("HND"), field.record("SLV")]
        field.hand_over()
        field.take_over("ben")
        assert field.waiting() == mine
        theirs = field.record("HND")
    field.tablet.delivered(75)
    rows = field.tablet.site.rows(
        "SELECT c.id, a.username FROM consultation c JOIN account a ON a.id = c.author_id"
    )
    authors = {str(one).replace("-", ""): name for one, name in rows}
    assert [authors[one.replace("-", "")] for one in (*mine, theirs)] == ["ana", "ana", "ben"]


def measured(what: str, measure: Callable[[], float], most: float) -> None:
    """Meets the budget in one of a few rounds, and prints them all; beside other tests three times of it will do."""
    found: list[float] = []
    while len(found) < ROUNDS and (not found or min(found) > most):
        found.append(measure())
    print(f"{what}: {', '.join(f'{one:.3g}' for one in found)} (at most {most:g})")
    assert min(found) <= most * (1 if SOAK > 1 else 3), what


@contextmanager
def slowed(page: Page) -> Iterator[CDPSession]:
    """The page on a processor of a quarter of the speed."""
    tools = page.context.new_cdp_session(page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    try:
        yield tools
    finally:
        tools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        tools.detach()


def test_opening_asks_the_server_for_nothing_and_is_quick(field: Field) -> None:
    page = field.page
    drawn = Event()

    def late(exchange: Exchange) -> None:
        drawn.wait(20)
        exchange.send(*exchange.forward())

    page.wait_for_timeout(2000)  # what was asked before is answered
    field.relay.asked.clear()
    field.relay.weight = 0
    field.relay.faults.update(dict.fromkeys(BEHIND, late))
    page.goto(f"{field.relay.address}{RECORD}", wait_until="load")
    page.tap(".known .plus >> nth=0")
    assert page.locator(".cell.some").count() == 1
    assert (set(field.relay.asked) - BEHIND, field.relay.weight) == (set(), 0)
    print(f"drawn after 0 bytes; asked meanwhile: {sorted(set(field.relay.asked))}")
    drawn.set()
    field.relay.faults.clear()

    def opening() -> float:
        page.reload()
        return float(page.evaluate(OPENED))

    with slowed(page) as tools:
        tools.send("Network.enable")
        line = {"offline": False, "latency": 400}
        rate = {"downloadThroughput": 5e4, "uploadThroughput": 5e4}
        tools.send("Network.emulateNetworkConditions", {**line, **rate})
        what = "seconds to open on a slow tablet and line, median of 3"
        measured(what, lambda: median(opening() for _ in range(3)), MOST_SECONDS_ON_A_SLOW_LINE)
    with field.without_server():
        what = "seconds to open without a network, median of 5"
        measured(what, lambda: median(opening() for _ in range(5)), MOST_SECONDS)


@pytest.mark.soak
def test_no_tap_is_slow_on_a_slow_tablet(field: Field) -> None:
    page = field.page
    field.relay.faults["/sync/envelopes"] = down

    def worst_tap() -> float:
        field.go()
        page.evaluate(
            "self.slowest = 0; new PerformanceObserver((seen) => seen.getEntries().forEach((one) =>"
            " { self.slowest = Math.max(self.slowest, one.duration); }))"
            ".observe({ type: 'event', durationThreshold: 16 })"
        )
        fill_in_a_family(page)
        save(page)
        page.wait_for_selector(SHOWN)
        page.wait_for_timeout(300)
        return float(page.evaluate("self.slowest"))

    with slowed(page):
        what = "milliseconds of the slowest tap at a quarter of the speed"
        measured(what, worst_tap, MOST_MILLISECONDS)


def test_a_family_of_five_with_two_topics_is_light(field: Field) -> None:
    page = field.page
    field.relay.faults["/sync/envelopes"] = down
    fill_in_a_family(page)
    save(page)
    page.wait_for_selector(SHOWN)
    entry = page.evaluate("ventanilla.store.oldest()")
    sealed = len(entry["sealed"]) * 3 // 4
    print(f"a family of five with two topics: {sealed} bytes sealed")
    assert entry["n"] == 5 and 300 < sealed <= MOST_BYTES


@pytest.mark.parametrize("page_of", ["lock", "refer", "sheet", "today"])
@pytest.mark.soak
def test_a_page_kept_on_the_tablet_is_whole_and_readable_in_every_light(
    field: Field, page_of: str
) -> None:
    page = field.page
    path = {"lock": "/lock", "refer": "/referrals/new", "today": "/today"}.get(page_of, RECORD)
    with field.without_network():
        if page_of == "today":
            field.record()
        for locale in ("nl", "es"):
            page.evaluate("(one) => ventanilla.store.set('locale', one)", locale)
            field.tablet.go(path)
            field.tablet.until("ventanilla.ready")
            assert page.get_attribute("html", "lang") == locale
            if page_of == "today":
                page.wait_for_selector("#day [data-id]")
            elif page_of == "lock":
                page.wait_for_selector(".dots")
            elif page_of == "sheet":
                page.tap("#tablet-chip")
                page.wait_for_selector('[data-fact="waiting"]:not(:empty)')
            for size in ("phone", "tablet"):
                width, height, _ = SIZES[size]
                page.set_viewport_size({"width": width, "height": height})
                assert (locale, size, page.evaluate(FAULTS)) == (locale, size, CLEAN)
        for mode in MODES:
            in_light(page, mode)
            assert (mode, violations(page, mode)) == (mode, [])
    if page_of == "lock":
        field.type_pin("ana")
        page.wait_for_url(f"**{RECORD}")


@pytest.mark.soak
def test_an_update_waits_for_the_form_and_touches_no_queue(field: Field) -> None:
    page, faults = field.page, field.relay.faults

    def renewed(exchange: Exchange) -> None:
        for name in ("If-None-Match", "Accept-Encoding"):
            del exchange.handler.headers[name]
        status, headers, script = exchange.forward()
        headers.pop("ETag", None)
        named = re.sub(rb'"version":"\w+"', b'"version":"another0"', script, count=1)
        exchange.send(status, headers, named)

    faults["/sync/envelopes"] = down
    field.worker.evaluate(NOTE_TAGS)  # a worker that waits for its next try goes on until then
    page.evaluate(QUEUE, 60)
    fill_in(page)
    faults["/sw.js"] = renewed
    page.evaluate(
        "navigator.serviceWorker.getRegistration().then((own) => own.update().then(() => 1))"
    )
    field.tablet.until(
        "navigator.serviceWorker.getRegistration().then((own) => Boolean(own.waiting))", 60
    )
    caches = (
        "caches.keys().then((all) => all.filter((one) => one.startsWith('ventanilla-')).sort())"
    )
    assert len(page.evaluate(caches)) == 2
    assert page.locator(".cell.some").count() == 1
    save(page)
    page.wait_for_selector(SHOWN)
    queue = field.waiting()
    assert len(queue) == 61
    page.reload()
    field.tablet.until(f"{caches}.then((all) => String(all) === 'ventanilla-another0')", 30)
    field.tablet.until("ventanilla.ready")
    assert field.waiting() == queue
    faults.pop("/sync/envelopes")
    page.evaluate("ventanilla.syncQueue.triggerSync('chip')")
    field.tablet.delivered(60)
    arrived = Counter(field.state_of(one) for one in queue)
    assert arrived == {"live": 61}
