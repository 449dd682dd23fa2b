"""The outbox of a tablet: sealed, strictly kept, sent once, and gone only on its own receipt."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from sqlalchemy import select

from app import create_app
from app.db.session import db, unit_of_work
from app.places.queries import list_desks
from app.staff.models import Account
from app.sync.actions import devices
from app.web.access import Scope
from tests.browser.conftest import ARGS, Site
from tests.browser.relay import Exchange, Relay, relaying, until
from tests.conftest import settings_for
from tests.factories.records import consultation_json

DESK, AUTHOR = "MEX-02", "desk.mex"
MOST_BYTES_OF_A_RECORD = 600
MOST_SECONDS_TO_OPEN = 0.5


@pytest.fixture(scope="module")
def relay(site: Site) -> Iterator[Relay]:
    with relaying(urlsplit(site.address).port or 0) as relay:
        yield relay


@pytest.fixture(autouse=True)
def undisturbed(relay: Relay) -> None:
    relay.faults.clear()
    relay.requested.clear()
    relay.arrived.clear()


def new_code(site: Site) -> str:
    """Return the one-time code of a new tablet of the desk."""
    app = create_app(settings_for(f"sqlite:///{site.path}"))
    with app.app_context():
        with unit_of_work():
            desk = next(
                d for d in list_desks(db.session(), Scope(programme=True)) if d.code == DESK
            )
            account_id = db.session.scalars(
                select(Account.id).where(Account.username == "admin")
            ).one()
            code = devices.add_device(db.session(), account_id, desk, "T").code
        db.session.remove()
        db.engine.dispose()
    return code


ENROL = """async ([code, account]) => {
  await ventanilla.loadTablet();
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const answer = await fetch("/sync/enrol", { method: "POST", headers, body: JSON.stringify({ code }) });
  const { device, credential, keys, lists } = await answer.json();
  const mine = { device, credential, keys, lists, desk: lists.desk, state: "enrolled" };
  await ventanilla.store.set("device", mine);
  await ventanilla.store.set("locale", document.documentElement.lang);
  await ventanilla.store.set("person", { account, since: Date.now() });
}"""
WORK = """navigator.serviceWorker.register(
  ventanilla.trusted.createScriptURL("/sw.js?tablet"), { updateViaCache: "none" }).then(() => {})"""
WORKS = "navigator.serviceWorker.controller?.scriptURL.endsWith('?tablet')"
SAVE = """async (content) => {
  await ventanilla.outbox.save("consultation", content, 1);
  await navigator.locks.request("ventanilla-sender", () => {});
  return ventanilla.store.waiting();
}"""
POKE = """async (reason) => {
  const outcome = await ventanilla.syncQueue.triggerSync(reason);
  await navigator.locks.request("ventanilla-sender", () => {});
  return outcome;
}"""


def enrolled(context: BrowserContext, relay: Relay, site: Site) -> Page:
    """Return a page of a tablet that was just enrolled, with somebody on duty."""
    page = context.new_page()
    page.goto(f"{relay.address}/offline")
    page.evaluate(ENROL, [new_code(site), AUTHOR])
    return page


@pytest.fixture
def alone(chromium: Browser, relay: Relay, site: Site) -> Iterator[Page]:
    """Yield a tablet without its worker, so that only this page sends."""
    context = chromium.new_context(locale="es-MX", service_workers="block")
    yield enrolled(context, relay, site)
    context.close()


@pytest.fixture
def tablet(chromium: Browser, relay: Relay, site: Site) -> Iterator[Page]:
    """Yield a tablet with its worker."""
    context = chromium.new_context(locale="es-MX")
    page = enrolled(context, relay, site)
    page.evaluate(WORK)
    until(page, WORKS, 60)
    yield page
    context.close()


def down(exchange: Exchange) -> None:
    exchange.handler.close_connection = True


def open_sealed(
    own: ec.EllipticCurvePrivateKey, sealed: bytes, record: str, key: str
) -> dict[str, Any]:
    """Return the decrypted content of an envelope, opened as outside.md describes."""
    assert sealed[0] == 1
    point, nonce, hidden = sealed[1:66], sealed[66:78], sealed[78:]
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    shared = own.exchange(ec.ECDH(), theirs)
    lock = HKDF(SHA256(), 32, nonce, b"ventanilla-envelope-1").derive(shared)
    return json.loads(AESGCM(lock).decrypt(nonce, hidden, (record + key).encode()))


def from_text(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_sealed_record_opens_with_the_servers_key_only_and_only_under_its_own_id(alone: Page):
    own = ec.generate_private_key(ec.SECP256R1())
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    public = urlsafe_b64encode(point).decode().rstrip("=")
    content = {**consultation_json(DESK, topics=["asylum", "health"]), "author": "ñandú"}
    seal = "([public, content]) => ventanilla.seal({ id: 'k1', public }, content.id, content)"
    first, second = (alone.evaluate(seal, [public, content]) for _ in range(2))
    sealed = from_text(first["sealed"])
    assert open_sealed(own, sealed, content["id"], "k1") == content
    assert first["receipt"] == hashlib.sha256(sealed).hexdigest()
    assert from_text(second["sealed"])[1:78] != sealed[1:78]
    stranger = ec.generate_private_key(ec.SECP256R1())
    for key, record, name in (
        (own, str(uuid4()), "k1"),
        (own, content["id"], "k2"),
        (stranger, content["id"], "k1"),
    ):
        with pytest.raises(InvalidTag):
            open_sealed(key, sealed, record, name)


def test_saved_means_strictly_kept_read_back_and_never_written_over(alone: Page, relay: Relay):
    relay.faults["/sync/envelopes"] = down
    content = consultation_json(DESK)
    transactions = alone.evaluate(
        """async (content) => {
          const transactions = [], real = IDBDatabase.prototype.transaction;
          IDBDatabase.prototype.transaction = function (...how) {
            transactions.push([[how[0]].flat().join(), how[1], how[2] && how[2].durability]);
            return real.apply(this, how);
          };
          await ventanilla.outbox.save("consultation", content, 3);
          return transactions.filter(([stores]) => stores.startsWith("outbox"));
        }""",
        content,
    )
    assert transactions[:2] == [
        ["outbox,day,meta", "readwrite", "strict"],
        ["outbox", "readonly", "default"],
    ]
    entry = alone.evaluate("ventanilla.store.oldest()")
    assert {**entry, "n": 3, "kind": "consultation", "format": 1, "place": 1} == entry
    assert len(from_text(entry["sealed"])) <= MOST_BYTES_OF_A_RECORD
    refused = (
        "(content) => ventanilla.outbox.save('consultation', content, 1).catch((e) => e.message)"
    )
    assert alone.evaluate(refused, {**content, "topics": ["health"]}) == "taken"
    assert alone.evaluate("ventanilla.store.oldest()") == entry
    full = """async (content) => {
      const real = IDBObjectStore.prototype.add;
      IDBObjectStore.prototype.add = () => { throw new DOMException("", "QuotaExceededError"); };
      const outcome = await ventanilla.outbox.save("consultation", content, 1).catch((e) => e.message);
      IDBObjectStore.prototype.add = real;
      return outcome;
    }"""
    assert alone.evaluate(full, consultation_json(DESK)) == "full"
    assert alone.evaluate("ventanilla.store.waiting()") == 1
    day = alone.evaluate("ventanilla.store.day()")
    assert [(entry["id"], entry["n"], entry["state"]) for entry in day] == [
        (content["id"], 3, "waiting")
    ]


HTML = {"Content_Type": "text/html"}


def wrong_receipt(answer: dict[str, Any]) -> None:
    answer["results"][0]["receipt"] = "0" * 64


def other_id(answer: dict[str, Any]) -> None:
    answer["results"][0]["id"] = str(uuid4())


def other_word(answer: dict[str, Any]) -> None:
    answer["results"][0]["result"] = "ok"


def halved(exchange: Exchange) -> None:
    status, headers, body = exchange.forward()
    exchange.send(status, headers, body[: len(body) // 2])


def cut(exchange: Exchange) -> None:
    status, headers, body = exchange.forward()
    exchange.send(status, headers, body[:-1], len(body))


FAULTS: dict[str, tuple[Callable[[Exchange], None], str]] = {
    "nobody answers": (down, "offline"),
    "a captive portal's 200": (lambda e: e.answer(200, b"<p>Welcome", **HTML), "portal"),
    "200 with other JSON": (lambda e: e.answer(200, b'{"results":[null,1]}'), "portal"),
    "200 with null": (lambda e: e.answer(200, b"null"), "portal"),
    "204": (lambda e: e.answer(204), "portal"),
    "a redirect to the sign-in": (lambda e: e.answer(302, Location="/sign-in"), "portal"),
    "a redirect elsewhere": (lambda e: e.answer(302, Location="//portal.example/"), "portal"),
    "somebody else's 401": (lambda e: e.answer(401, b"<p>Proxy", **HTML), "portal"),
    "403": (lambda e: e.answer(403, b'{"problem":""}'), "portal"),
    "404": (lambda e: e.answer(404, b"{}"), "portal"),
    "405": (lambda e: e.answer(405), "portal"),
    "413 of a single one": (lambda e: e.answer(413), "full"),
    "500": (lambda e: e.answer(500, b'{"problem":""}'), "busy"),
    "429": (lambda e: e.answer(429, b"{}", Retry_After="7"), "busy"),
    "503": (lambda e: e.answer(503, b"{}", Retry_After="7"), "busy"),
    "the receipt of something else": (lambda e: e.send_changed(wrong_receipt), "portal"),
    "a receipt of another record": (lambda e: e.send_changed(other_id), "portal"),
    "a word that is no result": (lambda e: e.send_changed(other_word), "portal"),
    "JSON that ends in the middle": (halved, "portal"),
    "an answer that is cut": (cut, "portal"),
}


def test_a_record_leaves_only_on_its_own_receipt_whatever_else_comes_back(
    alone: Page, relay: Relay, site: Site
):
    for name, (fault, result) in FAULTS.items():
        content = consultation_json(DESK)
        relay.faults["/sync/envelopes"] = fault
        assert alone.evaluate(SAVE, content) == 1, name
        before = len(relay.arrived)
        answer = alone.evaluate(POKE, "chip")
        assert (name, answer["result"], answer["waiting"]) == (name, result, 1)
        assert (len(relay.arrived) == before) == (name in ("429", "503")), name
        relay.faults.clear()
        alone.evaluate("ventanilla.store.set('retry', undefined)")
        assert alone.evaluate(POKE, "chip") == {"sent": 1, "waiting": 0, "result": "sent"}, name
        rows = site.rows(
            f"SELECT id FROM consultation WHERE id = '{content['id'].replace('-', '')}'"
        )
        assert len(rows) == 1, name
    states = {entry["state"] for entry in alone.evaluate("ventanilla.store.day()")}
    assert states == {"sent"}


def test_too_large_a_batch_is_halved_and_what_the_server_quarantines_is_reported(
    alone: Page, relay: Relay
):
    relay.faults["/sync/envelopes"] = down
    contents = [consultation_json(DESK) for _ in range(5)]
    contents[2]["topics"] = ["no_such_topic"]
    for content in contents:
        alone.evaluate(SAVE, content)
    sizes: list[int] = []

    def narrow(exchange: Exchange) -> None:
        sizes.append(len(exchange.envelopes))
        if len(exchange.envelopes) > 2:
            exchange.answer(413)
        else:
            exchange.send(*exchange.forward())

    relay.faults["/sync/envelopes"] = narrow
    relay.arrived.clear()
    assert alone.evaluate(POKE, "chip") == {"sent": 5, "waiting": 0, "result": "sent"}
    assert sizes == [5, 2, 2, 1]
    assert list(dict.fromkeys(relay.arrived)) == [content["id"] for content in contents]
    day = {entry["id"]: entry["state"] for entry in alone.evaluate("ventanilla.store.day()")}
    assert [day[content["id"]] for content in contents] == ["sent", "sent", "mend", "sent", "sent"]
    assert alone.evaluate("ventanilla.store.get('contact')")["to_mend"] == 1


def test_a_revoked_tablet_sends_nothing_more_and_keeps_what_it_has(
    alone: Page, relay: Relay, site: Site
):
    relay.faults["/sync/envelopes"] = lambda e: e.answer(401, b'{"problem":"","device":"revoked"}')
    assert alone.evaluate(SAVE, consultation_json(DESK)) == 1
    requests = len(relay.requested)
    relay.faults.clear()
    answer = alone.evaluate(POKE, "chip")
    assert answer == {"sent": 0, "waiting": 1, "result": "refused"}
    assert len(relay.requested) == requests
    assert alone.evaluate("ventanilla.outbox.isOpen()") is False
    (text,) = alone.evaluate(
        "async () => Promise.all((await ventanilla.outbox.copies()).map((copy) => copy.blob.text()))"
    )
    copy = json.loads(text)
    assert (copy["format"], len(copy["envelopes"])) == (1, 1)
    assert set(copy["envelopes"][0]) == {"id", "key", "format", "sealed"}


def test_two_pages_and_the_worker_send_each_record_once_and_in_order(tablet: Page, relay: Relay):
    other = tablet.context.new_page()
    other.goto(f"{relay.address}/offline")
    relay.faults["/sync/envelopes"] = down
    contents = [consultation_json(DESK) for _ in range(60)]
    tablet.evaluate(
        "async (all) => { for (const content of all) await ventanilla.outbox.save('consultation', content, 1); }",
        contents,
    )
    tablet.evaluate("navigator.locks.request('ventanilla-sender', () => {})")
    relay.arrived.clear()
    relay.faults.clear()
    together = "() => { setTimeout(() => ventanilla.syncQueue.triggerSync('chip'), 50); }"
    until(other, "Boolean(self.ventanilla.syncQueue)")
    for page in (tablet, other):
        page.evaluate(together)
    tablet.context.service_workers[-1].evaluate(
        "() => self.ventanilla.syncQueue.triggerSync('sync')"
    )
    until(tablet, "ventanilla.store.waiting().then((n) => n === 0)")
    assert relay.arrived == [content["id"] for content in contents]


SHELLS_KEPT = "ventanilla.store.get('shells').then(Boolean)"


def test_an_enrolled_tablet_opens_without_a_network_from_what_it_keeps(
    tablet: Page, relay: Relay, record_property: Callable[[str, object], None]
):
    until(tablet, SHELLS_KEPT, 60)
    relay.stop()
    try:
        tablet.goto(f"{relay.address}/consultations/new")
        assert tablet.locator("#consultation").count() == 1
        took = tablet.evaluate(
            "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"
        )
        record_property("seconds to open without a network", took)
        print(f"opened without a network in {took:.2f} s")
        assert took <= MOST_SECONDS_TO_OPEN * 3  # the machine of the tests is shared
        until(tablet, "Boolean(ventanilla.store)")
        tablet.evaluate("ventanilla.store.set('locale', 'fr')")
        tablet.reload()
        assert tablet.get_attribute("html", "lang") == "fr"
        tablet.goto(f"{relay.address}/")
        assert urlsplit(tablet.url).path == "/consultations/new"
        tablet.goto(f"{relay.address}/today")
        assert tablet.locator("#consultation").count() == 0
        until(tablet, "Boolean(ventanilla.store)")
        tablet.evaluate("ventanilla.store.set('locked', true)")
        for path in ("/consultations/new", "/today", "/account"):
            tablet.goto(f"{relay.address}{path}")
            assert tablet.locator("#consultation").count() == 0, path
            assert tablet.locator("#lock").count() == 1, path
    finally:
        relay.start()


def test_a_browser_that_is_no_tablet_gets_the_page_without_a_network_and_no_store(
    chromium: Browser, relay: Relay
):
    context = chromium.new_context(locale="es-MX", base_url=relay.address)
    page = context.new_page()
    page.goto("/sign-in")
    until(page, "navigator.serviceWorker.controller !== null")
    assert "/consultations/new" not in relay.requested
    assert not [path for path in relay.requested if path.startswith("/sync/shell")]
    relay.stop()
    try:
        page.goto("/today")
        assert page.get_attribute("html", "lang") == "es"
        assert page.locator("main a[href='']").count() == 1
        assert page.evaluate("document.styleSheets.length") > 0
    finally:
        relay.start()
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    context.close()


def test_nothing_that_was_recorded_stands_in_clear_on_the_disk(
    playwright: Playwright, relay: Relay, site: Site, tmp_path: Path
):
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path), executable_path="/usr/bin/chromium", args=ARGS, locale="es-MX"
    )
    page = enrolled(context, relay, site)
    page.evaluate(WORK)
    until(page, SHELLS_KEPT, 60)
    relay.faults["/sync/envelopes"] = down
    content = consultation_json(DESK, topics=["regularisation", "asylum"])
    content["groups"][0]["nationality"] = "VEN"
    for more in (content, consultation_json(DESK)):
        page.evaluate(SAVE, more)
    context.close()
    disk = b"\n".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert _is_in(content["id"], disk)  # else the search itself would find nothing
    hidden = ('"VEN"', "regularisation", "asylum", "age_25_59", "first_this_year", DESK, AUTHOR)
    assert [word for word in hidden if _is_in(word, disk)] == []


def _is_in(word: str, disk: bytes) -> bool:
    return word.encode() in disk or word.encode("utf-16-le") in disk
