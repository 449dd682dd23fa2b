"""A real server and a real Chromium; every console error or failed request fails the test that saw it."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
)

from app import create_app
from app.db.session import db
from tests.browser.page_pool import PagePool, PooledPage
from tests.conftest import settings_for
from tests.factories.records import PASSWORD, make_account, make_consultation, make_desk
from tests.server import serving

FEATURES_OFF = [
    # What Playwright turns off: a second list replaces the first.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect"),
    *("TcpPortRandomizationWin", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    *("PreconnectToSearch", "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion"),
    # Pages of which the browser draws its own bars: half of what a new window costs.
    *("PreloadTopChromeWebUI", "InitialWebUI", "WebUIReloadButton", "OmniboxEverywhere"),
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
]
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(FEATURES_OFF)}",
]
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The browsers that draw pages, the cheapest first; tablets have the whole one (`tablet.py`)."""
SIZES = {
    "tablet": (1280, 800, True),
    "portrait": (800, 1280, True),
    "phone": (390, 844, True),
    "laptop": (1366, 768, False),
}
expect.set_options(timeout=60_000)  # a busy machine must fail no test
PEOPLE = ("desk.mex", "supervisor.mex", "regional", "admin")


@dataclass
class Site:
    """A running server and the database that it writes to."""

    address: str
    path: Path

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows that a statement selects from the server's database."""
        with sqlite3.connect(self.path) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="session")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a server with one Mexican desk, its staff and a few consultations."""
    path = tmp_path_factory.mktemp("site") / "ventanilla.sqlite"
    shutil.copy(sqlite_template, path)
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        desk = make_desk("MEX-02", "MEX", name="Ventanilla Tapachula 02")
        make_desk("MEX-03", "MEX", name="Ventanilla Tenosique")
        ana = make_account("desk.mex", "desk_staff", (desk,))
        make_account("supervisor.mex", "supervisor", (), ("MEX",))
        make_account("regional", "regional")
        make_account("admin", "admin")
        for topic in ("asylum", "shelter", "health"):
            make_consultation(ana, "MEX-02", topics=[topic])
        db.session.remove()
        db.engine.dispose()
    with serving(f"sqlite:///{path}") as server:
        yield Site(f"http://127.0.0.1:{server.port}", path)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Yield the machine's Chromium."""
    program = next((p for p in PROGRAMS if shutil.which(p)), None)
    assert program, "Chromium is not installed: apt-get install chromium"
    browser = playwright.chromium.launch(executable_path=shutil.which(program), args=ARGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def sessions(chromium: Browser, site: Site) -> dict[str, Any]:
    """Return the storage state of each account by username, signed in once through the page."""
    states = {}
    for name in PEOPLE:
        context = chromium.new_context(locale="es-MX")
        page = context.new_page()
        page.goto(f"{site.address}/sign-in")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_load_state()
        assert "/sign-in" not in page.url, page.inner_text("main")
        states[name] = context.storage_state()
        context.close()
    return states


Open = Callable[..., Page]
ANSWERED = re.compile(
    r"Failed to load resource: the server responded with a status of (401|404|409|422) "
)


def is_fault(message: ConsoleMessage) -> bool:
    """Return whether the console reports a fault; a refusal that the page itself explains is not one."""
    return message.type == "error" and not ANSWERED.match(message.text)


@pytest.fixture(scope="session")
def pool(site: Site) -> PagePool:
    """Return the pages that the tests of this process share one after the other."""
    return PagePool(site.address, is_fault)


@pytest.fixture
def open_page(
    chromium: Browser, site: Site, sessions: dict[str, Any], pool: PagePool
) -> Iterator[Open]:
    """Yield a function that opens a page: `open_page(path, username, size, locale, mode, scripts, worker)`."""
    taken: list[tuple[tuple[Any, ...], PooledPage]] = []

    def opened(
        path: str,
        username: str | None = "desk.mex",
        size: str = "tablet",
        locale: str = "es",
        mode: str = "",
        scripts: bool = True,
        worker: bool = False,
    ) -> Page:
        width, height, touch = SIZES[size]

        def new_context() -> BrowserContext:
            return chromium.new_context(
                viewport={"width": width, "height": height},
                has_touch=touch,
                is_mobile=touch,
                locale=locale,
                java_script_enabled=scripts,
                service_workers="allow" if worker else "block",
                base_url=site.address,
            )

        key = (size, locale, scripts, worker)
        pooled = pool.take(key, (width, height), new_context)
        taken.append((key, pooled))
        page = pooled.page
        if username:
            page.context.add_cookies(sessions[username]["cookies"])
        cookies = {"locale": locale, "mode": mode}
        page.context.add_cookies(
            [{"name": n, "value": v, "url": site.address} for n, v in cookies.items() if v]
        )
        page.goto(path)
        return page

    yield opened
    errors = [error for _, pooled in taken for error in pooled.errors]
    for key, pooled in taken:
        if key[2:] == (True, False):
            pool.give_back(key, pooled)
        else:  # without scripts nothing can be cleared, and a worker would stay
            pooled.page.context.close()
    assert errors == []
