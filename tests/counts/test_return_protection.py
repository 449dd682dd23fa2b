"""What a regional reader sees of voluntary return gives no country's small figure away."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

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
World = dict[str, ReturnTotals]
NOTHING = dict.fromkeys(("opened", "withdrawn", "handed_over"), 0)


def in_groups(*sizes: int) -> ReturnTotals:
    """Women who departed in groups of these sizes."""
    groups = [((("female", "age_25_59", n),), "NIC", "air", False, 20) for n in sizes]
    return ReturnTotals(NOTHING, tuple(Departure(*one) for one in groups))


def seen_of(values: tuple[int, ...]) -> tuple[object, ...]:
    """What is shown of one total in these countries and in the programme."""
    shown = [None if n in SMALL else n for n in values]
    return (*shown, sum(values) if is_safe_sum(values) else None)


@pytest.mark.parametrize(("countries", "most"), [(1, 30), (2, 24), (3, 15), (4, 12)])
def test_whoever_knows_the_rule_and_tries_every_world_finds_no_small_total(countries, most):
    alike = defaultdict(list)
    for values in product(range(most + 1), repeat=countries):
        alike[seen_of(values)].append(values)
    for seen, worlds in alike.items():
        for place in range(countries):
            if seen[place] is None:
                possible = {world[place] for world in worlds}
                assert max(possible) - min(possible) >= 4, (seen, possible)


def test_a_sum_is_shown_as_soon_as_nothing_can_be_told_from_it():
    assert is_safe_sum([])
    assert is_safe_sum([0, 11, 240])
    assert is_safe_sum([3, 9, 40])
    assert is_safe_sum([1, 2, 3, 4, 5])
    assert not is_safe_sum([40, 7]), "one hidden: subtraction tells it"
    assert not is_safe_sum([10, 10, 11]), "twenty of two who are small: ten each"
    assert not is_safe_sum([1] * 11), "eleven of eleven: one each"
    assert not is_safe_sum([5, 5])


def everything_seen(world: World) -> dict[str, Any]:
    """All that a regional reader is shown of a month: every country's page and the programme's."""
    seen: dict[str, Any] = {
        country: said(COUNTRY, facts, {country: facts}) for country, facts in world.items()
    }
    return seen | {"": said(PROGRAMME, merge_totals(world), world)}


def said(reader: FigureReader, facts: ReturnTotals, by_country: World) -> dict[str, Any]:
    shown = visible_codes(reader, facts, by_country)
    values = {code: indicator.formula(facts) for code, indicator in RETURNS.items()}
    every = {**values, **facts.departed_by_split()}
    assert every.keys() == {*RETURNS, *SPLITS}
    return {code: every[code] for code in shown}


parties = some.lists(
    some.tuples(
        some.sampled_from(("female", "male")),
        some.sampled_from(("age_12_17", "age_25_59")),
        some.integers(1, 6),
    ),
    min_size=1,
    max_size=2,
).map(tuple)


def of_countries(*kind: Any) -> Any:
    """Countries' facts; `kind` draws nationality, transport and whether children are alone."""
    departures = some.builds(Departure, parties, *kind, some.integers(0, 60))
    numbers = {code: some.integers(0, 25) for code in ("opened", "withdrawn", "handed_over")}
    return some.builds(
        ReturnTotals,
        some.fixed_dictionaries(numbers),
        some.lists(departures, max_size=14).map(tuple),
    )


def of_worlds(countries: Any) -> Any:
    return some.dictionaries(some.sampled_from(CODES), countries, min_size=1)


countries = of_countries(
    some.sampled_from(("NIC", "VEN")), some.sampled_from(("land", "air")), some.booleans()
)
worlds = of_worlds(countries)
uniform_worlds = some.booleans().flatmap(
    lambda alone: of_worlds(of_countries(some.just("NIC"), some.just("air"), some.just(alone)))
)
"""Everybody is alike but for sex and age, so that people of one country can be thought of as another's."""


def alternatives(world: World, country: str, code: str) -> Iterator[World]:
    """Other worlds in which a country's total is another one, near to this: alone, or at the cost of a second one."""
    change = _departs if code == DEPARTED else partial(_happens, code)
    for by in (-1, 1):
        yield from change(world, country, by)
        for other in (each for each in world if each != country):
            giving, taking = (country, other) if by == -1 else (other, country)
            if code == DEPARTED:
                yield from _moved(world, giving, taking)
            else:
                for some_world in change(world, giving, -1):
                    yield from change(some_world, taking, 1)


def _happens(code: str, world: World, country: str, by: int) -> Iterator[World]:
    facts = world[country]
    events = {**facts.events, code: max(0, facts.events[code] + by)}
    yield {**world, country: replace(facts, events=events)}


def _departs(world: World, country: str, by: int) -> Iterator[World]:
    for place, one in enumerate(world[country].departures):
        (sex, band, n), *rest = one.persons
        if n + by:
            yield _with(world, country, place, ((sex, band, n + by), *rest))
        elif len(world[country].departures) > 1:
            yield _with(world, country, place, ())


def _moved(world: World, giving: str, taking: str) -> Iterator[World]:
    """One person travels with another country's group; a whole group was another country's."""
    for place, one in enumerate(world[giving].departures):
        (sex, band, n), *rest = one.persons
        less = _with(world, giving, place, ())
        facts = less[taking]
        yield {**less, taking: replace(facts, departures=(*facts.departures, one))}
        if n > 1 and world[taking].departures:
            fewer = _with(world, giving, place, ((sex, band, n - 1), *rest))
            group = world[taking].departures[0].persons
            yield _with(fewer, taking, 0, (*group, (sex, band, 1)))


def _with(world: World, country: str, place: int, persons: tuple[Any, ...]) -> World:
    facts = world[country]
    changed = (replace(facts.departures[place], persons=persons),) if persons else ()
    every = (*facts.departures[:place], *changed, *facts.departures[place + 1 :])
    return {**world, country: replace(facts, departures=every)}


@settings(max_examples=60 * ROUNDS, deadline=None)
@given(uniform_worlds)
@example({"HND": in_groups(3, 3), "GTM": in_groups(6), "MEX": in_groups(30)})
@example({"HND": in_groups(1), "GTM": in_groups(*[1] * 10), "MEX": in_groups(*[2] * 12)})
@example({"HND": in_groups(10), "GTM": in_groups(5), "MEX": ReturnTotals(NOTHING)})
@example({"HND": in_groups(7), "GTM": in_groups(40)})
def test_every_hidden_total_could_be_another_one_and_all_that_is_shown_the_same(world):
    seen = everything_seen(world)
    for country, facts in world.items():
        for code in TOTALS:
            value = facts.total(code)
            assert (code in seen[country]) == (value not in SMALL)
            if code not in seen[country]:
                assert any(
                    everything_seen(other) == seen and other[country].total(code) != value
                    for other in alternatives(world, country, code)
                ), (country, code)


@settings(max_examples=60 * ROUNDS, deadline=None)
@given(worlds)
@example(
    {"HND": ReturnTotals({}, (Departure((("male", "age_12_17", 10),), "NIC", "air", True, 3),) * 3)}
)
def test_what_is_shown_of_the_programme_is_nobody_or_many_and_splits_add_up(world):
    seen = everything_seen(world)
    whole = seen.pop("")
    for of_country in seen.values():
        assert not {*SPLITS, CHILDREN_ALONE} & of_country.keys()
    shown_splits = [code for code in SPLITS if code in whole]
    for code in shown_splits:
        assert all(n not in SMALL for n in whole[code].values())
        assert sum(whole[code].values()) == whole[DEPARTED]
    assert whole.get(CHILDREN_ALONE, 0) not in SMALL
    if shown_splits or CHILDREN_ALONE in whole:
        assert DEPARTED in whole
    for place in (whole, *seen.values()):
        if "median_days_consent_to_departure" in place:
            assert place[DEPARTED] >= 11


@given(countries)
def test_the_own_supervisor_sees_all_but_no_children_alone_of_one_desk(facts):
    of_country = visible_codes(FigureReader(is_own=True), facts, {"HND": facts})
    assert of_country == {*RETURNS, *SPLITS}
    of_desk = visible_codes(FigureReader(is_own=True, is_desk=True), facts, {"HND": facts})
    assert of_desk == of_country - {CHILDREN_ALONE}
