"""Faults of the way from tablet to server (reliability.md 2.4) as a tablet sees them: nothing claimed, nothing lost."""

import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route
from sqlalchemy import text

from app import clock, create_app
from app.db.session import db, unit_of_work
from app.sync.actions import devices
from app.sync.queries import devices as reading
from tests.browser.conftest import Site
from tests.browser.relay import Exchange, Relay, relaying
from tests.browser.tablet import ENROL, RECORD, Tablet, code_for, enrolled, sign_in
from tests.conftest import settings_for
from tests.factories.records import consultation_json
from tests.server import ROUNDS

DESK, ZONE = "MEX-02", "America/Mexico_City"
SHOWN = "#toast:not([hidden])"
WAITING = "ventanilla.store.waiting()"
POKE = """async () => {
  await navigator.locks.request("ventanilla-sender", () => {});
  return ventanilla.syncQueue.triggerSync("chip");
}"""
SAVE = """async (all) => {
  for (const one of all) await ventanilla.outbox.save("consultation", one, 1);
  await navigator.locks.request("ventanilla-sender", () => {});
}"""
TOLD = "document.querySelector('#toast').textContent"
PROBLEM = "JSON.parse(document.getElementById('consultation').dataset.problems)"
ON_2G = {"offline": False, "latency": 2000, "downloadThroughput": 6250, "uploadThroughput": 6250}
QUEUED_ON_2G = 12 if ROUNDS == 1 else 60


@pytest.fixture(scope="module")
def relay(site: Site) -> Iterator[Relay]:
    with relaying(urlsplit(site.address).port or 0) as relay:
        yield relay


def of_new_browser(context: BrowserContext, relay: Relay, site: Site) -> Tablet:
    """A tablet without its worker, so that only its pages send; the person is who the server's page was drawn for."""
    tablet = Tablet(Site(relay.address, site.path), Path(), context)
    context.on("weberror", lambda error: tablet.errors.append(str(error.error)))
    context.new_page()
    tablet.go(RECORD)
    tablet.page.evaluate(ENROL, code_for(site))
    record(tablet)
    return tablet


def record(tablet: Tablet) -> None:
    """Opens *Registrar* anew."""
    tablet.go(RECORD)
    tablet.until("ventanilla.ready")
    tablet.until("ventanilla.store.get('person')")


@pytest.fixture
def context(chromium: Browser, sessions: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser of desk.mex of its own."""
    made = chromium.new_context(
        locale="es-MX", service_workers="block", storage_state=sessions["desk.mex"]
    )
    yield made
    made.close()


@pytest.fixture
def fresh(context: BrowserContext, relay: Relay, site: Site) -> Iterator[Tablet]:
    """A tablet for a test that spoils it."""
    relay.faults.clear()
    yield of_new_browser(context, relay, site)
    relay.faults.clear()


@pytest.fixture(scope="module")
def shared(
    chromium: Browser, relay: Relay, site: Site, sessions: dict[str, Any]
) -> Iterator[Tablet]:
    made = chromium.new_context(
        locale="es-MX", service_workers="block", storage_state=sessions["desk.mex"]
    )
    yield of_new_browser(made, relay, site)
    made.close()


@pytest.fixture
def tablet(shared: Tablet, relay: Relay) -> Iterator[Tablet]:
    """The tablet on a new page with nothing waiting; no page may have thrown."""
    relay.faults.clear()
    page = shared.context.new_page()
    record(shared)
    yield shared
    relay.faults.clear()
    page.evaluate("ventanilla.store.set('retry', undefined)")
    page.evaluate(POKE)
    page.close()
    assert shared.errors == []


@pytest.fixture(scope="module")
def working(
    playwright: Playwright, relay: Relay, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tablet]:
    """A tablet with its worker and its kept pages."""
    relay.faults.clear()
    own = Site(relay.address, site.path)
    with enrolled(playwright, tmp_path_factory.mktemp("faults"), own) as tablet:
        yield tablet


def down(exchange: Exchange) -> None:
    exchange.handler.close_connection = True


def cut_off(relay: Relay) -> None:
    """Nothing of the tablet's own requests reaches the server."""
    relay.faults |= {"/sync/envelopes": down, "/sync/contact": down}


def fill_in(page: Page, nationality: str = "HND") -> None:
    page.click('.cell:has([name="groups-0-female-age_25_59"]) .plus')
    page.click(f'label:has([name="groups-0-nationality"][value="{nationality}"])')
    page.click('label:has([name="topics"][value="shelter"])')


def save(page: Page) -> None:
    page.click('button.save[value="first_this_year"]')
    page.wait_for_selector(SHOWN)


def filled(page: Page) -> int:
    """How many boxes of the form hold a number of people."""
    return page.locator(".cell.some").count()


def listed(tablet: Tablet) -> list[dict[str, Any]]:
    return list(tablet.page.evaluate("ventanilla.store.list()"))


def rows_of(site: Site, ids: list[str], state: str = "live") -> list[str]:
    """The authors of those records that the server has in a state."""
    spelled = ", ".join(f"'{one.replace('-', '')}'" for one in ids)
    found = site.rows(
        "SELECT username FROM consultation JOIN account ON account.id = author_id"
        f" WHERE state = '{state}' AND consultation.id IN ({spelled})"
    )
    return [name for (name,) in found]


def in_office(site: Site, work: Callable[[Any], Any]) -> Any:
    """What a piece of work inside the server's database answers."""
    app = create_app(settings_for(f"sqlite:///{site.path}"))
    with app.app_context():
        with unit_of_work():
            done = work(db.session())
        db.session.remove()
        db.engine.dispose()
    return done


def code_again(site: Site, device: str) -> str:
    """The code that enrols a known tablet anew."""

    def work(session: Any) -> str:
        admin = session.execute(text("SELECT min(id) FROM account WHERE role = 'admin'")).scalar()
        found = reading.lock_device_unscoped(session, UUID(device))
        assert found is not None
        return devices.renew_code(session, int(admin), found).code

    return str(in_office(site, work))


# --- The server refuses, fails, or is slow. ---


def test_a_refusal_in_the_middle_of_a_queue_keeps_the_rest_until_it_is_enrolled_anew(
    fresh: Tablet, relay: Relay
):
    page = fresh.page
    cut_off(relay)
    contents = [consultation_json(DESK) for _ in range(55)]
    page.evaluate(SAVE, contents)
    device = page.evaluate("ventanilla.store.get('device')")["device"]
    batches: list[int] = []

    def refuses(exchange: Exchange) -> None:
        batches.append(len(exchange.envelopes))
        if len(batches) == 1:
            exchange.send(*exchange.forward())
        else:
            exchange.answer(401, b'{"problem":"","device":"unknown"}')

    relay.faults = {"/sync/envelopes": refuses}
    told = page.evaluate(POKE)
    assert (told, batches) == ({"sent": 50, "waiting": 5, "result": "refused"}, [50, 5])
    fresh.chip("unknown")
    relay.faults.clear()
    assert page.evaluate(POKE) == {"sent": 0, "waiting": 5, "result": "refused"}
    page.evaluate(ENROL, code_again(fresh.site, device))
    assert page.evaluate(POKE) == {"sent": 5, "waiting": 0, "result": "sent"}
    assert rows_of(fresh.site, [one["id"] for one in contents]) == ["desk.mex"] * 55
    fresh.chip("sent")


def test_a_captive_portal_is_named_and_keeps_nothing_from_leaving_later(
    tablet: Tablet, relay: Relay
):
    page = tablet.page
    relay.faults["/sync/envelopes"] = lambda e: e.answer(
        200, b"<p>Welcome", Content_Type="text/html"
    )
    page.evaluate(SAVE, [consultation_json(DESK)])
    page.click("#tablet-chip")
    page.click("[data-send]")
    words = "document.querySelector('#tablet-sheet [data-result]')"
    tablet.until(f"{words}.textContent === {words}.dataset.portal")
    tablet.chip("cut", "1")
    relay.faults.clear()
    page.click("[data-send]")
    tablet.delivered()


def test_after_failures_it_waits_longer_each_time_up_to_a_minute_and_goes_on_by_itself(
    tablet: Tablet, relay: Relay
):
    page = tablet.page
    relay.faults["/sync/envelopes"] = lambda e: e.answer(500, b'{"problem":""}')
    page.evaluate("Math.real = Math.random; Math.random = () => 0.999999; 0")
    page.evaluate(SAVE, [consultation_json(DESK)])
    waits = [page.evaluate(POKE)["wait"] for _ in range(8)]
    assert all(abs(more - min(2 * less, 60000)) < 500 for less, more in pairwise(waits)), waits
    assert 1500 < waits[0] < 4001 and 59500 < waits[-1] <= 60000
    tablet.chip("cut", "1")
    page.evaluate("Math.random = () => 0; 0")
    page.evaluate(POKE)
    relay.faults.clear()
    tablet.delivered()


def test_a_busy_server_is_asked_again_when_it_said_and_the_sheet_tells_when(
    tablet: Tablet, relay: Relay
):
    page = tablet.page
    asked: list[float] = []

    def busy(exchange: Exchange) -> None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            exchange.answer(503, b"{}", Retry_After="2")
        else:
            exchange.send(*exchange.forward())

    page.evaluate("Math.random = () => 0; 0")
    relay.faults["/sync/envelopes"] = busy
    page.evaluate(SAVE, [consultation_json(DESK)])
    page.click("#tablet-chip")
    page.click("[data-send]")
    words = "document.querySelector('#tablet-sheet [data-result]')"
    said = f"[1, 2].map((n) => {words}.dataset.busy.replace('{{n}}', n))"
    tablet.until(f"{said}.includes({words}.textContent)")
    tablet.delivered()
    assert len(asked) == 2 and asked[1] - asked[0] >= 2


@pytest.mark.soak
def test_a_queue_leaves_over_a_very_slow_line_with_answers_that_are_lost(
    tablet: Tablet, relay: Relay
):
    page, chance = tablet.page, random.Random(5)
    cut_off(relay)
    contents = [consultation_json(DESK) for _ in range(QUEUED_ON_2G)]
    page.evaluate(SAVE, contents)
    lost: list[int] = []

    def drops(exchange: Exchange) -> None:
        if not lost or chance.random() < 0.05:
            lost.append(len(exchange.envelopes))
            exchange.forward()  # it was taken, and nobody hears of it
            down(exchange)
        else:
            exchange.send(*exchange.forward())

    relay.faults = {"/sync/envelopes": drops}
    wire = tablet.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", ON_2G)
    began = time.monotonic()
    page.evaluate(f"({POKE})().then(() => {{}}); void 0")
    worst = 0.0
    for _ in range(5):
        worst = max(worst, page.evaluate(TAP_DELAY))
    while page.evaluate(WAITING):
        assert time.monotonic() < began + 120
        page.evaluate(POKE)
    wire.send("Network.emulateNetworkConditions", {**ON_2G, "latency": 0, "uploadThroughput": -1})
    wire.detach()
    memory = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
    took = time.monotonic() - began
    print(f"{len(contents)} in {took:.1f} s, {memory:.0f} MB, worst tap {worst:.0f} ms")
    assert lost and memory < 150 and worst < 100 * 5  # the machine of the tests is shared
    assert len(rows_of(tablet.site, [one["id"] for one in contents])) == len(contents)


TAP_DELAY = """() => new Promise((done) => {
  const began = performance.now();
  document.querySelector(".plus").click();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})"""


# --- The tablet's storage fails. ---

FAILING = {
    "full": """() => {
      IDBObjectStore.prototype.add = () => { throw new DOMException("", "QuotaExceededError"); };
    }""",
    "aborts after the put": """() => {
      const real = IDBObjectStore.prototype.add;
      IDBObjectStore.prototype.add = function (...entry) {
        const asked = real.apply(this, entry);
        asked.addEventListener("success", () => { if (asked.transaction.db) asked.transaction.abort(); });
        return asked;
      };
    }""",
    "cannot be read back": """() => {
      const real = IDBObjectStore.prototype.get;
      IDBObjectStore.prototype.get = function (key) {
        return real.call(this, this.name === "outbox" ? "nothing" : key);
      };
    }""",
}


@pytest.mark.parametrize("how", list(FAILING))
def test_what_the_storage_did_not_keep_is_never_called_saved_and_stays_in_the_form(
    tablet: Tablet, relay: Relay, how: str
):
    page = tablet.page
    cut_off(relay)
    fill_in(page)
    wholly = page.evaluate_handle(
        "() => { const { add, get } = IDBObjectStore.prototype; return { add, get }; }"
    )
    page.evaluate(FAILING[how])
    save(page)
    word = "full" if how == "full" else "storage"
    assert page.evaluate(f"{TOLD} === {PROBLEM}.{word}")
    assert filled(page) == 1 and page.locator("#toast button").count() == 0
    page.evaluate("(kept) => Object.assign(IDBObjectStore.prototype, kept)", wholly)
    before = [one["id"] for one in listed(tablet)]
    assert len(before) == (1 if how == "cannot be read back" else 0)
    save(page)
    tablet.until(f"!Object.values({PROBLEM}).includes({TOLD})")
    assert filled(page) == 0
    ids = [one["id"] for one in listed(tablet) if one["kind"] == "consultation"]
    relay.faults.clear()
    page.evaluate(POKE)
    tablet.delivered()
    assert rows_of(tablet.site, ids) == ["desk.mex"]


def test_the_browser_is_asked_for_the_strict_way_before_saved_is_said(tablet: Tablet, relay: Relay):
    page = tablet.page
    cut_off(relay)
    page.evaluate(POKE)
    page.evaluate("""() => {
      self.seen = [];
      const real = IDBDatabase.prototype.transaction;
      IDBDatabase.prototype.transaction = function (...how) {
        const tx = real.apply(this, how);
        const facts = [[...tx.objectStoreNames].join(), tx.mode, tx.durability];
        tx.addEventListener("complete", () => seen.push([...facts, !document.querySelector("#toast").hidden]));
        return tx;
      };
    }""")
    fill_in(page)
    save(page)
    kept = [one for one in page.evaluate("seen") if "outbox" in one[0]]
    while kept and kept[0][2] != "strict":
        kept.pop(0)
    assert kept[:2] == [
        ["day,meta,outbox", "readwrite", "strict", False],
        ["outbox", "readonly", "default", False],
    ]


def test_a_kept_page_that_cannot_open_the_storage_says_so_and_keeps_the_answers(
    working: Tablet, relay: Relay
):
    page = working.context.new_page()
    page.add_init_script("""IDBFactory.prototype.open = () => {
      const asked = { error: new DOMException("", "UnknownError") };
      setTimeout(() => asked.onerror());
      return asked;
    };""")
    working.go(RECORD)
    assert page.get_attribute("html", "data-shell")
    working.chip("broken")
    fill_in(page)
    save(page)
    assert page.evaluate(f"{TOLD} === {PROBLEM}.storage") and filled(page) == 1
    working.go("/today")
    working.chip("broken")
    page.close()


def test_a_tablet_whose_storage_was_emptied_says_so_and_the_server_knows_what_was_lost(
    fresh: Tablet, relay: Relay
):
    page = fresh.page
    relay.faults["/sync/envelopes"] = down
    page.evaluate(SAVE, [consultation_json(DESK) for _ in range(3)])
    page.evaluate("ventanilla.syncQueue.contact()")
    device = page.evaluate("ventanilla.store.get('device')")["device"]
    page.goto("about:blank")
    wire = fresh.context.new_cdp_session(page)
    kinds = "indexeddb,cache_storage,service_workers,local_storage"
    wire.send("Storage.clearDataForOrigin", {"origin": relay.address, "storageTypes": kinds})
    fresh.go(RECORD)
    fresh.chip("unknown")
    assert page.evaluate("indexedDB.databases()") == []
    page.evaluate(ENROL, code_again(fresh.site, device))
    record(fresh)
    relay.faults.clear()
    assert page.evaluate(POKE)["waiting"] == 0
    wanted = f"SELECT lost, waiting FROM device WHERE id = '{device.replace('-', '')}'"
    assert fresh.site.rows(wanted) == [(3, 0)]


@pytest.mark.parametrize("missing", ["serviceWorker", "locks"])
def test_a_browser_that_lacks_what_a_tablet_needs_is_not_enrolled(
    chromium: Browser, relay: Relay, site: Site, missing: str
):
    relay.faults.clear()
    page = chromium.new_page()
    page.add_init_script(
        f"Object.defineProperty(Navigator.prototype, '{missing}', {{ value: undefined }});"
    )
    page.goto(f"{relay.address}/enrol#{code_for(site, DESK, f'No {missing}')}")
    page.wait_for_selector("#enrol-problem:not([hidden])")
    assert page.inner_text("#enrol-problem") == page.get_attribute("#enrol", "data-unfit")
    taken = f"SELECT enrolled_at FROM device WHERE name = 'No {missing}'"
    assert site.rows(taken) == [(None,)]
    page.close()


# --- Stores of another version of the app. ---

OTHER_STORES = """(fails) => new Promise((done) => {
  const asked = indexedDB.open("ventanilla", 2);
  asked.onupgradeneeded = () => { asked.result.createObjectStore(fails ? "outbox" : "more"); };
  asked.onblocked = () => done("blocked");
  asked.onerror = () => done(asked.error.name);
  asked.onsuccess = () => { asked.result.close(); done("open"); };
})"""


def newer_store(route: Route) -> None:
    """A newer app whose step to its stores fails, as the store is there already."""
    answer = route.fetch()
    changed = answer.text().replace("VERSION = 1;", "VERSION = 2;")
    assert changed != answer.text()
    route.fulfill(response=answer, body=changed)


def test_stores_that_cannot_be_brought_up_to_date_still_send_and_take_nothing_new(
    fresh: Tablet, relay: Relay
):
    page = fresh.page
    cut_off(relay)
    page.evaluate(SAVE, [consultation_json(DESK) for _ in range(2)])
    fresh.context.route("**/tablet/store.js*", newer_store)
    record(fresh)
    fill_in(page)
    save(page)
    assert page.evaluate(f"{TOLD} === {PROBLEM}.storage") and filled(page) == 1
    assert len(page.evaluate("ventanilla.outbox.copies()")) == 1
    assert page.evaluate("indexedDB.databases()")[0]["version"] == 1
    relay.faults.clear()
    page.evaluate(POKE)
    fresh.delivered()


def test_an_open_page_gives_way_to_newer_stores_and_then_only_sends(fresh: Tablet, relay: Relay):
    page = fresh.page
    cut_off(relay)
    page.evaluate(SAVE, [consultation_json(DESK) for _ in range(2)])
    other = fresh.context.new_page()
    other.goto(f"{relay.address}/healthz")
    assert other.evaluate(OTHER_STORES, False) == "open"
    other.close()
    assert page.evaluate(WAITING) == 2
    fill_in(page)
    save(page)
    assert page.evaluate(f"{TOLD} === {PROBLEM}.storage") and filled(page) == 1
    relay.faults.clear()
    page.evaluate(POKE)
    fresh.delivered()


# --- Two taps, two pages, an old image, a wrong clock. ---


def test_two_taps_on_save_are_one_record(tablet: Tablet, relay: Relay):
    cut_off(relay)
    fill_in(tablet.page)
    tablet.page.dblclick('button.save[value="first_this_year"]')
    tablet.page.wait_for_selector(SHOWN)
    tablet.until(f"{WAITING}.then((n) => n === 1)")
    assert filled(tablet.page) == 0


def test_the_same_draft_saved_in_two_pages_counts_once(tablet: Tablet, relay: Relay):
    cut_off(relay)
    number = tablet.page.input_value("#consultation [name=id]")
    other = tablet.context.new_page()
    record(tablet)
    other.evaluate(
        "(id) => { document.getElementById('consultation').elements.id.value = id; }", number
    )
    for page in (tablet.context.pages[-2], other):
        fill_in(page)
        save(page)
    other.evaluate("navigator.locks.request('ventanilla-sender', () => {})")
    ids = [one["id"] for one in listed(tablet) if one["kind"] == "consultation"]
    relay.faults.clear()
    other.evaluate(POKE)
    tablet.delivered()
    other.close()
    assert number in ids and rows_of(tablet.site, ids) == ["desk.mex"]


PUT_BACK = """(entries) => new Promise((done) => {
  indexedDB.open("ventanilla").onsuccess = ({ target: { result } }) => {
    const tx = result.transaction("outbox", "readwrite");
    entries.forEach((entry) => tx.objectStore("outbox").add(entry));
    tx.oncomplete = () => { result.close(); done(); };
  };
})"""


def test_an_old_image_of_the_storage_brings_only_duplicates(tablet: Tablet, relay: Relay):
    page = tablet.page
    cut_off(relay)
    contents = [consultation_json(DESK) for _ in range(3)]
    page.evaluate(SAVE, contents)
    image = listed(tablet)
    relay.faults.clear()
    page.evaluate(POKE)
    tablet.delivered()
    results: list[str] = []

    def notes(exchange: Exchange) -> None:
        status, headers, body = exchange.forward()
        results.extend(one["result"] for one in json.loads(body)["results"])
        exchange.send(status, headers, body)

    relay.faults["/sync/envelopes"] = notes
    page.evaluate(PUT_BACK, image)
    assert page.evaluate(POKE) == {"sent": 3, "waiting": 0, "result": "sent"}
    assert results == ["duplicate"] * 3
    assert len(rows_of(tablet.site, [one["id"] for one in contents])) == 3


def at_clock(tablet: Tablet, days: int) -> None:
    """Sets the tablet's clock so many days wrong, with somebody who touched it just now, and opens *Registrar*."""
    moment = datetime.now(UTC) + timedelta(days=days)
    tablet.context.clock.set_fixed_time(moment)
    tablet.page.evaluate("ventanilla.store.set('touched', Date.now())")
    record(tablet)


def test_once_the_servers_time_is_known_a_wrong_clock_changes_no_day(fresh: Tablet, relay: Relay):
    page = fresh.page
    here = clock.today_at(ZONE).isoformat()
    for days, nationality in ((2, "HND"), (-2, "VEN"), (365, "SLV"), (-365, "GTM")):
        relay.faults.clear()
        at_clock(fresh, days)
        page.evaluate(POKE)
        cut_off(relay)
        record(fresh)
        fresh.until(f"document.querySelector('[name=held_on]').value === '{here}'")
        fill_in(page, nationality)
        save(page)
    ids = [one["id"] for one in listed(fresh)]
    assert len(ids) == 1  # the others left when the next clock asked for the time
    relay.faults.clear()
    page.evaluate(POKE)
    fresh.delivered()
    took = "SELECT held_on FROM consultation ORDER BY received_at DESC LIMIT 4"
    assert fresh.site.rows(took) == [(here,)] * 4


def test_before_it_is_known_the_day_is_a_claim_that_the_server_sets_aside(
    fresh: Tablet, relay: Relay
):
    page = fresh.page
    for days, reason in ((2, "in_future"), (-365, "too_old")):
        cut_off(relay)
        page.evaluate("ventanilla.store.set('contact', undefined)")
        at_clock(fresh, days)
        fill_in(page)
        save(page)
        (kept,) = listed(fresh)
        relay.faults.clear()
        page.evaluate(POKE)
        fresh.chip("mend")
        spelled = kept["id"].replace("-", "")
        said = f"SELECT result, reason FROM envelope WHERE id = '{spelled}'"
        assert fresh.site.rows(said) == [("quarantined", reason)]


# --- Who is there, and who is not. ---


def test_a_session_that_ended_meanwhile_stops_neither_saving_nor_sending(
    tablet: Tablet, relay: Relay, sessions: dict[str, Any]
):
    page = tablet.page
    cut_off(relay)
    tablet.context.clear_cookies()
    fill_in(page)
    save(page)
    ids = [one["id"] for one in listed(tablet)]
    assert len(ids) == 1
    relay.faults.clear()
    page.evaluate(POKE)
    tablet.delivered()
    assert rows_of(tablet.site, ids) == ["desk.mex"]
    tablet.context.add_cookies(sessions["desk.mex"]["cookies"])


def sign_out(tablet: Tablet) -> None:
    """Signs out from a page of the server, to the page of signing in."""
    tablet.go("/account")
    with tablet.page.expect_navigation():
        tablet.page.evaluate(
            "document.querySelector('form[action$=\"/sign-out\"]').requestSubmit()"
        )
    tablet.go("/sign-in")
    tablet.until("ventanilla.ready")


def test_what_one_person_left_is_counted_but_not_readable_for_the_next_and_keeps_its_author(
    working: Tablet, relay: Relay
):
    page = working.page
    working.go(RECORD)
    working.until("ventanilla.ready")
    cut_off(relay)
    fill_in(page, "VEN")
    save(page)
    ids = [one["id"] for one in listed(working)]
    sign_out(working)
    working.chip("cut", "1")
    assert page.evaluate("ventanilla.outbox.isOpen()") is False
    sign_in(working, "supervisor.mex")
    working.chip("cut", "1")
    (kept,) = listed(working)
    assert kept.keys() == {
        "id", "place", "key", "format", "sealed", "receipt", "saved_at", "n", "kind",
    }  # fmt: skip
    relay.faults.clear()
    page.evaluate(POKE)
    working.delivered()
    assert rows_of(working.site, ids) == ["desk.mex"]
    sign_out(working)
    sign_in(working, "desk.mex")


IDLE = "Promise.all([ventanilla.store.set('idle', 60), ventanilla.store.set('touched', Date.now() - 61000)])"


def test_no_page_flashes_up_on_a_tablet_that_lay_untouched(working: Tablet):
    working.page.goto(f"{working.site.address}/offline")
    working.until("ventanilla.ready")
    working.page.evaluate(IDLE)
    working.go(RECORD)
    assert working.page.locator("#lock").count() == 1
    assert working.page.locator("#consultation").count() == 0
    working.until("ventanilla.store.get('locked')")
    working.page.evaluate("ventanilla.store.set('idle', undefined)")
    # Until the lock page has ended the session, the server takes the browser for signed in and shows no form.
    working.until("ventanilla.store.get('session').then((who) => who === '')", 30)
    sign_in(working, "desk.mex")


# --- Another worker. ---

VERSIONS = "caches.keys().then((all) => all.sort().join())"
ASK_ANEW = "navigator.serviceWorker.getRegistration().then((own) => own.update()).then(() => {})"
NOT_WOKEN = "SyncManager.prototype.register = () => Promise.resolve(); 0"
"""A worker that is woken and tries to send stays until it has tried; another waits for that."""
WAITS = "navigator.serviceWorker.getRegistration().then((own) => Boolean(own.waiting))"
KEPT = "ventanilla.store.many(['people', 'device', 'sequence', 'saved', 'person', 'locale'])"


def worker_of(site: Site, change: Callable[[bytes], bytes]) -> Callable[[Exchange], None]:
    """A server that has another worker."""
    with urlopen(f"{site.address}/sw.js?tablet") as answer:
        body = change(answer.read())
        names = ("Content-Type", "Content-Security-Policy", "Service-Worker-Allowed")
        headers = {name: answer.headers[name] for name in names}
    return lambda exchange: exchange.send(200, {**headers, "Cache-Control": "no-cache"}, body)


def next_version(body: bytes) -> bytes:
    return body.replace(b'{"version":"', b'{"version":"next-', 1)


def test_a_new_worker_waits_for_the_form_and_the_page_of_the_old_one_goes_on_with_it(
    working: Tablet, relay: Relay, site: Site
):
    page = working.page
    working.go(RECORD)
    working.until("ventanilla.ready")
    before, kept = page.evaluate(VERSIONS), page.evaluate(KEPT)
    relay.faults["/sw.js"] = worker_of(site, next_version)
    fill_in(page, "SLV")
    page.evaluate("self.stayed = true; 0")
    page.evaluate(ASK_ANEW)
    working.until(WAITS, 60)
    time.sleep(0.3)
    assert page.evaluate(WAITS) and page.evaluate("self.stayed") and filled(page) == 1
    assert before in page.evaluate(VERSIONS)
    save(page)
    working.delivered()
    other = working.context.new_page()
    working.go("/today")
    working.until("ventanilla.ready")
    working.until(
        f"{VERSIONS}.then((all) => all.startsWith('ventanilla-next-') && !all.includes(','))",
        60,
    )
    working.until("ventanilla.store.get('version').then((said) => said.startsWith('next-'))")
    other.close()
    assert page.evaluate("self.stayed")
    cut_off(relay)
    page.evaluate(NOT_WOKEN)
    fill_in(page, "GTM")
    save(page)
    working.until(f"{WAITING}.then((n) => n === 1)")
    ids = [one["id"] for one in listed(working)]
    after = page.evaluate(KEPT)  # the language is kept with the first page that names one
    assert {**after, "locale": kept["locale"]} == {
        **kept, "sequence": (kept["sequence"] or 0) + 2, "saved": (kept["saved"] or 0) + 2,
    }  # fmt: skip
    del relay.faults["/sync/envelopes"], relay.faults["/sync/contact"]
    page.evaluate(POKE)
    working.delivered()
    assert rows_of(working.site, ids) == ["desk.mex"]


WITHDRAWS = b"""
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  await self.registration.unregister();
})()));
"""


@pytest.mark.soak
def test_a_worker_that_withdraws_itself_leaves_the_queue_which_the_page_then_sends(
    working: Tablet, relay: Relay, site: Site
):
    page = working.page
    working.go(RECORD)
    working.until("ventanilla.ready")
    cut_off(relay)
    page.evaluate(NOT_WOKEN)
    page.evaluate(SAVE, [consultation_json(DESK) for _ in range(3)])
    ids = [one["id"] for one in listed(working)]
    relay.faults["/sw.js"] = worker_of(site, lambda _: WITHDRAWS)
    page.evaluate(ASK_ANEW)
    working.until(f"{VERSIONS}.then((all) => all === '')")
    working.go(RECORD)
    assert not page.get_attribute("html", "data-shell")
    assert page.evaluate(VERSIONS) == ""
    working.until("ventanilla.ready")
    assert page.evaluate(WAITING) == 3
    del relay.faults["/sync/envelopes"], relay.faults["/sync/contact"]
    page.evaluate(POKE)
    working.delivered()
    assert rows_of(working.site, ids) == ["desk.mex"] * 3
