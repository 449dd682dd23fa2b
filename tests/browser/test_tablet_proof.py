"""A record's whole path under kills: a real browser with its profile on disk, a server whose processes really die.

A short queue and one kill here; five thousand records and fifty kills in `make soak`.
"""

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Error, Playwright

from app import create_app
from app.db.session import db
from tests.browser.conftest import Site
from tests.browser.tablet import Tablet, enrol, opened, sign_in
from tests.conftest import settings_for
from tests.factories.records import make_account, make_desk
from tests.server import ROUNDS, Server

QUEUED = 120 if ROUNDS == 1 else 5000
KILLS = 50
RECORD = "/consultations/new"
SAVE_ON = """async (n) => {
  const desk = (await ventanilla.store.get("device")).desk;
  const held_on = await ventanilla.store.today();
  for (let made = 0; made < n; made += 1) {
    const group = { nationality: "VEN", situation: "in_transit", repeat_contact: "unknown",
      persons: [{ sex: "female", age_band: "age_25_59", n: 2 }] };
    const content = { id: ventanilla.uuid(), desk: desk.code, held_on, groups: [group],
      topics: ["asylum"], outcomes: ["information_given"] };
    const { id } = await ventanilla.outbox.save("consultation", content, 2);
    await noteSaved(id);
  }
}"""
WAITING = "ventanilla.store.waiting()"


@dataclass
class FieldWork:
    """A tablet and its server, both of which may die at any moment; `saved` is what the tablet called saved."""

    playwright: Playwright
    server: Server
    site: Site
    profile: Path
    saved: set[str] = field(default_factory=set)
    tablet: Tablet | None = None
    kills: int = 0

    def open(self) -> Tablet:
        """Start the browser, as somebody who switches the tablet on."""
        self.tablet = opened(self.playwright, self.profile, self.site)
        self.tablet.context.expose_function("noteSaved", self.note_saved)
        return self.tablet

    def note_saved(self, id_: str) -> None:
        """Note a record that the tablet called saved."""
        self.saved.add(id_)

    def save_on(self, n: int) -> None:
        """Begin to save records, without waiting for them."""
        assert self.tablet is not None
        self.tablet.page.evaluate(f"void ({SAVE_ON})({n})")

    def wait_for_saved(self, n: int) -> None:
        assert self.tablet is not None
        end = time.monotonic() + 60 + n / 5
        while len(self.saved) < n:
            assert time.monotonic() < end, f"{len(self.saved)} of {n} saved"
            self.tablet.page.wait_for_timeout(5)

    def kill_browser(self) -> None:
        """End the whole browser at once, with no chance to finish anything."""
        assert self.tablet is not None
        self.kills += 1
        for pid in browsers_on(self.profile):
            os.kill(pid, signal.SIGKILL)
        while browsers_on(self.profile):
            time.sleep(0.02)
        with suppress(Error):  # it is gone
            self.tablet.context.close()
        self.tablet = None

    def arrived(self) -> Counter[str]:
        """Return how many rows the server has of each record."""
        return Counter(id_ for (id_,) in self.site.rows("SELECT id FROM consultation"))

    def wait_until_sent(self, seconds: float) -> None:
        assert self.tablet is not None
        self.tablet.until(f"{WAITING}.then((n) => n === 0)", seconds)

    def discrepancies(self) -> list[str]:
        """Return how many records the server lost, has twice, or has although they were never saved."""
        rows = self.arrived()
        saved = {id_.replace("-", "") for id_ in self.saved}
        lost, doubled = saved - set(rows), [id_ for id_, n in rows.items() if n > 1]
        # A record whose saving was not acknowledged before the kill may have been kept: at most one a kill.
        more = set(rows) - saved if len(set(rows) - saved) > self.kills else set()
        discrepancies = {"lost": lost, "doubled": doubled, "never saved": more}
        return [f"{len(ids)} {kind}" for kind, ids in discrepancies.items() if ids]

    def unproven_figures(self) -> str:
        """Return the output of `counts prove`; empty if all figures agree."""
        app = create_app(settings_for(f"sqlite:///{self.site.path}"))
        result = app.test_cli_runner().invoke(args=["counts", "prove"])
        return "" if result.exit_code == 0 else result.output


def browsers_on(profile: Path) -> list[int]:
    """Return the processes of the browser that has this profile open."""
    matches = subprocess.run(
        ["pgrep", "-f", f"user-data-dir={profile}"], capture_output=True, text=True
    )
    return [int(pid) for pid in matches.stdout.split() if int(pid) != os.getpid()]


@pytest.fixture
def field_work(
    playwright: Playwright, sqlite_template: Path, tmp_path: Path
) -> Iterator[FieldWork]:
    """Yield an enrolled tablet with desk.mex on duty, on *Registrar*, and a server of its own."""
    path = tmp_path / "ventanilla.sqlite"
    shutil.copy(sqlite_template, path)
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        desk = make_desk("MEX-02", "MEX", name="Ventanilla Tapachula 02")
        make_account("desk.mex", "desk_staff", (desk,))
        make_account("admin", "admin")
        db.session.remove()
        db.engine.dispose()
    server = Server(f"sqlite:///{path}", workers=1)
    server.start()
    site = Site(f"http://127.0.0.1:{server.port}", path)
    work = FieldWork(playwright, server, site, tmp_path / "profile")
    tablet = work.open()
    enrol(tablet)
    sign_in(tablet, "desk.mex")
    tablet.until('ventanilla.store.get("shells").then(Boolean)', 60)
    tablet.go(RECORD)
    tablet.until("ventanilla.ready")
    yield work
    if work.tablet is not None:
        work.tablet.context.close()
    server.kill()


def test_a_full_queue_survives_a_kill_while_saving_and_leaves_by_itself(
    field_work: FieldWork,
) -> None:
    server = field_work.server
    server.kill()
    field_work.save_on(QUEUED * 2)
    field_work.wait_for_saved(QUEUED)
    field_work.kill_browser()
    tablet = field_work.open()
    tablet.go(RECORD)
    tablet.until("ventanilla.ready")
    queued = int(tablet.until(WAITING))
    assert 0 <= queued - len(field_work.saved) <= 1
    bytes_a_record = tablet.page.evaluate(
        "ventanilla.store.list().then((all) => Math.max(...all.map((entry) => entry.sealed.length * 3 / 4)))"
    )
    began = time.monotonic()
    server.start()
    field_work.wait_until_sent(75 + QUEUED / 10)
    print(f"{queued} records in {time.monotonic() - began:.1f} s, {bytes_a_record:.0f} bytes each")
    assert field_work.discrepancies() == []
    assert sum(field_work.arrived().values()) == queued
    assert bytes_a_record <= 600
    assert field_work.unproven_figures() == ""


@pytest.mark.soak
def test_kills_at_random_moments_lose_and_double_nothing(field_work: FieldWork) -> None:
    chance = random.Random(3)
    for _ in range(KILLS):
        tablet = field_work.tablet
        assert tablet is not None
        before = len(field_work.saved)
        field_work.save_on(40)
        field_work.wait_for_saved(before + chance.randint(1, 20))
        if chance.random() < 0.5:
            field_work.server.kill()
            tablet.page.wait_for_timeout(chance.randint(0, 300))
            field_work.server.start()
        else:
            field_work.kill_browser()
            field_work.open().go(RECORD)
        assert field_work.tablet is not None
        field_work.tablet.until("ventanilla.ready", 30)
        if field_work.tablet is tablet:
            field_work.wait_for_saved(before + 40)
    field_work.wait_until_sent(120)
    assert field_work.discrepancies() == []
    assert field_work.unproven_figures() == ""
