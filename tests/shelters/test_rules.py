"""Whom a shelter takes, which beds fit a group, when it is open, how fresh and how full it is."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.composition import PersonCount
from app.places.rules import is_whole_location
from app.shelters import rules
from app.shelters.rules import Beds, Eligibility, fitting_categories, reasons_against
from app.shelters.vocabulary import BED_CATEGORIES
from tests.factories.records import at

EVERYBODY = Eligibility(SEXES.codes, True, True, None, None, None)
WOMAN, MAN = PersonCount("female", "age_25_59", 1), PersonCount("male", "age_25_59", 1)
GIRL, BOY = PersonCount("female", "age_12_17", 1), PersonCount("male", "age_5_11", 2)
NOT_STATED = PersonCount("not_stated", "unknown", 1)

persons = st.builds(
    PersonCount, st.sampled_from(SEXES.codes), st.sampled_from(AGE_BANDS.codes), st.integers(1, 9)
)
parties = st.lists(persons, min_size=1, max_size=5)
ages = st.none() | st.integers(0, 120)
shelters = st.builds(
    Eligibility,
    st.sets(st.sampled_from(SEXES.codes)).map(tuple),
    st.booleans(),
    st.booleans(),
    ages,
    ages,
    st.none(),
)
clocks = st.times().map(lambda time_of_day: time_of_day.strftime("%H:%M"))


@given(parties)
def test_a_shelter_without_limits_takes_everybody(party: list[PersonCount]) -> None:
    assert reasons_against(EVERYBODY, party) == []


@given(shelters, parties, persons)
def test_a_larger_group_is_never_taken_if_a_part_of_it_is_not(
    shelter: Eligibility, party: list[PersonCount], more: PersonCount
) -> None:
    assert set(reasons_against(shelter, party)) <= set(reasons_against(shelter, [*party, more]))


@given(shelters, parties)
def test_a_limit_that_falls_turns_nobody_away(
    shelter: Eligibility, party: list[PersonCount]
) -> None:
    before = set(reasons_against(shelter, party))
    for change in (
        {"sexes": SEXES.codes},
        {"admits_children": True},
        {"admits_groups": True},
        {"youngest": None},
        {"oldest": None},
    ):
        assert set(reasons_against(replace(shelter, **change), party)) <= before, change


def test_every_limit_turns_away_whom_it_means_and_nobody_else() -> None:
    cases = (
        ({"sexes": ("female",)}, [WOMAN, GIRL, NOT_STATED], []),
        ({"sexes": ("female",)}, [WOMAN, BOY], ["sex_not_admitted"]),
        ({"admits_children": False}, [WOMAN, MAN], []),
        ({"admits_children": False}, [WOMAN, GIRL], ["no_children_here"]),
        ({"admits_groups": False}, [WOMAN, GIRL], []),
        ({"admits_groups": False}, [WOMAN, BOY], ["no_groups_here"]),
        ({"youngest": 18}, [WOMAN, NOT_STATED], []),
        ({"youngest": 18}, [BOY], ["age_not_admitted"]),
        ({"youngest": 17}, [GIRL], []),
        ({"oldest": 17}, [GIRL, BOY], []),
        ({"oldest": 17}, [MAN], ["age_not_admitted"]),
        ({"oldest": 25}, [MAN], []),
    )
    for limit, party, expected in cases:
        assert reasons_against(replace(EVERYBODY, **limit), party) == expected, (limit, party)


@given(parties, st.sets(st.sampled_from(("health_condition", "disability", "lgbtiq"))))
def test_mixed_beds_fit_everybody_last_and_no_group_fits_those_of_women_and_of_men(
    party: list[PersonCount], flags: set[str]
) -> None:
    fitting = fitting_categories(party, flags)

    assert fitting[-1] == "mixed" and set(fitting) <= set(BED_CATEGORIES.codes)
    assert not {"women", "men"} <= set(fitting)
    assert not {"uasc_girls", "uasc_boys"} & set(fitting) or not {"women", "men"} & set(fitting)


def test_the_most_fitting_beds_come_first() -> None:
    cases = (
        ([WOMAN], set(), ["women", "mixed"]),
        ([MAN], {"disability"}, ["accessible", "men", "mixed"]),
        ([WOMAN, GIRL], set(), ["women_with_children", "families", "mixed"]),
        ([WOMAN, BOY], set(), ["women_with_children", "families", "mixed"]),
        ([MAN, BOY], set(), ["families", "mixed"]),
        ([WOMAN, MAN], set(), ["families", "mixed"]),
        ([GIRL], set(), ["uasc_girls", "mixed"]),
        ([BOY], set(), ["uasc_boys", "mixed"]),
        ([PersonCount("other", "age_18_24", 1)], set(), ["lgbtiq", "mixed"]),
        ([WOMAN], {"health_condition", "lgbtiq"}, ["isolation", "lgbtiq", "women", "mixed"]),
    )
    for party, flags, expected in cases:
        assert fitting_categories(party, flags) == expected, (party, flags)


def test_hours_may_run_past_midnight() -> None:
    for now, is_open in (
        ("17:59", False),
        ("18:00", True),
        ("23:59", True),
        ("00:00", True),
        ("06:29", True),
        ("06:30", False),
    ):
        moment = datetime.combine(date(2026, 3, 14), time.fromisoformat(now), UTC)
        assert rules.is_open_at(moment, "18:00", "06:30") is is_open, now


@given(st.datetimes(), clocks, clocks)
def test_who_takes_in_from_dusk_to_dawn_is_shut_from_dawn_to_dusk(
    moment: datetime, first: str, last: str
) -> None:
    by_night, by_day = (
        rules.is_open_at(moment, *hours) for hours in ((first, last), (last, first))
    )
    assert (by_night and by_day) if first == last else by_night is not by_day
    assert rules.is_open_at(moment, "", "")


def test_a_count_is_old_after_four_hours() -> None:
    now = at("2026-03-14 16:00")
    assert not rules.is_stale(now - timedelta(hours=4) + timedelta(seconds=1), now)
    assert rules.is_stale(now - timedelta(hours=4), now)


def beds(capacity: int, blocked: int, occupied: int, n_held: int) -> Beds:
    return Beds("women", capacity, blocked, occupied, n_held, at("2026-03-14 16:00"))


numbers = st.integers(0, 9999)


@given(numbers, numbers, numbers, numbers)
def test_more_people_than_places_are_over_100_percent_and_need_a_reason(
    capacity: int, blocked: int, occupied: int, n_held: int
) -> None:
    category_beds = beds(capacity, blocked, occupied, n_held)

    assert category_beds.free == capacity - blocked - occupied - n_held
    assert rules.needs_reason(capacity, blocked, occupied + n_held) is (category_beds.free < 0)
    if capacity > blocked:
        assert (category_beds.percent > 100) is (category_beds.free < 0)
    else:
        assert category_beds.percent is None


def test_twelve_people_in_ten_places_are_120_percent() -> None:
    assert beds(11, 1, 9, 3).percent == 120
    assert beds(200, 0, 201, 0).percent == 101
    assert beds(3, 0, 2, 0).percent == 67


def test_a_shelter_is_open_on_its_last_day_and_closed_after_it() -> None:
    last = date(2026, 3, 14)
    assert rules.state_on(True, None, last) == rules.state_on(True, last, last) == "open"
    assert rules.state_on(False, last, last) == "paused"
    assert rules.state_on(True, last, last + timedelta(days=1)) == "closed"


def test_a_point_on_the_map_is_stated_whole_or_not_at_all() -> None:
    assert is_whole_location(None, None) and is_whole_location(0.0, 0.0)
    assert not is_whole_location(0.0, None) and not is_whole_location(None, 0.0)


def test_distances_are_those_of_the_map() -> None:
    tegucigalpa, san_pedro = (14.0723, -87.1921), (15.5042, -88.0250)
    assert abs(rules.kilometres_between(tegucigalpa, san_pedro) - 182) < 2
    assert rules.kilometres_between(tegucigalpa, tegucigalpa) == 0
