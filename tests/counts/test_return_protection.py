"""What a regional reader sees of voluntary return reveals no country's small figure."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.counts.indicators.returns import RETURNS
from app.counts.queries.returns import merge_totals
from app.counts.rules.returns import (
    CHILDREN_ALONE,
    DEPARTED,
    SPLITS,
    TOTALS,
    Departure,
    FigureReader,
    ReturnTotals,
    is_safe_sum,
    visible_codes,
)
from tests.server import ROUNDS

COUNTRY, PROGRAMME = FigureReader(is_own=False), FigureReader(is_own=False, is_programme=True)
SMALL = range(1, 11)
CODES = ("HND", "GTM", "MEX", "PAN")
TotalsByCountry = dict[str, ReturnTotals]
NOTHING = dict.fromkeys(("opened", "withdrawn", "handed_over"), 0)


def totals_of_groups(*sizes: int) -> ReturnTotals:
    """Return the totals of women who departed in groups of these sizes."""
    groups = [((("female", "age_25_59", n),), "NIC", "air", False, 20) for n in sizes]
    return ReturnTotals(NOTHING, tuple(Departure(*fields) for fields in groups))


def visible_of(values: tuple[int, ...]) -> tuple[object, ...]:
    """Return what is shown of one total in these countries and in the programme."""
    countries = [None if n in SMALL else n for n in values]
    return (*countries, sum(values) if is_safe_sum(values) else None)


@pytest.mark.parametrize(("countries", "most"), [(1, 30), (2, 24), (3, 15), (4, 12)])
def test_knowing_the_rule_and_trying_every_world_reveals_no_small_total(countries, most):
    worlds_by_view = defaultdict(list)
    for values in product(range(most + 1), repeat=countries):
        worlds_by_view[visible_of(values)].append(values)
    for visible, worlds in worlds_by_view.items():
        for place in range(countries):
            if visible[place] is None:
                possible = {world[place] for world in worlds}
                assert max(possible) - min(possible) >= 4, (visible, possible)


def test_a_sum_is_shown_as_soon_as_nothing_can_be_deduced_from_it():
    assert is_safe_sum([])
    assert is_safe_sum([0, 11, 240])
    assert is_safe_sum([3, 9, 40])
    assert is_safe_sum([1, 2, 3, 4, 5])
    assert not is_safe_sum([40, 7]), "one hidden: subtraction reveals it"
    assert not is_safe_sum([10, 10, 11]), "twenty of two who are small: ten each"
    assert not is_safe_sum([1] * 11), "eleven of eleven: one each"
    assert not is_safe_sum([5, 5])


def everything_visible(world: TotalsByCountry) -> dict[str, Any]:
    """Return all that a regional reader is shown of a month: every country's page and the programme's."""
    visible: dict[str, Any] = {
        country: visible_figures(COUNTRY, totals, {country: totals})
        for country, totals in world.items()
    }
    return visible | {"": visible_figures(PROGRAMME, merge_totals(world), world)}


def visible_figures(
    reader: FigureReader, totals: ReturnTotals, by_country: TotalsByCountry
) -> dict[str, Any]:
    codes = visible_codes(reader, totals, by_country)
    values = {code: indicator.formula(totals) for code, indicator in RETURNS.items()}
    all_values = {**values, **totals.departed_by_split()}
    assert all_values.keys() == {*RETURNS, *SPLITS}
    return {code: all_values[code] for code in codes}


party_strategy = st.lists(
    st.tuples(
        st.sampled_from(("female", "male")),
        st.sampled_from(("age_12_17", "age_25_59")),
        st.integers(1, 6),
    ),
    min_size=1,
    max_size=2,
).map(tuple)


def totals_strategy(*kind: Any) -> Any:
    """Draw a country's totals; `kind` draws nationality, transport and whether children are alone."""
    departures = st.builds(Departure, party_strategy, *kind, st.integers(0, 60))
    numbers = {code: st.integers(0, 25) for code in ("opened", "withdrawn", "handed_over")}
    return st.builds(
        ReturnTotals,
        st.fixed_dictionaries(numbers),
        st.lists(departures, max_size=14).map(tuple),
    )


def worlds_strategy(countries: Any) -> Any:
    return st.dictionaries(st.sampled_from(CODES), countries, min_size=1)


countries = totals_strategy(
    st.sampled_from(("NIC", "VEN")), st.sampled_from(("land", "air")), st.booleans()
)
worlds = worlds_strategy(countries)
uniform_worlds = st.booleans().flatmap(
    lambda alone: worlds_strategy(totals_strategy(st.just("NIC"), st.just("air"), st.just(alone)))
)
"""People differ only by sex and age, so that those of one country can be taken for another's."""


def alternatives(world: TotalsByCountry, country: str, code: str) -> Iterator[TotalsByCountry]:
    """Yield worlds near to this one in which a country's total differs: alone, or at the cost of a second one."""
    change = _changed_departures if code == DEPARTED else partial(_changed_event, code)
    for difference in (-1, 1):
        yield from change(world, country, difference)
        for other in (each for each in world if each != country):
            giving, taking = (country, other) if difference == -1 else (other, country)
            if code == DEPARTED:
                yield from _moved_departures(world, giving, taking)
            else:
                for changed in change(world, giving, -1):
                    yield from change(changed, taking, 1)


def _changed_event(
    code: str, world: TotalsByCountry, country: str, difference: int
) -> Iterator[TotalsByCountry]:
    totals = world[country]
    events = {**totals.events, code: max(0, totals.events[code] + difference)}
    yield {**world, country: replace(totals, events=events)}


def _changed_departures(
    world: TotalsByCountry, country: str, difference: int
) -> Iterator[TotalsByCountry]:
    for place, departure in enumerate(world[country].departures):
        (sex, band, n), *rest = departure.persons
        if n + difference:
            yield _with_departure(world, country, place, ((sex, band, n + difference), *rest))
        elif len(world[country].departures) > 1:
            yield _with_departure(world, country, place, ())


def _moved_departures(
    world: TotalsByCountry, giving: str, taking: str
) -> Iterator[TotalsByCountry]:
    """Yield worlds in which a person travels with another country's group, or a whole group is another country's."""
    for place, departure in enumerate(world[giving].departures):
        (sex, band, n), *rest = departure.persons
        without_group = _with_departure(world, giving, place, ())
        totals = without_group[taking]
        yield {**without_group, taking: replace(totals, departures=(*totals.departures, departure))}
        if n > 1 and world[taking].departures:
            fewer = _with_departure(world, giving, place, ((sex, band, n - 1), *rest))
            group = world[taking].departures[0].persons
            yield _with_departure(fewer, taking, 0, (*group, (sex, band, 1)))


def _with_departure(
    world: TotalsByCountry, country: str, place: int, persons: tuple[Any, ...]
) -> TotalsByCountry:
    totals = world[country]
    changed = (replace(totals.departures[place], persons=persons),) if persons else ()
    departures = (*totals.departures[:place], *changed, *totals.departures[place + 1 :])
    return {**world, country: replace(totals, departures=departures)}


@settings(max_examples=60 * ROUNDS, deadline=None)
@given(uniform_worlds)
@example({"HND": totals_of_groups(3, 3), "GTM": totals_of_groups(6), "MEX": totals_of_groups(30)})
@example(
    {
        "HND": totals_of_groups(1),
        "GTM": totals_of_groups(*[1] * 10),
        "MEX": totals_of_groups(*[2] * 12),
    }
)
@example({"HND": totals_of_groups(10), "GTM": totals_of_groups(5), "MEX": ReturnTotals(NOTHING)})
@example({"HND": totals_of_groups(7), "GTM": totals_of_groups(40)})
def test_every_hidden_total_could_be_another_one_and_all_that_is_shown_the_same(world):
    visible = everything_visible(world)
    for country, totals in world.items():
        for code in TOTALS:
            value = totals.total(code)
            assert (code in visible[country]) == (value not in SMALL)
            if code not in visible[country]:
                assert any(
                    everything_visible(other) == visible and other[country].total(code) != value
                    for other in alternatives(world, country, code)
                ), (country, code)


@settings(max_examples=60 * ROUNDS, deadline=None)
@given(worlds)
@example(
    {"HND": ReturnTotals({}, (Departure((("male", "age_12_17", 10),), "NIC", "air", True, 3),) * 3)}
)
def test_what_is_shown_of_the_programme_is_nobody_or_many_and_splits_add_up(world):
    visible = everything_visible(world)
    programme = visible.pop("")
    for of_country in visible.values():
        assert not {*SPLITS, CHILDREN_ALONE} & of_country.keys()
    shown_splits = [code for code in SPLITS if code in programme]
    for code in shown_splits:
        assert all(n not in SMALL for n in programme[code].values())
        assert sum(programme[code].values()) == programme[DEPARTED]
    assert programme.get(CHILDREN_ALONE, 0) not in SMALL
    if shown_splits or CHILDREN_ALONE in programme:
        assert DEPARTED in programme
    for place in (programme, *visible.values()):
        if "median_days_consent_to_departure" in place:
            assert place[DEPARTED] >= 11


@given(countries)
def test_the_own_supervisor_sees_all_but_no_children_alone_of_one_desk(totals):
    of_country = visible_codes(FigureReader(is_own=True), totals, {"HND": totals})
    assert of_country == {*RETURNS, *SPLITS}
    of_desk = visible_codes(FigureReader(is_own=True, is_desk=True), totals, {"HND": totals})
    assert of_desk == of_country - {CHILDREN_ALONE}
