"""From an empty database to a figure on the screen, as operator, administrator and desk, behind the real proxy."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.browser.conftest import ARGS
from tests.production import operator
from tests.production.operator import Installation

PASSWORD = "una frase larga de prueba"
DESK, COUNTRY = "HND-01", "HND"


@pytest.fixture
def browser(
    playwright: Playwright, trusting_home: Path, tmp_path: Path
) -> Iterator[BrowserContext]:
    """Yield a real Chromium that trusts the test authority and nothing else; certificate errors are errors."""
    program = next(p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p))
    context = playwright.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=shutil.which(program),
        args=ARGS,
        env={"HOME": str(trusting_home)},
        viewport={"width": 1280, "height": 800},
        locale="es-HN",
    )
    yield context
    context.close()


class Walk:
    """One person after the other at the same browser; every page is over https, no answer is a fault."""

    def __init__(self, context: BrowserContext, installation: Installation) -> None:
        self.context, self.address = context, installation.address
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        context.on("response", self._watch)

    def _watch(self, answer) -> None:
        if answer.status >= 500:
            self.faults.append(f"{answer.status} {answer.url}")

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("https") else self.address + path)

    def accept_invitation(self, link: str) -> None:
        """Accept an invitation by setting the password."""
        self.go(link)
        self.page.fill("[name=password]", PASSWORD)
        self.page.fill("[name=repeated]", PASSWORD)
        self._send("main form button.button")

    def sign_in(self, name: str) -> None:
        self.context.clear_cookies()
        self.go("/sign-in")
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self._send("main form button.button")
        assert "/sign-in" not in self.page.url, self.page.inner_text("main")

    def _send(self, button: str) -> None:
        with self.page.expect_navigation():
            self.page.click(button)
        wrong = self.page.locator(".notice.error, .problem:visible").all_inner_texts()
        assert wrong == []

    def fill_in(self, path: str, fields: dict[str, str], ticked: tuple[str, ...] = ()) -> None:
        """Fill in a page's form and send it."""
        self.go(path)
        for name, value in fields.items():
            box = self.page.locator(f"main form [name={name}]").first
            is_choice = box.evaluate("(box) => box.tagName === 'SELECT'")
            box.select_option(value) if is_choice else box.fill(value)
        for value in ticked:
            self.page.locator(f"main form [value='{value}']").first.check(force=True)
        self._send("main form button.button")

    def invite(self, name: str, role: str, ticked: str) -> str:
        self.fill_in("/accounts/new", {"username": name, "role": role}, (ticked,))
        return self.page.input_value("#f-link")


def test_an_empty_server_reaches_its_first_counted_consultation(
    installation: Installation, browser: BrowserContext, machine: Path
) -> None:
    began = time.monotonic()
    invite, *rest = operator.blocks(5, installation.kind)[0].splitlines()[1:]
    assert invite == "ventanilla staff invite NAME --role admin" and rest == [
        "ventanilla setup check"
    ]
    installation.run("ventanilla backup /var/lib/ventanilla/backups")
    link = installation.run(invite.replace("NAME", "jefa")).strip()
    assert link.startswith(f"{installation.address}/invitations/")

    walk = Walk(browser, installation)
    walk.accept_invitation(link)
    walk.sign_in("jefa")
    area = "HN08"
    desk = {
        "country": COUNTRY,
        "code": DESK,
        "adm1": area,
        "name": "Ventanilla Danlí",
        "organisation": "Municipalidad",
        "opened_on": "2026-01-01",
    }
    walk.fill_in("/desks/new", desk)
    shelter = {
        "name": "Albergue San José",
        "organisation": "Cáritas",
        "country": COUNTRY,
        "code": "HND-A1",
        "adm1": area,
        "type": "civil_society_shelter",
    }
    walk.fill_in("/shelters/new", shelter, ("female", "male"))
    ana = walk.invite("ana", "desk_staff", DESK)
    susana = walk.invite("susana", "supervisor", COUNTRY)
    walk.go("/devices")
    walk.page.eval_on_selector(".new-device", "(box) => { box.open = true; }")
    walk.page.fill("#new-device [name=name]", "Tableta 1")
    walk.page.select_option("#new-device [name=desk]", DESK)
    walk.page.click("#new-device button")
    code = walk.page.inner_text("#code")

    walk.go(f"/enrol#{code}")
    walk.page.locator("#enrol-ready").wait_for(state="visible", timeout=60_000)
    walk.accept_invitation(susana)
    walk.accept_invitation(ana)
    walk.sign_in("ana")
    walk.go("/consultations/new")
    walk.page.click('.cell:has([name="groups-0-female-age_25_59"]) .plus')
    walk.page.click('label:has([name="groups-0-nationality"][value="HND"])')
    walk.page.click('label:has([name="topics"][value="shelter"])')
    with walk.page.expect_response(lambda response: response.request.method == "POST") as response:
        walk.page.click('button.save[value="first_this_year"]')
    assert response.value.status < 400

    walk.sign_in("susana")
    until = time.monotonic() + 30
    while True:
        walk.go("/counts.json?country=HND")
        figures = walk.page.evaluate("async () => (await fetch('/counts.json?country=HND')).json()")
        if figures["reached"]["low"] or time.monotonic() > until:
            break
        time.sleep(0.5)
    walk.go("/counts?country=HND")
    took = time.monotonic() - began
    assert figures["reached"] == {"low": 1, "high": 1, "unknown": 0}
    assert walk.faults == []
    _everything_is_right(installation)
    unpacked = float((machine / "seconds").read_text())
    print(f"\n{installation.kind}: code and packages {unpacked:.0f} s, walk {took:.0f} s")
    assert unpacked + took < 600


def _everything_is_right(installation: Installation) -> None:
    checked = installation.flask("setup", "check", check=False)
    lines = checked.stdout.splitlines()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [line for line in lines if line.startswith("✗")] == []
    assert any(line.startswith("✓ address") for line in lines), checked.stdout
    assert re.search(r"✓ database: (sqlite|postgresql)", checked.stdout)
