"""A voluntary return in a real browser: walked by tapping, stopped, decided, handed over, withdrawn, printed."""

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page
from pypdf import PdfReader

from app import clock
from app.i18n.language import LOCALES
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import CLEAN, FAULTS, choose_language, in_every_light, violations
from tests.browser.test_registrar import Taps
from tests.returns.walking import BEFORE_DEPARTURE, STAGES, SUPERVISOR, new_request, way, way_to
from tests.server import Client

ISO = {"es": "spa", "en": "eng", "fr": "fra", "ht": "hat", "nl": "nld", "pt": "por"}
LANGUAGES = tuple(LOCALES)
ACCOUNTS = {"desk": "desk.mex", "supervisor": "supervisor.mex"}
CHECK = "voluntariness_vulnerability_check"
A4 = (210 / 25.4 * 72, 297 / 25.4 * 72)


class Programs:
    """The desk and its supervisor as programs: they bring a request to where a test begins."""

    def __init__(self, site: Site) -> None:
        port = urlsplit(site.address).port
        assert port is not None
        self.of = {side: Client(port).sign_in(name) for side, name in ACCOUNTS.items()}

    @property
    def today(self) -> date:
        return clock.today_at("America/Mexico_City")

    def open(self, stage: str = "enquiry") -> str:
        """A request at a stage; its reference."""
        status, opened = self.of["desk"].post("/returns", new_request("MEX-02", "MEX"))
        assert status == 201, opened
        reference = str(opened["reference"])
        for side, act, said in way_to(stage, self.today):
            status, told = self.of[side].post(f"/returns/{reference}/{act}", said)
            assert status == 200, (act, told)
        return reference

    def stands(self, reference: str) -> dict[str, Any]:
        found: dict[str, Any] = self.of["desk"].ask("GET", f"/returns/{reference}")[1]
        return found


@pytest.fixture(scope="module")
def programs(site: Site) -> Programs:
    return Programs(site)


def tick(page: Page, name: str, value: str) -> None:
    """Taps a chip."""
    page.tap(f'label:has([name="{name}"][value="{value}"])')


def answer(page: Page, said: dict[str, Any]) -> None:
    """Taps and fills the answers of a step; what the page sends itself is left to it."""
    for name, value in said.items():
        if name == "text_version":
            continue
        if name == "language":
            page.select_option(f"[name={name}]", value)
        elif name.endswith("_on"):
            page.fill(f"[name={name}]", value)
        else:
            for one in value if isinstance(value, list) else ["1" if value is True else value]:
                tick(page, name, one)


def has_no_fault(page: Page, locales: Sequence[str]) -> None:
    """Draws the page in some languages, the first last, and looks for what is cut off in each."""
    for locale in reversed(locales):
        if page.get_attribute("html", "lang") != locale:
            choose_language(page, locale)
            page.reload()
            assert page.get_attribute("html", "lang") == locale
        assert (page.url, locale, page.evaluate(FAULTS)) == (page.url, locale, CLEAN)


def take_next_step(
    page: Page, reference: str, act: str, said: dict[str, Any], locales: Sequence[str] = ("es",)
) -> None:
    """From the page of a request to the step that it offers first, and back with the answers: two pages."""
    has_no_fault(page, locales)
    page.tap(f'a.button[href$="/{reference}/{act}"]')
    page.wait_for_url(f"**/{reference}/{act}")
    has_no_fault(page, locales)
    answer(page, said)
    page.tap("form#step button.button")
    page.wait_for_url(f"**/returns/{reference}")


def offers(page: Page, reference: str, act: str) -> bool:
    """Whether an address of a step, typed by hand, shows anything to send but a withdrawal."""
    told = page.context.request.get(f"/returns/{reference}/{act}")
    assert told.status in (200, 403, 409), (act, told.status)
    has_form = 'id="step"' in told.text()
    assert has_form == (told.status == 200), act
    return has_form


def printed(page: Page, path: Path) -> str:
    """What stands on the one page of A4, read by another library."""
    path.write_bytes(page.pdf(prefer_css_page_size=True))
    (only,) = PdfReader(path).pages
    size = (float(only.mediabox.width), float(only.mediabox.height))
    assert size == pytest.approx(A4, abs=1)
    return " ".join(only.extract_text().split())


@pytest.mark.parametrize(
    ("size", "mode", "locales"),
    [("tablet", "light", LANGUAGES[::2]), ("phone", "sun", LANGUAGES[1::2])],
)
def test_a_return_is_walked_stopped_decided_and_handed_over(
    open_page: Open, programs: Programs, tmp_path: Path, size: str, mode: str, locales: Any
):
    page = open_page("/returns", "desk.mex", size, locales[0], mode)
    reference = programs.open()
    page.goto(f"/returns/{reference}")
    for side, act, said in way(programs.today):
        if side == SUPERVISOR:
            break
        answers = {**said, "signs": ["pressure"]} if act == CHECK else said
        take_next_step(page, reference, act, answers, locales)
        if act == CHECK:
            assert not offers(page, reference, "handed_to_iom")
            assert not offers(page, reference, "resume")
            supervisor = open_page("/returns", "supervisor.mex", size, locales[0], mode)
            decide(supervisor, reference, locales)
            page.reload()
    assert programs.stands(reference)["stage"] == "handed_to_iom"
    for locale in locales:
        choose_language(page, locale)
        prints_both_sheets(page, reference, locale, tmp_path)


def decide(page: Page, reference: str, locales: Sequence[str]) -> None:
    """The supervisor finds the stopped request in the list and lets it go on."""
    has_no_fault(page, locales)
    page.tap(f'table a[href$="/{reference}"]')
    page.tap(f'a.button[href$="/{reference}/resume"]')
    page.wait_for_url("**/resume")
    has_no_fault(page, locales)
    tick(page, "ground", "spoken_alone")
    page.tap("form#step button.button")
    page.wait_for_url(f"**/returns/{reference}")


def test_after_the_hand_over_the_supervisor_walks_it_to_the_departure(
    open_page: Open, programs: Programs
):
    reference = programs.open("handed_to_iom")
    page = open_page(f"/returns/{reference}", "supervisor.mex", "phone")
    for _, act, said in way(programs.today)[4:-1]:
        take_next_step(page, reference, act, said)
    assert programs.stands(reference)["stage"] == "departed"
    assert page.locator("form[action$='/withdraw']").count() == 0


def prints_both_sheets(page: Page, reference: str, reader: str, folder: Path) -> None:
    """The consent in the reader's language and the next one, and the hand-over sheet: each on one page."""
    person = LANGUAGES[(LANGUAGES.index(reader) + 1) % len(LANGUAGES)]
    page.goto(f"/returns/{reference}/consent-sheet?language={ISO[person]}")
    assert page.evaluate(FAULTS) == CLEAN
    columns = page.locator(".consent-paper section").evaluate_all("all => all.map((e) => e.lang)")
    assert columns == [person, reader]
    paper = printed(page, folder / "consent.pdf")
    assert reference in paper and "2026-1" in paper and "desk.mex" not in paper
    page.goto(f"/returns/{reference}/hand-over-sheet")
    assert page.evaluate(FAULTS) == CLEAN
    picture = page.locator(".paper-qr").screenshot()
    assert [one.text for one in zxingcpp.read_barcodes(Image.open(BytesIO(picture)))] == [reference]
    assert reference in printed(page, folder / "hand_over.pdf")


@pytest.mark.parametrize("side", ["desk", SUPERVISOR])
def test_no_address_of_a_step_shows_a_form_before_its_time(
    open_page: Open, programs: Programs, side: str
):
    page = open_page("/account", ACCOUNTS[side])
    for place, stage in enumerate(("enquiry", *STAGES[:-2])):
        reference = programs.open(stage)
        of_next, following, _ = way(programs.today)[place]
        shown = {act for act in STAGES[place:] if offers(page, reference, act)}
        assert shown == ({following} if of_next == side else set()), stage


def test_two_taps_withdraw_from_every_step_before_departure(open_page: Open, programs: Programs):
    pages = {side: open_page("/account", who, "phone") for side, who in ACCOUNTS.items()}
    for place, stage in enumerate(BEFORE_DEPARTURE):
        side, following, _ = way(programs.today)[place]
        for by, path in {("desk", ""), (side, f"/{following}")}:
            if path == "" and place % 4:
                continue
            reference, page = programs.open(stage), pages[by]
            page.goto(f"/returns/{reference}{path}")
            taps = Taps(page)
            taps.tap(".withdraw summary")
            taps.tap(".withdraw form[action$='/withdraw'] button")
            page.wait_for_selector(".notice.done")
            stands = programs.stands(reference)
            told = (taps.n, stands["stage"], stands["closing_reason"])
            assert told == (2, "closed", "withdrew"), (stage, path)


def test_axe_finds_nothing_on_the_pages_of_returns(open_page: Open, programs: Programs):
    reference, begun = programs.open(CHECK), programs.open("counselling")
    page = open_page("/returns", "desk.mex", "tablet", "es")
    in_every_light(page)
    for path in (reference, f"{begun}/consent_recorded", "find?reference=R-7K3Q8"):
        page.goto(f"/returns/{path}")
        in_every_light(page)
    others = ("handed_to_iom", "consent-sheet", "hand-over-sheet")
    for number, path in zip((begun, reference, reference), others, strict=True):
        page.goto(f"/returns/{number}/{path}")
        assert violations(page) == [], path
