"""The page, the JSON and the command show the same figures."""

import json
import re

import pytest

from app.audit.actions import verify
from app.base import clock
from app.base.database import db
from tests.builders import consultation_json, make_account, make_consultation, make_desk, sign_in


@pytest.fixture
def month(app):
    one, two = make_desk(), make_desk("HND-02")
    clerk = make_account("ana", "desk_staff", (one, two))
    make_account("boss", "supervisor", countries=("HND",))
    make_account("regional", "regional")
    groups = consultation_json()["groups"]
    many = [{"sex": "male", "age_band": "age_5_11", "n": 17}]
    unsure = {**groups[0], "repeat_contact": "unknown"}
    make_consultation(
        clerk, groups=[{**groups[0], "persons": many}, unsure], topics=["gbv", "health"]
    )
    make_consultation(clerk, "HND-02", groups=[*groups, {**groups[0], "nationality": "HTI"}])
    return str(clock.today_at("America/Mexico_City"))[:7]


def text_of(page: str) -> str:
    """The words of a page, tags left out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_page_json_and_command_show_the_same_figures(app, month):
    browser = sign_in(app, "regional")
    for address, option in (("", []), ("&country=HND", ["--country", "HND"])):
        said = browser.get_json(f"/counts.json?month={month}{address}").get_json()
        command = ["counts", "show", "--month", month, "--format", "json", *option]
        answer = app.test_cli_runner().invoke(args=command)
        assert (answer.exit_code, json.loads(answer.output)) == (0, said)
        page = browser.get(f"/counts?month={month}{address}").get_data(as_text=True)
        cards = re.findall(r"<strong>([\d.,]+)</strong>", page)
        year = said["year_to_date"]["reached"]["low"]
        present = said["persons_in_consultations"]
        figures = [said["reached"]["low"], said["consultations"], present, said["new"], year]
        complete = said["completeness"]
        assert [int(card) for card in cards] == figures == [19, 2, 20, 19, 19]
        assert (complete["desks_expected"], complete["desks_reported"]) == (2, 2)


def test_the_command_prints_every_figure_as_a_table_and_leaves_an_entry(app, month):
    answer = app.test_cli_runner().invoke(args=["counts", "show", "--month", month])
    assert answer.exit_code == 0
    lines = {tuple(line.rsplit(None, 2)) for line in answer.output.splitlines()}
    assert {("persons reached", "19", "persons"), ("consultations", "2", "contacts")} <= lines
    assert verify(db.session())[1] is None


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--month", "2026-13"], 2),
        (["--month", "2026-03", "--country", "FRA"], 2),
        (["--month", "2026-03", "--format", "xml"], 2),
        ([], 2),
        (["--month", "9999-01"], 1),
    ],
)
def test_the_command_says_what_is_wrong_on_stderr(app, arguments, status):
    answer = app.test_cli_runner().invoke(args=["counts", "show", *arguments])
    assert (answer.exit_code, answer.stdout) == (status, "")
    assert answer.stderr.strip()


def test_the_page_says_when_the_figure_is_a_minimum(app, month):
    clerk = make_account("eva", "desk_staff", (make_desk("HND-03"),))
    boss = sign_in(app, "boss")
    address = f"/counts?country=HND&month={month}"
    said = boss.get(address, headers={"Cookie": "locale=en"}).get_data(as_text=True)
    assert "Minimum figure" not in text_of(said)
    unsure = {**consultation_json()["groups"][0], "repeat_contact": "unknown"}
    unsure["persons"] = [{"sex": "female", "age_band": "age_25_59", "n": 3}]
    make_consultation(clerk, "HND-03", groups=[unsure])
    boss.client.set_cookie("locale", "en")
    assert "Minimum figure" in text_of(boss.get(address).get_data(as_text=True))


def test_every_chart_has_a_title_a_description_and_a_table(app, month):
    page = sign_in(app, "regional").get(f"/counts?month={month}").get_data(as_text=True)
    charts = re.findall(r"<figure class=\"chart\">.*?</figure>", page, re.S)
    assert len(charts) == 2
    for chart in charts:
        assert all(part in chart for part in ("<title", "<desc", "<details>", "<table"))
    assert " style=" not in page


def test_a_supervisor_gets_from_the_country_to_a_desk_and_to_its_day(app, month):
    boss = sign_in(app, "boss")
    country = boss.get(f"/counts?country=HND&month={month}").get_data(as_text=True)
    assert f"/counts?country=HND&amp;desk=HND-02&amp;month={month}" in country
    desk = boss.get(f"/counts?country=HND&desk=HND-02&month={month}").get_data(as_text=True)
    assert re.search(rf"/today\?desk=HND-02&amp;day={month}-\d\d", desk)


def test_the_regional_office_is_shown_no_way_to_a_desk_or_a_day(app, month):
    page = sign_in(app, "regional").get(f"/counts?country=HND&month={month}").get_data(as_text=True)
    assert "desk=" not in page and "/today" not in page


def test_a_country_that_left_the_programme_is_not_listed_afterwards(app):
    make_account("regional", "regional")
    regional = sign_in(app, "regional")
    listed = {
        month: "country=NIC" in regional.get(f"/counts?month={month}").get_data(as_text=True)
        for month in ("2026-09", "2026-10")
    }
    assert listed == {"2026-09": True, "2026-10": False}
