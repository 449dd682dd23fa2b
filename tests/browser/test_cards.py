"""Visitor cards in a real browser: typed, mistyped, scanned, offered, lost and replaced; the sheet on paper."""

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from app.check_codes import ALPHABET
from app.i18n.language import LOCALES
from app.people.rules.card_codes import generate_card_code, parse_card_code
from tests.browser.conftest import ARGS, SIZES, Open, Site
from tests.browser.page_pool import NOWHERE
from tests.browser.test_pages import CLEAN, FAULTS, choose_language, in_every_light
from tests.browser.test_registrar import FEMALE_ADULT, Taps, last

CODE = re.compile(r"(?:[0-9A-Z]{5}-){2}[0-9A-Z]{5}")
MM = 96 / 25.4


def post_as(page: Page, path: str, body: dict[str, Any]) -> Any:
    """Return the answer to a POST in the page's session."""
    accept = {"Accept": "application/json"}
    token = page.request.get("/sync/token", headers=accept).json()["csrf_token"]
    return page.request.post(path, data=body, headers={**accept, "X-CSRFToken": token})


@pytest.fixture
def codes(open_page: Open) -> list[str]:
    """Return three new cards of the desk's country."""
    page = open_page("/today", "supervisor.mex")
    answer = post_as(page, "/cards", {"desk": "MEX-02", "n": 3})
    assert answer.status == 201, answer.text()
    return list(answer.json()["codes"])


def type_card(page: Page, code: str) -> None:
    """Type a code into the box and wait for the server's answer."""
    with page.expect_response("**/cards/lookup"):
        page.fill("#card", code)


def lines_of(site: Site) -> list[tuple[Any, ...]]:
    record = last(site)
    columns = "sex, age_band, n, is_known, card_id IS NOT NULL, ordinal"
    mine = f"consultation_id = '{record['id']}' ORDER BY sex, age_band, ordinal"
    return site.rows(f"SELECT {columns} FROM person_line WHERE {mine}")


def record_mother_and_son(page: Page, code: str) -> Taps:
    type_card(page, code)
    taps = Taps(page)
    taps.person("female", "age_25_59")
    taps.person("male", "age_0_4")
    taps.nationality("HND")
    taps.topic("shelter")
    taps.save("first_this_year")
    expect(page.locator("#card")).to_have_value("")
    return taps


def test_a_card_is_typed_in_any_way_and_its_people_are_stored_one_by_one(
    open_page: Open, site: Site, codes: list[str]
):
    page = open_page("/consultations/new")
    record_mother_and_son(page, codes[0].lower().replace("-", " "))
    assert lines_of(site) == [
        ("female", "age_25_59", 1, 1, 1, 1),
        ("male", "age_0_4", 1, 1, 1, 1),
    ]
    assert page.input_value("#card") == ""
    assert not page.is_visible(".card-panel")


def test_no_card_costs_no_tap_and_sends_none(open_page: Open, site: Site):
    taps = Taps(open_page("/consultations/new"))
    taps.person()
    taps.nationality("HND")
    taps.topic("shelter")
    with taps.page.expect_request("**/consultations") as request:
        taps.save()
    assert taps.n == 4
    assert json.loads(request.value.post_data or "")["card"] is None


def test_a_mistyped_code_is_reported_at_the_box_before_anything_is_sent(
    open_page: Open, codes: list[str]
):
    page = open_page("/consultations/new")
    posted: list[str] = []
    page.on(
        "request", lambda request: posted.append(request.url) if request.method == "POST" else None
    )
    plain = codes[0].replace("-", "")
    wrong = ALPHABET[(ALPHABET.index(plain[6]) + 1) % 32]
    swap = next(n for n in range(14) if plain[n] != plain[n + 1])
    swapped = plain[:swap] + plain[swap + 1] + plain[swap] + plain[swap + 2 :]
    for typed in (plain[:6] + wrong + plain[7:], swapped, plain + "7", "U" * 15):
        page.fill("#card", typed)
        assert page.is_visible("#p-card"), typed
        assert page.inner_text("#p-card")
        assert page.get_attribute("#card", "aria-invalid") == "true"
    page.fill("#card", plain[:9])
    assert not page.is_visible("#p-card")
    page.press("#card", "Enter")
    assert page.is_visible("#p-card")
    page.tap("#total")
    assert page.is_visible("#p-card")
    assert posted == []
    page.fill("#card", "")
    assert not page.is_visible("#p-card")


def test_the_browser_and_the_server_agree_on_every_code(open_page: Open, codes: list[str]):
    page = open_page("/consultations/new")
    nothing = {"before": None, "groups": []}
    page.route("**/cards/lookup", lambda route: route.fulfill(json=nothing))
    for code in codes:
        plain = code.replace("-", "")
        for place in range(0, 15, 2):
            for step in (1, 16):
                wrong = ALPHABET[(ALPHABET.index(plain[place]) + step) % 32]
                typed = plain[:place] + wrong + plain[place + 1 :]
                page.fill("#card", typed)
                assert page.is_visible("#p-card") == (parse_card_code(typed) is None)
        for typed in (plain, f" {code.lower()}", code.replace("1", "l").replace("0", "o")):
            page.fill("#card", typed)
            assert not page.is_visible("#p-card")
            assert page.input_value("#card") == code


def test_a_card_of_nobody_is_reported_at_the_box(open_page: Open):
    page = open_page("/consultations/new")
    type_card(page, generate_card_code(2026, secrets.randbelow))
    page.wait_for_selector("#p-card:not([hidden])")
    assert not page.is_visible("[data-use]")


def test_a_family_returns_with_one_more(open_page: Open, site: Site, codes: list[str]):
    page = open_page("/consultations/new")
    record_mother_and_son(page, codes[0])
    type_card(page, codes[0])
    page.wait_for_selector("[data-use]:visible")
    assert "2" in page.inner_text("#card-offer")
    assert page.locator(".cell.some").count() == 0
    suggested = page.locator("button.save[data-suggested]")
    assert [b.get_attribute("value") for b in suggested.all()] == ["repeat_this_month"]

    taps = Taps(page)
    taps.tap("[data-use]")
    assert page.input_value(FEMALE_ADULT) == "1"
    assert page.is_checked('[name="groups-0-nationality"][value="HND"]')
    assert page.input_value('[name="groups-0-situation"]') == "unknown"
    taps.person("female", "age_5_11")
    taps.topic("health")
    taps.save("repeat_this_month")
    assert taps.n == 4
    assert [line[:2] for line in lines_of(site)] == [
        ("female", "age_25_59"),
        ("female", "age_5_11"),
        ("male", "age_0_4"),
    ]
    assert page.locator("button.save[data-suggested]").count() == 0


def test_two_nationalities_on_a_card_are_offered_as_two_groups(
    open_page: Open, site: Site, codes: list[str]
):
    page = open_page("/consultations/new")
    type_card(page, codes[0])
    taps = Taps(page)
    taps.person("female", "age_25_59")
    taps.nationality("HND")
    page.tap('.group[data-group="0"] [data-more]')
    assert page.locator(".card-box").count() == 1
    page.tap('.cell:has([name="groups-1-male-age_25_59"]) .plus')
    page.select_option('select[name="groups-1-nationality"]', "CHL")
    taps.topic("shelter")
    taps.save()
    expect(page.locator("#card")).to_have_value("")
    type_card(page, codes[0])
    page.tap("[data-use]")
    assert page.input_value('[name="groups-1-male-age_25_59"]') == "1"
    assert page.input_value('select[name="groups-1-nationality"]') == "CHL"
    taps.topic("health")
    taps.save("repeat_this_month")
    assert last(site)["persons"] == 2
    page.tap("#toast button")
    page.wait_for_selector(
        f"#toast:has-text('{page.get_attribute('#consultation', 'data-undone')}')"
    )
    assert page.input_value("#card") == codes[0]
    assert page.input_value('[name="groups-1-male-age_25_59"]') == "1"


def test_an_offer_that_is_not_taken_goes_away_with_the_next_tap(open_page: Open, codes: list[str]):
    page = open_page("/consultations/new")
    record_mother_and_son(page, codes[0])
    type_card(page, codes[0])
    page.wait_for_selector("[data-use]:visible")
    page.tap('label:has([name="topics"][value="shelter"])')
    assert not page.is_visible(".card-panel")
    assert page.locator(".cell.some").count() == 0


def test_undo_gives_the_card_back_into_the_box(open_page: Open, site: Site, codes: list[str]):
    page = open_page("/consultations/new")
    record_mother_and_son(page, codes[1])
    page.tap("#toast button")
    undone = page.get_attribute("#consultation", "data-undone")
    page.wait_for_selector(f"#toast:has-text('{undone}')")
    assert last(site)["state"] == "void"
    assert page.input_value("#card") == codes[1]
    assert page.input_value(FEMALE_ADULT) == "1"
    Taps(page).save("first_this_year")
    assert last(site)["state"] == "live"
    assert lines_of(site)[0][4] == 1


def test_a_lost_card_is_replaced_and_the_new_one_knows_its_people(
    open_page: Open, codes: list[str]
):
    page = open_page("/consultations/new")
    record_mother_and_son(page, codes[0])
    page.focus("#card")
    page.tap(".card-deeds a")
    page.wait_for_url("**/cards/replace")
    page.fill("[name=lost]", codes[0])
    page.fill("[name=replacement]", codes[1][:-1])
    page.tap("main .button")
    page.wait_for_selector("#p-replacement")
    assert page.input_value("[name=lost]") == codes[0]
    page.fill("[name=replacement]", codes[1])
    page.tap("main .button")
    page.wait_for_selector(".notice.done")
    assert page.input_value("[name=lost]") == ""
    page.goto("/consultations/new")
    type_card(page, codes[1])
    page.wait_for_selector("[data-use]:visible")
    page.goto("/cards/replace")
    page.fill("[name=lost]", codes[0])
    page.fill("[name=replacement]", codes[2])
    page.tap("main .button")
    page.wait_for_selector(".notice.error")


def test_without_scripts_the_card_is_looked_up_and_posted(
    open_page: Open, site: Site, codes: list[str]
):
    record_mother_and_son(open_page("/consultations/new"), codes[0])
    page = open_page("/consultations/new", scripts=False, size="laptop")
    page.fill("#card", codes[0][:-1])
    page.check('[name="topics"][value="asylum"]', force=True)
    page.click("[name=look_card]")
    assert page.is_visible("#p-card")
    assert page.input_value("#card") == codes[0][:-1]
    page.fill("#card", codes[0])
    page.click("[name=look_card]")
    assert page.input_value(FEMALE_ADULT) == "1"
    assert page.is_checked('[name="groups-0-nationality"][value="HND"]')
    assert page.is_checked('[name="topics"][value="asylum"]')
    assert page.locator("button.save[data-suggested]").get_attribute("value") == "repeat_this_month"
    page.fill('[name="groups-0-female-age_5_11"]', "1")
    page.click('button.save[value="repeat_this_month"]')
    page.wait_for_url("**/today*")
    assert len(lines_of(site)) == 3
    assert codes[0] not in page.content()


def test_a_correction_keeps_removes_or_changes_the_card_and_never_shows_its_code(
    open_page: Open, site: Site, codes: list[str]
):
    record_mother_and_son(open_page("/consultations/new"), codes[0])
    record = last(site)["id"]
    dashed = re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", record)
    card = f"SELECT DISTINCT card_id FROM person_line WHERE consultation_id = '{record}'"
    (first,) = site.rows(card)

    def correct(change: Any) -> Any:
        page = open_page(f"/consultations/{dashed}/correct", size="laptop")
        assert not CODE.search(page.content())
        change(page)
        page.check('[name="reason"][value="slip"]', force=True)
        page.click("button.save")
        page.wait_for_url("**/today*")
        (now,) = site.rows(card)
        return now

    assert correct(lambda page: None) == first
    other = correct(lambda page: page.fill("#card", codes[1]))
    assert other != first
    assert other != (None,)
    assert correct(lambda page: page.uncheck(".attached input", force=True)) == (None,)
    assert correct(lambda page: page.fill("#card", codes[0])) == first


DETECTOR = """
window.BarcodeDetector = class {
  async detect() { window.looked = (window.looked || 0) + 1; return window.looked > 2 ? [{ rawValue: %r }] : []; }
};
"""


@pytest.fixture(scope="module")
def filming(playwright: Playwright) -> Iterator[Browser]:
    """Yield a Chromium with a camera that shows a test picture."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    browser = playwright.chromium.launch(executable_path=program, args=[*ARGS, *flags])
    yield browser
    browser.close()


def test_a_card_is_scanned_where_the_browser_can(
    filming: Browser, site: Site, sessions: dict[str, Any], codes: list[str]
):
    context = filming.new_context(storage_state=sessions["desk.mex"], base_url=site.address)
    context.add_init_script(DETECTOR % codes[0])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/consultations/new")
    page.focus("#card")
    with page.expect_response("**/cards/lookup"):
        page.click("[data-scan]")
    assert page.input_value("#card") == codes[0]
    assert not page.is_visible("#scan")
    assert page.evaluate("document.querySelector('video').srcObject.getTracks()[0].readyState") == (
        "ended"
    )
    assert faults == []
    context.close()


def test_a_browser_that_cannot_scan_offers_no_scan(open_page: Open):
    page = open_page("/consultations/new", size="laptop")
    page.focus("#card")
    assert page.is_visible(".card-panel")
    assert not page.is_visible("[data-scan]")


# --- The pages and the sheet. ---
PAGES = [("/cards", "supervisor.mex"), ("/cards/replace", "desk.mex")]


def make_sheet(page: Page, n: int) -> list[str]:
    """Print n cards through the page and return their codes."""
    page.fill("[name=n]", str(n))
    page.click("main .button")
    page.wait_for_selector(".visitor-card")
    shown = page.locator(".signs").all_text_contents()
    return [re.sub(r"\s", "", text) for text in shown]


@pytest.mark.parametrize(("path", "username"), PAGES)
def test_axe_finds_nothing_on_the_pages_of_cards_in_any_light(
    open_page: Open, path: str, username: str
):
    page = open_page(path, username, "laptop", "es")
    in_every_light(page)
    page.fill("main input:not([type=hidden])", "0")
    page.click("main .button")
    page.wait_for_selector(".problem")
    in_every_light(page)


def test_axe_finds_nothing_on_the_sheet_and_on_an_open_card_box_in_any_light(
    open_page: Open, codes: list[str]
):
    sheet = open_page("/cards", "supervisor.mex", "laptop", "es")
    make_sheet(sheet, 2)
    in_every_light(sheet)
    form = open_page("/consultations/new", "desk.mex", "laptop", "es")
    record_mother_and_son_by_mouse(form, codes[0])
    type_card(form, codes[0])
    form.wait_for_selector("[data-use]:visible")
    in_every_light(form)
    form.fill("#card", "U" * 15)
    in_every_light(form)


def record_mother_and_son_by_mouse(page: Page, code: str) -> None:
    type_card(page, code)
    page.click(f".cell:has({FEMALE_ADULT}) .plus")
    page.check('[name="groups-0-nationality"][value="HND"]', force=True)
    page.check('[name="topics"][value="asylum"]', force=True)
    page.click('button.save[value="first_this_year"]')
    expect(page.locator("#card")).to_have_value("")


@pytest.mark.parametrize(("path", "username"), PAGES)
def test_nothing_is_clipped_on_the_pages_of_cards_in_any_language(
    open_page: Open, path: str, username: str
):
    page = open_page(NOWHERE, username, "phone", mode="sun")
    for locale in LOCALES:
        choose_language(page, locale)
        page.goto(path)
        assert page.get_attribute("html", "lang") == locale
        assert (locale, page.evaluate(FAULTS)) == (locale, CLEAN)


@pytest.mark.parametrize("locale", LOCALES)
def test_an_open_card_box_clips_nothing_and_needs_no_scroll(
    open_page: Open, locale: str, codes: list[str]
):
    page = open_page(NOWHERE, "desk.mex", "tablet")
    choose_language(page, locale)
    page.goto("/consultations/new")
    record_mother_and_son(page, codes[0])
    type_card(page, codes[0])
    page.wait_for_selector("[data-use]:visible")
    for size in ("tablet", "portrait", "phone"):
        width, height, _ = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        assert (size, page.evaluate(FAULTS)) == (size, CLEAN)
        tall = page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
        assert size == "phone" or tall[0] <= tall[1], size


@pytest.mark.parametrize("locale", LOCALES)
def test_no_word_on_a_card_is_cut_off(open_page: Open, locale: str):
    page = open_page(NOWHERE, "supervisor.mex", "laptop")
    choose_language(page, locale)
    page.goto("/cards")
    make_sheet(page, 1)
    inside = """() => [...document.querySelectorAll(".visitor-card > *, .words p")].filter((e) => {
      const card = e.closest(".visitor-card").getBoundingClientRect(), r = e.getBoundingClientRect();
      return r.bottom > card.bottom + 0.5 || r.right > card.right + 0.5 || e.scrollWidth > e.clientWidth + 1;
    }).map((e) => e.className || e.tagName)"""
    assert page.evaluate(inside) == []
    assert page.locator(".words p").evaluate_all("all => all.map((p) => p.lang)") == list(LOCALES)


@pytest.mark.parametrize(("n", "pages"), [(1, 1), (10, 1), (11, 2), (25, 3)])
def test_the_sheet_prints_on_whole_pages_of_a4(open_page: Open, n: int, pages: int):
    page = open_page("/cards", "supervisor.mex", "laptop")
    make_sheet(page, n)
    paper = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", paper)
    assert len(boxes) == pages
    for width, height in boxes:
        assert float(width) == pytest.approx(210 / 25.4 * 72, abs=1)
        assert float(height) == pytest.approx(297 / 25.4 * 72, abs=1)


def test_on_paper_a_card_is_85_by_54_millimetres_whole_and_black(open_page: Open):
    page = open_page("/cards", "supervisor.mex", "laptop", "es", "night")
    make_sheet(page, 12)
    page.emulate_media(media="print")
    boxes = page.locator(".visitor-card").evaluate_all(
        "all => all.map((e) => { const r = e.getBoundingClientRect(); return [r.width, r.height, r.top] })"
    )
    papers = page.locator(".paper").evaluate_all(
        "all => all.map((e) => { const r = e.getBoundingClientRect(); return [r.top, r.bottom] })"
    )
    for width, height, top in boxes:
        assert (width / MM, height / MM) == pytest.approx((85, 54), abs=0.2)
        assert sum(first <= top and top + height <= end for first, end in papers) == 1
    colours = page.locator(".visitor-card, .visitor-card *").evaluate_all(
        "all => [...new Set(all.map((e) => getComputedStyle(e).color))]"
    )
    assert colours == ["rgb(0, 0, 0)"]
    assert not page.is_visible("header")
    assert not page.is_visible(".before-print")


def test_every_qr_code_of_a_sheet_is_read_back_by_another_library(open_page: Open):
    page = open_page("/cards", "supervisor.mex", "laptop")
    codes = make_sheet(page, 12)
    page.emulate_media(media="print")
    read = []
    for card in page.locator(".visitor-card").all():
        barcodes = zxingcpp.read_barcodes(Image.open(BytesIO(card.screenshot())))
        read += [(str(barcode.format), barcode.text) for barcode in barcodes]
    assert [text for _, text in read] == codes
    assert all("QR" in form for form, _ in read)
    assert all(CODE.fullmatch(code) and parse_card_code(code) for code in codes)
