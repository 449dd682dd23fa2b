"""An enrolled tablet: a real Chromium with a profile on disk, its outbox, its worker and the pages that it keeps."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright
from sqlalchemy import text

from app import create_app
from app.db.session import db
from app.places.queries import list_desks
from app.sync.actions import devices
from app.web.access import Scope
from tests.browser.conftest import ARGS, SIZES, Site, is_fault
from tests.conftest import settings_for
from tests.factories.records import PASSWORD

SCREEN: dict[str, Any] = {"locale": "es-MX", "timezone_id": "America/Mexico_City"}
RECORD = "/consultations/new"
ENROL = """async (code) => {
  const answer = await fetch("/sync/enrol", {
    method: "POST", body: JSON.stringify({ code }),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(answer.status);
  const given = await answer.json();
  const { store } = await import("/static/tablet/store.js");
  await store.set("device", { ...given, desk: given.lists.desk, state: "enrolled" });
}"""
NETWORK_IS_GONE = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_CONNECTION_REFUSED")
"""What the console says of a request without a network, made by a page or through the worker."""


def code_for(site: Site, desk: str = "MEX-02", name: str = "Tableta 1") -> str:
    """A fresh enrolment code of a new tablet of that desk."""
    app = create_app(settings_for(f"sqlite:///{site.path}"))
    with app.app_context():
        session = db.session()
        admin = session.execute(text("SELECT min(id) FROM account WHERE role = 'admin'")).scalar()
        everywhere = list_desks(session, Scope(programme=True))
        added = devices.add_device(
            session, int(admin or 0), next(d for d in everywhere if d.code == desk), name
        )
        session.commit()
        db.session.remove()
        db.engine.dispose()
        return added.code


@dataclass
class Tablet:
    """The browser of an enrolled tablet; `errors` holds what its console complained of."""

    site: Site
    profile: Path
    context: BrowserContext
    errors: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        """The newest page."""
        return self.context.pages[-1]

    def go(self, path: str) -> None:
        """Opens a page of the site."""
        self.page.goto(self.site.address + path)

    def until(self, script: str, seconds: float = 60) -> Any:
        """What the script answers, as soon as that is something true; pages under the strict policy are asked."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.page.evaluate(script)
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s: {script}")

    def chip(self, state: str, number: str = "", seconds: float = 60) -> str:
        """What the chip says, as soon as it shows that state (and that number)."""
        said = 'document.getElementById("tablet-chip")'
        mine = f'{said}.dataset.state === "{state}" && {said}.textContent.includes("{number}")'
        return str(self.until(f"{mine} && {said}.textContent", seconds))

    def delivered(self, seconds: float = 60) -> None:
        """Waits until nothing waits any more and the chip says so."""
        self.until("ventanilla.store.waiting().then((n) => n === 0)", seconds)
        self.chip("sent")

    def offline(self, gone: bool = True) -> None:
        """Takes the network away, for pages and worker alike, or gives it back."""
        self.context.set_offline(gone)

    def watch(self, page: Page) -> None:
        """Notes every fault that a page's console tells of."""
        page.on(
            "console",
            lambda said: (
                self._note(f"{said.text} {said.location['url']}") if is_fault(said) else None
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, text_: str) -> None:
        if not any(gone in text_ for gone in NETWORK_IS_GONE):
            self.errors.append(text_)


def opened(playwright: Playwright, profile: Path, site: Site, size: str = "tablet") -> Tablet:
    """The browser on that profile, enrolled or not; the caller closes its context."""
    width, height, touch = SIZES[size]
    found = next(p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p))
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=shutil.which(found),
        args=ARGS,
        viewport={"width": width, "height": height},
        has_touch=touch,
        is_mobile=touch,
        **SCREEN,
    )
    tablet = Tablet(site, profile, context)
    context.on("page", tablet.watch)
    for page in context.pages:
        tablet.watch(page)
    return tablet


def enrol(tablet: Tablet, desk: str = "MEX-02") -> None:
    """Enrols the browser as a tablet of that desk, as the page of enrolment does."""
    tablet.go("/sign-in")
    tablet.page.evaluate(ENROL, code_for(tablet.site, desk))
    tablet.go("/sign-in")
    tablet.until("ventanilla.ready")
    tablet.until("navigator.serviceWorker.controller?.scriptURL.endsWith('?tablet')", 60)


def sign_in(tablet: Tablet, who: str, password: str = PASSWORD) -> None:
    """Signs in with the password, and waits until the tablet knows who is on duty."""
    tablet.go("/sign-in")
    tablet.page.fill("[name=username]", who)
    tablet.page.fill("[name=password]", password)
    tablet.page.press("[name=password]", "Enter")
    tablet.page.wait_for_url(lambda url: "/sign-in" not in url)
    tablet.until("ventanilla.ready")
    tablet.until(f'ventanilla.store.get("person").then((p) => p && p.account === "{who}")')


@contextmanager
def enrolled(
    playwright: Playwright, tmp_path: Path, site: Site, who: str = "desk.mex", size: str = "tablet"
) -> Iterator[Tablet]:
    """A tablet of MEX-02 with `who` on duty, on *Registrar*, ready to work without a network."""
    tablet = opened(playwright, tmp_path / "profile", site, size)
    try:
        enrol(tablet)
        sign_in(tablet, who)
        tablet.until('ventanilla.store.get("shells").then(Boolean)')
        tablet.go(RECORD)
        tablet.until("ventanilla.ready")
        yield tablet
    finally:
        tablet.context.close()
