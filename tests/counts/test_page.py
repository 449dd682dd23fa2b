"""The page, the JSON and the command show the same figures."""

import json
import re

import pytest

from app.audit.actions import verify
from app.base import clock
from app.base.database import db
from app.base.month import Month
from app.counts.views import charts
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


def test_the_page_calls_the_figure_a_minimum_above_a_tenth_unknown(app, month):
    clerk = make_account("eva", "desk_staff", (make_desk("HND-03"),))
    boss, address = sign_in(app, "boss"), f"/counts?country=HND&month={month}"
    assert 'class="minimum"' not in boss.get(address).get_data(as_text=True)
    unsure = {**consultation_json()["groups"][0], "repeat_contact": "unknown"}
    unsure["persons"] = [{"sex": "female", "age_band": "age_25_59", "n": 3}]
    make_consultation(clerk, "HND-03", groups=[unsure])
    assert 'class="minimum"' in boss.get(address).get_data(as_text=True)


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


def test_a_figure_of_the_line_is_written_where_the_line_does_not_run():
    months = [Month(2025, 12).plus(n) for n in range(12)]
    falling = charts.trend([(month, 900 - 50 * n) for n, month in enumerate(months)])
    rising = charts.trend([(month, 50 * n) for n, month in enumerate(months)])
    ending = charts.trend([(month, 900 if n < 11 else 0) for n, month in enumerate(months)])
    assert falling.label_y > falling.points[-1].y
    assert rising.label_y < rising.points[-1].y
    assert ending.label_y < ending.floor
    assert all(0 <= point.y <= falling.floor for point in falling.points)


def test_the_bars_of_a_pyramid_are_as_long_as_its_figures():
    drawn = charts.pyramid(
        {("female", "age_0_4"): 10, ("male", "age_0_4"): 5, ("other", "unknown"): 3}
    )
    youngest = drawn.bands[-1]
    assert (youngest.code, youngest.women, youngest.men, drawn.rest) == ("age_0_4", 10, 5, 3)
    assert youngest.women_width == 2 * youngest.men_width > 0
    assert charts.pyramid({}).rest == 0


def test_a_scale_ends_at_a_number_that_reads_well():
    ends = {value: charts.round_up(value) for value in (0, 4, 5, 11, 99, 100, 1582, 7001)}
    assert ends == {0: 4, 4: 4, 5: 5, 11: 20, 99: 100, 100: 100, 1582: 2000, 7001: 8000}
