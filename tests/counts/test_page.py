"""The page, the JSON and the command show the same figures."""

import json
import re

import pytest

from app import clock
from app.audit.actions import verify_chain
from app.counts.views import charts
from app.db.session import db
from app.month import Month
from tests.factories.records import (
    at,
    consultation_json,
    make_account,
    make_consultation,
    make_desk,
    sign_in,
)

pytestmark = pytest.mark.both_databases

ENGLISH = {"headers": {"Accept-Language": "en"}}
ADULT = {"sex": "female", "age_band": "age_25_59"}


def groups(n: int, answer: str = "first_this_year"):
    """Return one group of n women, with their answer."""
    [group] = consultation_json()["groups"]
    return [{**group, "repeat_contact": answer, "persons": [{**ADULT, "n": n}]}]


def record_by_month(**people):
    """Record visits at a desk: `m202603=[(3, "unknown")]` is a consultation of three in March 2026."""
    clerk = make_account("ana", "desk_staff", (make_desk(),))
    make_account("regional", "regional")
    make_account("boss", "supervisor", countries=("HND",))
    for month_name, visits in people.items():
        day = f"{month_name[1:5]}-{month_name[5:]}-10"
        with clock.frozen_at(at(f"{day} 18:00")):
            for n, answer in visits:
                make_consultation(clerk, held_on=day, groups=groups(n, answer))


def text_of(browser, address):
    """Return the text of a page, with single spaces."""
    page = browser.get(address, **ENGLISH).get_data(as_text=True)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.fixture
def month(app):
    first, second = make_desk(), make_desk("HND-02")
    clerk = make_account("ana", "desk_staff", (first, second))
    make_account("boss", "supervisor", countries=("HND",))
    make_account("regional", "regional")
    groups = consultation_json()["groups"]
    boys = [{"sex": "male", "age_band": "age_5_11", "n": 17}]
    unsure = {**groups[0], "repeat_contact": "unknown"}
    make_consultation(
        clerk, groups=[{**groups[0], "persons": boys}, unsure], topics=["gbv", "health"]
    )
    make_consultation(clerk, "HND-02", groups=[*groups, {**groups[0], "nationality": "HTI"}])
    return str(clock.today_at("America/Mexico_City"))[:7]


def test_page_json_and_command_show_the_same_figures(app, month):
    browser = sign_in(app, "regional")
    for address, option in (("", []), ("&country=HND", ["--country", "HND"])):
        body = browser.get_json(f"/counts.json?month={month}{address}").get_json()
        command = ["counts", "show", "--month", month, "--format", "json", *option]
        answer = app.test_cli_runner().invoke(args=command)
        assert (answer.exit_code, json.loads(answer.output)) == (0, body)
        page = browser.get(f"/counts?month={month}{address}").get_data(as_text=True)
        cards = re.findall(r"<strong>([\d.,]+)</strong>", page)
        year = body["year_to_date"]["reached"]["low"]
        present = body["persons_in_consultations"]
        figures = [body["reached"]["low"], body["consultations"], present, body["new"], year]
        complete = body["completeness"]
        assert [int(card) for card in cards] == figures == [19, 2, 20, 19, 19]
        assert (complete["desks_expected"], complete["desks_reported"]) == (2, 2)


def test_the_command_prints_every_figure_as_a_table_and_leaves_an_entry(app, month):
    answer = app.test_cli_runner().invoke(args=["counts", "show", "--month", month])
    assert answer.exit_code == 0
    lines = {tuple(line.rsplit(None, 2)) for line in answer.output.splitlines()}
    assert {("persons reached", "19", "persons"), ("consultations", "2", "contacts")} <= lines
    assert verify_chain(db.session())[1] is None


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


FIRST, REPEAT, UNKNOWN = "first_this_year", "first_this_month", "unknown"


def test_a_month_is_compared_with_the_month_before_or_with_a_year_before(app):
    record_by_month(m202503=[(2, FIRST)], m202602=[(4, FIRST)], m202603=[(3, FIRST), (2, REPEAT)])
    boss, address = sign_in(app, "boss"), "/counts?country=HND&month=2026-03"
    before, year = text_of(boss, address), text_of(boss, address + "&compare=year")
    assert text_of(boss, address + "&compare=month") == before
    assert "1 (25%) more than in February 2026" in before
    assert "1 (25%) fewer than in February 2026" in before
    assert "by the end of" not in before
    assert "3 (150%) more than in March 2025" in year
    assert "5 (250%) more than by the end of March 2025" in year
    assert "The records of that year begin in March 2025." in year
    assert "than in February 2026" not in year


def test_the_months_of_the_year_before_that_have_records_are_all_compared_with(app):
    record_by_month(m202501=[(7, FIRST)], m202503=[(3, FIRST)], m202603=[(5, FIRST)])
    year = text_of(sign_in(app, "boss"), "/counts?country=HND&month=2026-03&compare=year")
    assert "5 (50%) fewer than by the end of March 2025" in year
    assert "The records of that year begin" not in year


def test_a_month_without_records_is_not_compared_with_and_a_zero_has_no_percentage(app):
    record_by_month(m202602=[(3, UNKNOWN)], m202603=[(2, FIRST)])
    boss = sign_in(app, "boss")
    first = text_of(boss, "/counts?country=HND&month=2026-02")
    assert "There are no records of January 2026 to compare with." in first
    assert "than in" not in first
    second = text_of(boss, "/counts?country=HND&month=2026-03")
    assert "None in February 2026" in second and "no records" not in second
    assert "As many as in February 2026" in second


def test_a_change_of_less_than_half_a_percent_is_not_called_none(app):
    record_by_month(m202602=[(99, FIRST)] * 3, m202603=[(99, FIRST), (99, FIRST), (98, FIRST)])
    page = text_of(sign_in(app, "boss"), "/counts?country=HND&month=2026-03")
    assert "1 (&lt; 1%) fewer than in February 2026" in page


def test_the_comparison_keeps_what_is_shown_and_every_link_keeps_the_comparison(app):
    record_by_month(m202603=[(2, FIRST)])
    boss, address = sign_in(app, "boss"), "/counts?country=HND&desk=HND-01&month=2026-03"
    page = boss.get(address + "&compare=year").get_data(as_text=True)
    links = re.findall(r'href="(/counts\?[^"]*)"', page)
    plain = address.replace("&", "&amp;")
    assert plain in links and plain + "&amp;compare=year" in links
    others = [link for link in links if link != plain]
    assert len(others) > 3 and all("compare=year" in link for link in others), links
    assert '<input type="hidden" name="compare" value="year">' in page
    assert "compare=month" not in page


def test_the_year_month_by_month_equals_the_figures_of_each_month(app):
    record_by_month(
        m202512=[(9, FIRST)],
        m202601=[(5, FIRST), (1, UNKNOWN)],
        m202602=[(2, FIRST), (3, REPEAT)],
        m202604=[(4, FIRST), (2, UNKNOWN), (1, REPEAT)],
    )
    boss = sign_in(app, "boss")
    page = boss.get("/counts?country=HND&month=2026-04", **ENGLISH).get_data(as_text=True)
    table = re.search(r'<table class="table tight year-table">.*?</table>', page, re.S)[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.S)[1:]
    cells = [re.findall(r">\s*([^<>]+?)\s*</t[hd]>", row) for row in rows]
    assert [row[0] for row in cells] == ["Jan", "Feb", "Mar", "Apr"]
    shares = [row.pop(2) for row in cells]
    assert shares == ["17%", "–", "–", "29%"]
    for number, row in enumerate(cells, 1):
        body = boss.get_json(f"/counts.json?country=HND&month=2026-0{number}").get_json()
        expected = (body["reached"]["low"], body["new"], body["year_to_date"]["reached"]["low"])
        assert tuple(map(int, row[1:])) == expected, number
    assert [row[-1] for row in cells] == ["5", "7", "7", "11"]


def test_the_year_to_date_is_called_a_minimum_by_itself(app):
    record_by_month(m202602=[(3, UNKNOWN)], m202603=[(8, FIRST)])
    boss = sign_in(app, "boss")
    page = boss.get("/counts?country=HND&month=2026-03", **ENGLISH).get_data(as_text=True)
    main, _, year = page.partition('class="card year"')
    assert ('class="minimum"' in main, 'class="minimum"' in year) == (False, True)
    assert "8 – 11" in year and "27% do not know" in year


def test_the_programme_alone_says_who_may_be_counted_in_two_countries(app, month):
    sentence = "somebody without a card may be counted in two"
    regional = sign_in(app, "regional")
    assert sentence in text_of(regional, f"/counts?month={month}")
    assert sentence not in text_of(regional, f"/counts?month={month}&country=HND")


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
    falling = charts.trend([(month, 900 - 50 * n, 0) for n, month in enumerate(months)])
    rising = charts.trend([(month, 50 * n, 0) for n, month in enumerate(months)])
    ending = charts.trend([(month, 900 if n < 11 else 0, 0) for n, month in enumerate(months)])
    assert falling.label_y > falling.points[-1].y
    assert rising.label_y < rising.points[-1].y
    assert ending.label_y < ending.floor
    assert all(0 <= point.y <= falling.floor for point in falling.points)


def test_the_columns_of_new_persons_stand_on_the_scale_of_the_line():
    months = [Month(2025, 12).plus(n) for n in range(12)]
    drawn = charts.trend([(month, 100, 25 * (n % 5)) for n, month in enumerate(months)])
    tall = drawn.floor - drawn.points[0].y
    for point in drawn.points:
        assert drawn.floor - point.new_y == pytest.approx(tall * point.new / 100, abs=0.2)
    first, second = drawn.points[:2]
    assert second.x - first.x > drawn.column


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
