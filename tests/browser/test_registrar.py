"""The one-screen form in a real browser: taps, keys, number pad, undo, languages, without scripts."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open, Site

FEMALE_ADULT = '[name="groups-0-female-age_25_59"]'


class Taps:
    """Taps as a finger would, and counts the taps."""

    def __init__(self, page: Page) -> None:
        self.page, self.n = page, 0

    def tap(self, selector: str) -> None:
        self.n += 1
        self.page.tap(selector)

    def person(self, sex: str = "female", band: str = "age_25_59") -> None:
        self.tap(f'.cell:has([name="groups-0-{sex}-{band}"]) .plus')

    def nationality(self, code: str = "HND") -> None:
        self.tap(f'label:has([name="groups-0-nationality"][value="{code}"])')

    def topic(self, code: str) -> None:
        self.tap(f'label:has([name="topics"][value="{code}"])')

    def save(self, answer: str = "first_this_year") -> None:
        """Wait for its own answer: a toast may still be there from the save before, a look-up of a card may come."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "POST" and "/cards/" not in answer.url
        ):
            self.tap(f'button.save[value="{answer}"]')
        self.page.wait_for_selector("#toast:not([hidden])")


def last(site: Site) -> dict[str, Any]:
    """Return the newest consultation with its lines."""
    names = ("id", "topics", "main_topic", "persons", "taps", "state", "is_tally")
    newest = f"SELECT {', '.join(names)} FROM consultation ORDER BY received_at DESC LIMIT 1"
    row = site.rows(newest)[0]
    columns = "nationality, sex, age_band, n, repeat_contact"
    mine = f"consultation_id = '{row[0]}' ORDER BY id"
    lines = site.rows(f"SELECT {columns} FROM person_line WHERE {mine}")
    return {**dict(zip(names, row, strict=True)), "lines": lines}


def count(site: Site) -> int:
    return int(site.rows("SELECT count(*) FROM consultation")[0][0])


@pytest.mark.parametrize("size", ["tablet", "portrait", "phone"])
def test_one_person_seen_for_the_first_time_takes_four_taps(open_page: Open, site: Site, size: str):
    taps = Taps(open_page("/consultations/new", size=size))
    taps.person()
    taps.nationality("HND")
    taps.topic("shelter")
    taps.save()
    record = last(site)
    assert taps.n == 4
    assert record["taps"] == 4
    assert record["lines"] == [("HND", "female", "age_25_59", 1, "first_this_year")]
    assert (record["topics"], record["main_topic"]) == ("shelter", "shelter")


def test_same_as_the_last_one_takes_three_taps_and_copies_no_people(open_page: Open, site: Site):
    page = open_page("/consultations/new")
    taps = Taps(page)
    taps.person("male", "age_18_24")
    taps.nationality("GTM")
    taps.topic("health")
    taps.save()
    assert page.locator(".cell.some").count() == 0
    taps.n = 0
    taps.tap("#like-last")
    assert page.locator(".cell.some").count() == 0
    taps.person()
    taps.save("unknown")
    assert taps.n == 3
    assert last(site)["lines"] == [("GTM", "female", "age_25_59", 1, "unknown")]
    assert last(site)["topics"] == "health"


def test_same_as_the_last_one_works_from_a_freshly_opened_page(open_page: Open, site: Site):
    page = open_page("/consultations/new")
    taps = Taps(page)
    taps.person()
    taps.nationality("SLV")
    taps.topic("asylum")
    taps.save()
    page.goto("/consultations/new")
    page.tap("#like-last")
    page.wait_for_url("**/consultations/new?like=last")
    assert page.is_checked('[name="groups-0-nationality"][value="SLV"]')
    assert page.is_checked('[name="topics"][value="asylum"]')
    assert page.input_value(FEMALE_ADULT) == ""


def test_a_family_of_five_with_two_topics_takes_nine_taps(open_page: Open, site: Site):
    taps = Taps(open_page("/consultations/new"))
    for sex, band in (
        ("female", "age_25_59"),
        ("male", "age_25_59"),
        ("female", "age_5_11"),
        ("male", "age_0_4"),
        ("male", "age_0_4"),
    ):
        taps.person(sex, band)
    taps.nationality("HND")
    taps.topic("health")
    taps.topic("asylum")
    taps.save()
    record = last(site)
    assert taps.n == 9
    assert record["persons"] == 5
    assert record["topics"] == "asylum,health"
    assert record["main_topic"] == "health"
    assert ("HND", "male", "age_0_4", 2, "first_this_year") in record["lines"]


def test_twelve_people_by_number_pad_take_eight_taps_or_fewer(open_page: Open, site: Site):
    taps = Taps(open_page("/consultations/new"))
    taps.tap("[data-pad]")
    taps.person("male", "age_18_24")
    taps.tap('#pad [data-digit="1"]')
    taps.tap('#pad [data-digit="2"]')
    taps.tap("#pad [data-done]")
    taps.nationality("HND")
    taps.topic("shelter")
    taps.save()
    assert taps.n <= 8
    assert last(site)["lines"] == [("HND", "male", "age_18_24", 12, "first_this_year")]


def test_a_long_press_opens_the_number_pad(open_page: Open):
    page = open_page("/consultations/new", size="laptop")
    cell = page.locator(f".cell:has({FEMALE_ADULT}) .plus")
    cell.hover()
    page.mouse.down()
    page.wait_for_selector("#pad[open]")
    page.mouse.up()
    page.click('#pad [data-digit="7"]')
    page.click("#pad [data-done]")
    assert cell.inner_text() == "7"


def test_the_minus_takes_one_away_and_nothing_moves(open_page: Open):
    page = open_page("/consultations/new")
    before = page.locator(".chip, .plus, .save").evaluate_all(
        "all => all.map(e => { const r = e.getBoundingClientRect(); return [r.x, r.y] })"
    )
    taps = Taps(page)
    taps.person()
    taps.person()
    page.tap(f".cell:has({FEMALE_ADULT}) .minus")
    taps.topic("shelter")
    taps.nationality("HND")
    after = page.locator(".chip, .plus, .save").evaluate_all(
        "all => all.map(e => { const r = e.getBoundingClientRect(); return [r.x, r.y] })"
    )
    assert page.input_value(FEMALE_ADULT) == "1"
    assert after == before


def test_by_keyboard_alone_two_people_take_fifteen_keys_or_fewer(open_page: Open, site: Site):
    page = open_page("/consultations/new", size="laptop")
    before = count(site)
    keys = 0

    def press(*names: str) -> None:
        nonlocal keys
        for name in names:
            keys += len(name.split("+"))
            page.keyboard.press(name)

    press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "2")
    while page.evaluate("document.activeElement.name") != "groups-0-nationality":
        press("Tab")
    press("Space")
    while page.evaluate("document.activeElement.name") != "topics":
        press("Tab")
    press("Space", "Control+Enter")
    page.wait_for_selector("#toast:not([hidden])")
    assert keys <= 15
    assert count(site) == before + 1
    assert last(site)["lines"][0][1:4] == ("female", "age_25_59", 2)


def test_an_empty_save_says_what_is_missing_at_each_place_and_stores_nothing(
    open_page: Open, site: Site
):
    page = open_page("/consultations/new")
    before = count(site)
    page.tap('button.save[value="first_this_year"]')
    page.wait_for_selector("#p-who-0:not([hidden])")
    assert page.is_visible("#p-from-0")
    assert page.is_visible("#p-topics")
    assert page.get_attribute("#p-who-0", "role") == "alert"
    assert "plus" in page.evaluate("document.activeElement.className")
    assert count(site) == before


def test_undo_takes_the_record_back_and_returns_the_answers(open_page: Open, site: Site):
    page = open_page("/consultations/new")
    taps = Taps(page)
    taps.person("male", "age_60_plus")
    taps.nationality("VEN")
    taps.topic("legal_aid")
    taps.save()
    page.tap("#toast button")
    undone = page.get_attribute("#consultation", "data-undone")
    page.wait_for_selector(f"#toast:has-text('{undone}')")
    assert last(site)["state"] == "void"
    assert page.input_value('[name="groups-0-male-age_60_plus"]') == "1"
    assert page.is_checked('[name="topics"][value="legal_aid"]')


def test_a_refusal_is_one_tap(open_page: Open, site: Site):
    page = open_page("/consultations/new")
    page.tap("button[form=tally]")
    page.wait_for_selector("#toast:not([hidden])")
    assert (last(site)["is_tally"], last(site)["lines"]) == (1, [])


def test_a_family_of_two_nationalities_is_one_consultation(open_page: Open, site: Site):
    page = open_page("/consultations/new")
    taps = Taps(page)
    taps.person("female", "age_25_59")
    taps.nationality("HND")
    page.tap('.group[data-group="0"] [data-more]')
    page.tap('.cell:has([name="groups-1-male-age_25_59"]) .plus')
    page.select_option('select[name="groups-1-nationality"]', "CHL")
    taps.topic("shelter")
    taps.save()
    assert last(site)["lines"] == [
        ("HND", "female", "age_25_59", 1, "first_this_year"),
        ("CHL", "male", "age_25_59", 1, "first_this_year"),
    ]


def test_only_channel_and_modality_are_remembered(open_page: Open):
    page = open_page("/consultations/new")
    page.select_option("[name=channel]", "phone")
    page.select_option("[name=travel_group]", "family_with_children")
    taps = Taps(page)
    taps.person()
    taps.nationality("HTI")
    taps.topic("work_permit_employment")
    taps.save()
    page.goto("/consultations/new")
    assert page.input_value("[name=channel]") == "phone"
    assert page.input_value("[name=travel_group]") == "not_stated"
    assert page.locator('[name="groups-0-nationality"]:checked').count() == 0
    assert page.locator('[name="topics"]:checked').count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_switching_the_language_in_the_middle_loses_no_answer(open_page: Open, scripts: bool):
    page = open_page("/consultations/new", scripts=scripts, size="laptop")
    if scripts:
        page.click(f".cell:has({FEMALE_ADULT}) .plus")
    else:
        page.fill(FEMALE_ADULT, "1")
    page.check('[name="topics"][value="health"]', force=True)
    page.check('[name="groups-0-nationality"][value="CUB"]', force=True)
    page.select_option("[name=channel]", "whatsapp")
    page.click(".menu > summary")
    page.click("button[name=switch_locale][value=fr]")
    page.wait_for_selector("html[lang=fr]")
    assert page.input_value(FEMALE_ADULT) == "1"
    assert page.is_checked('[name="topics"][value="health"]')
    assert page.is_checked('[name="groups-0-nationality"][value="CUB"]')
    assert page.input_value("[name=channel]") == "whatsapp"


def test_without_scripts_it_is_a_plain_form(open_page: Open, site: Site):
    page = open_page("/consultations/new", scripts=False, size="laptop")
    page.fill(FEMALE_ADULT, "2")
    page.check('[name="groups-0-nationality"][value="HND"]', force=True)
    page.check('[name="topics"][value="asylum"]', force=True)
    page.click('button.save[value="repeat_this_month"]')
    page.wait_for_url("**/today*")
    assert last(site)["lines"] == [("HND", "female", "age_25_59", 2, "repeat_this_month")]
    page.click(".undo button")
    page.wait_for_load_state()
    assert last(site)["state"] == "void"


def test_without_scripts_a_wrong_answer_keeps_all_others_on_the_page(open_page: Open, site: Site):
    page = open_page("/consultations/new", scripts=False, size="laptop")
    before = count(site)
    page.fill(FEMALE_ADULT, "3")
    page.check('[name="topics"][value="asylum"]', force=True)
    page.click('button.save[value="unknown"]')
    assert page.is_visible("#p-from-0")
    assert page.input_value(FEMALE_ADULT) == "3"
    assert page.is_checked('[name="topics"][value="asylum"]')
    assert count(site) == before
    page.click("[data-more]")
    page.wait_for_selector('[name="groups-1-nationality"]')
    assert page.input_value(FEMALE_ADULT) == "3"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_session_that_ends_in_the_middle_of_the_form_loses_no_answer(
    open_page: Open, site: Site, scripts: bool
):
    page = open_page("/consultations/new", scripts=scripts, size="laptop")
    before = count(site)
    if scripts:
        page.click(f".cell:has({FEMALE_ADULT}) .plus")
    else:
        page.fill(FEMALE_ADULT, "1")
    page.check('[name="groups-0-nationality"][value="HND"]', force=True)
    page.check('[name="topics"][value="asylum"]', force=True)
    page.context.clear_cookies(name="ventanilla")
    page.click('button.save[value="first_this_year"]')
    page.wait_for_selector("[name=password]")
    page.fill("[name=username]", "desk.mex")
    page.fill("[name=password]", "a-long-test-phrase")
    page.press("[name=password]", "Enter")
    page.wait_for_selector("form[action='/consultations/new'] button")
    page.click("form[action='/consultations/new'] button")
    page.wait_for_selector("#consultation")
    assert page.input_value(FEMALE_ADULT) == "1"
    page.click('button.save[value="first_this_year"]')
    page.wait_for_selector("#toast:not([hidden])" if scripts else ".notice.saved")
    assert count(site) == before + 1


def test_a_correction_is_kept_as_a_new_version_and_a_stale_one_shows_both(
    open_page: Open, site: Site
):
    first = open_page("/consultations/new", size="laptop")
    first.click(f".cell:has({FEMALE_ADULT}) .plus")
    first.check('[name="groups-0-nationality"][value="HND"]', force=True)
    first.check('[name="topics"][value="asylum"]', force=True)
    first.click('button.save[value="first_this_year"]')
    first.wait_for_selector("#toast:not([hidden])")
    record = last(site)["id"]
    dashed = re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", record)
    mine = open_page(f"/consultations/{dashed}/correct", size="laptop")
    theirs = open_page(f"/consultations/{dashed}/correct", "supervisor.mex", size="laptop")
    theirs.check('[name="topics"][value="health"]', force=True)
    theirs.check('[name="reason"][value="person_corrected"]', force=True)
    theirs.click("button.save")
    theirs.wait_for_url("**/today*")
    mine.click(f".cell:has({FEMALE_ADULT}) .plus")
    mine.check('[name="reason"][value="slip"]', force=True)
    mine.click("button.save")
    mine.wait_for_selector(".versions")
    assert "2 × " in mine.inner_text(".versions")
    assert mine.input_value(FEMALE_ADULT) == "2"
    assert site.rows(f"SELECT version, persons FROM consultation WHERE id = '{record}'") == [(2, 1)]


def test_voiding_takes_two_taps(open_page: Open, site: Site):
    page = open_page("/consultations/new")
    taps = Taps(page)
    taps.person()
    taps.nationality("HND")
    taps.topic("shelter")
    taps.save()
    page.goto("/today")
    page.tap(".row:first-child .voiding summary")
    page.tap('.row:first-child button[value="slip"]')
    page.wait_for_selector(".row.void")
    assert last(site)["state"] == "void"
