"""The demo's visitor cards: previous contacts as linking finds them, truthful answers, families, roads, losses."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import select

from app import clock, create_app
from app.db.session import db, unit_of_work
from app.demo.actions import building
from app.demo.programme.cards import CardHistory, CardPrinter
from app.demo.programme.distributions import seeded_random
from app.demo.programme.onward_travel import MAX_WAITING, ROUTE, OnwardTravel, in_route_order
from app.demo.programme.people import new_party
from app.demo.programme.places import Period, demo_desks
from app.demo.programme.returning_visitors import MAX_PARTIES, VisitorPool
from app.demo.programme.travel_groups import truthful_answer
from app.month import Month
from app.people.actions.cards import issue
from app.people.queries.cards import CARDS
from app.people.queries.lines import LINES, ROOT
from app.people.rules.reach import (
    PersonContact,
    PreviousContact,
    compute_previous_contacts,
    previous_by_answer,
)
from app.places.queries import DeskRow, list_desks
from app.places.vocabulary import programme
from tests.conftest import settings_for
from tests.demo.test_demo import EVERYTHING, NOW, build, count
from tests.factories.records import in_new_context


@pytest.fixture(scope="module")
def story():
    """What the demo tells, without a database; 8,000 consultations with their desks."""
    app = create_app(settings_for("sqlite://"))
    with app.app_context(), clock.frozen_at(NOW):
        period = building.demo_period(13)
        wish = building.DemoOptions(1, 13, 8000)
        return list(
            building.generate_consultations(wish, demo_desks(period), rows_of_desks(period), period)
        )


def rows_of_desks(period):
    """The demo's desks by code, as the database would give them."""
    return {
        plan.code: DeskRow(id=number, version=1, **plan.fields)
        for number, plan in enumerate(demo_desks(period), start=1)
    }


def year_of(day):
    return Month.containing(day).reporting_year_start(1)


def visits(tellings):
    """The consultations of each party, in the order of their telling."""
    by_party = defaultdict(list)
    for desk, telling in tellings:
        if telling.party is not None:
            by_party[id(telling.party)].append((desk, telling))
    return list(by_party.values())


def units_of(content):
    """Every person of a consultation as (profile and ordinal, answer)."""
    met = Counter()
    for group in content.groups:
        for some in group.persons:
            profile = (some.sex, some.age_band, group.nationality)
            for _ in range(some.n):
                met[profile] += 1
                yield (*profile, met[profile]), group.repeat_contact


def counting(tellings):
    return [(d, t) for d, t in tellings if t.content.qualifies and not t.is_void]


def card_lines():
    wanted = select(LINES, ROOT).join(CARDS, CARDS.c.id == LINES.c.card_id)
    return db.session.execute(wanted.order_by(LINES.c.id)).all()


def test_every_previous_contact_is_the_one_that_linking_finds(app):
    build(consultations=3000)
    lines = [row for row in card_lines() if row.qualifying and not row.is_void]
    seen = {}
    for row in lines:
        unit = (row.root, row.sex, row.age_band, row.nationality, row.ordinal)
        seen[row.id] = PersonContact(
            unit, row.held_on, row.consultation_id, row.country, row.repeat_contact
        )
    found = compute_previous_contacts(seen.values())
    said = {
        row.id: PreviousContact(row.known, row.previous_in_country, row.previous_in_programme)
        for row in lines
    }
    assert said == {line: found[one] for line, one in seen.items()}
    known_by_card = [r for r in lines if r.repeat_contact == "unknown" and r.known]
    elsewhere = [r for r in lines if r.previous_in_programme > r.previous_in_country]
    assert len(known_by_card) > 5
    assert len(elsewhere) > 5


def test_what_a_card_remembers_day_by_day_is_what_linking_finds_in_the_end():
    chance = seeded_random("memory")
    answers = ("first_this_year", "first_this_month", "repeat_this_month", "unknown")
    differing = 0
    for _ in range(300):
        memory, counted = CardHistory(), {}
        for n, day in enumerate(sorted(chance.sample(range(120), 6))):
            held_on, ordinals = date(2026, 1, 5) + timedelta(days=day), range(1, 2 + n % 3)
            country = chance.choice(("HND", "MEX"))
            counts = {"is_void": chance.random() < 0.2, "qualifying": chance.random() < 0.8}
            for ordinal in ordinals:
                answer = chance.choice(answers)
                line = line_of(held_on, country, ordinal, answer) | counts
                before = previous_of(line)
                memory.link(line)
                assert counts["qualifying"] or previous_of(line) == before
                if counts["qualifying"] and not counts["is_void"]:
                    unit = ("female", "age_0_4", "HND", ordinal)
                    seen = PersonContact(unit, held_on, uuid4(), country, answer)
                    counted[seen] = previous_of(line)
        assert counted == compute_previous_contacts(counted)
        differing += any(before.in_country != before.in_programme for before in counted.values())
    assert differing > 100


def line_of(held_on, country, ordinal, answer):
    month = Month.containing(held_on)
    said = previous_by_answer(answer, month)
    return {
        "sex": "female",
        "age_band": "age_0_4",
        "nationality": "HND",
        "ordinal": ordinal,
        "country": country,
        "month": int(month),
        "known": said.is_known,
        "previous_in_country": said.in_country,
        "previous_in_programme": said.in_programme,
    }


def previous_of(line):
    return PreviousContact(
        line["known"], line["previous_in_country"], line["previous_in_programme"]
    )


def test_rows_and_figures_agree(app):
    build(consultations=1500)
    db.session.rollback()
    proved = in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"])
    assert proved.exit_code == 0, proved.output
    assert f"{count(LINES)} lines of people" in proved.output


def test_cards_are_given_left_at_home_lost_and_given_up_with_their_year(story):
    first, later, left, years = [0, 0], 0, 0, set()
    for mine in visits(story):
        cards = [telling.showing.card for _, telling in mine]
        first[cards[0] is not None] += 1
        if cards[0] is None:
            assert set(cards) == {None}
            continue
        for (_, before), (_, telling) in pairwise(mine):
            same_year = year_of(before.content.held_on) == year_of(telling.content.held_on)
            later += same_year
            left += same_year and telling.showing.card is None
            if not same_year:
                assert telling.showing.printed["root_id"] is None
                years.add(telling.showing.printed["year"])
    assert 0.55 < first[1] / sum(first) < 0.65
    assert 0.16 < left / later < 0.24
    assert years == {2026}


def test_a_lost_card_is_linked_to_the_one_that_takes_its_place(app):
    build(consultations=1500)
    rows = {row.id: row for row in db.session.execute(select(CARDS).order_by(CARDS.c.id))}
    replacing = [row for row in rows.values() if row.root_id is not None]
    assert 0.003 < len(replacing) / len(rows) < 0.03
    assert len(replacing) > 2
    for row in replacing:
        root = rows[row.root_id]
        assert (root.root_id, root.is_replaced, root.year) == (None, True, row.year)
    replaced = [row for row in rows.values() if row.is_replaced]
    assert len(replaced) == len(replacing)
    for row in rows.values():
        days = select(LINES.c.held_on).where(LINES.c.card_id == row.id)
        assert {year_of(day).year for day in db.session.scalars(days)} == {row.year}


def test_answers_are_the_truth_about_the_country(story):
    answers = Counter()
    for mine in visits(story):
        came = {}
        for desk, telling in mine:
            month = Month.containing(telling.content.held_on)
            year = year_of(telling.content.held_on)
            here = list(units_of(telling.content))
            for unit, answer in here:
                expected = truthful_answer(came.get((unit, desk.country)), month, year)
                assert answer in (expected, "unknown")
                answers[answer] += 1
            if telling.content.qualifies and not telling.is_void:
                came |= {(unit, desk.country): month for unit, _ in here}
    assert min(answers.values()) > 100
    assert len(answers) == 4


def test_the_truth_knows_months_and_reporting_years():
    march, year = Month(2026, 3), Month(2026, 1)
    assert truthful_answer(None, march, year) == "first_this_year"
    assert truthful_answer(Month(2025, 12), march, year) == "first_this_year"
    assert truthful_answer(Month(2026, 1), march, year) == "first_this_month"
    assert truthful_answer(march, march, year) == "repeat_this_month"


def test_nobody_comes_twice_on_one_day_or_before_they_came(story):
    many = 0
    for mine in visits(story):
        days = [telling.content.held_on for _, telling in mine]
        assert all(one < other for one, other in pairwise(days))
        many += len(days) > 1
    assert many > 1000


def test_people_go_on_to_other_desks_and_countries(story):
    moves = Counter()
    for mine in visits(counting(story)):
        for (here, _), (there, telling) in pairwise(mine):
            kind = "abroad" if here.country != there.country else "within"
            moves[kind if here.code != there.code else "stays"] += 1
            if kind == "abroad" and telling.content.card_id is not None:
                moves["abroad with a card"] += 1
    assert moves["stays"] > moves["abroad"] > 50
    assert moves["within"] > 20
    assert moves["abroad with a card"] > 20


def test_a_family_comes_again_with_one_more_child_and_only_that_one_is_new(story):
    grown = 0
    for mine in visits(story):
        sizes = [telling.content.persons for _, telling in mine]
        assert sizes[-1] - sizes[0] in (0, 1)
        for (_, before), (_, telling) in pairwise(counting(mine)):
            new = dict(units_of(telling.content)).keys() - dict(units_of(before.content)).keys()
            answers = dict(units_of(telling.content))
            if new and "unknown" not in answers.values():
                (child,) = new
                assert answers[child] == "first_this_year"
                grown += len(set(answers.values())) == 2
    assert grown > 10


def test_the_next_card_that_is_printed_gets_the_next_number(app):
    build(consultations=300)
    cards = count(CARDS)
    desk = next(d for d in list_desks(db.session(), EVERYTHING) if d.code == "HND-01")
    with unit_of_work():
        codes = issue(db.session(), 1, desk, 2, 2026)
    assert len(set(codes)) == 2
    numbers = list(db.session.scalars(select(CARDS.c.id).order_by(CARDS.c.id)))
    assert numbers == list(range(1, cards + 3))


def test_a_year_without_a_key_has_no_cards():
    chance = seeded_random("keys")
    press = CardPrinter({2026: b"k" * 32}, 1)
    parties = [new_party("HND", chance) for _ in range(50)]
    assert not any(press.show(party, Month(2025, 12), chance).card for party in parties)
    assert any(press.show(party, Month(2026, 1), chance).card for party in parties)


def test_the_way_passes_every_country():
    assert set(ROUTE) == set(programme())
    assert len(ROUTE) == len(programme())


def test_so_many_wait_for_a_desk_and_no_more_drawn_from_the_whole_period():
    period = Period(date(2025, 11, 1), date(2026, 11, 18))
    plans = [plan for plan in in_route_order(demo_desks(period)) if plan.country in ("GTM", "MEX")]
    ways, chance = OnwardTravel(plans, period.last), seeded_random("roads")
    days = [period.first + timedelta(days=n) for n in range(300)]
    took = Counter()
    for day in days:
        for _ in range(400):
            party = new_party("GTM", chance)
            took[ways.depart(party, "GTM-01", day, chance)] += 1
    assert 0.02 < took[True] / took.total() < 0.2
    assert {len(some) for some in ways.waiting.values()} <= set(range(MAX_WAITING + 1))
    arriving = ways.arriving("MEX-01")
    assert len(arriving) == MAX_WAITING
    due = [journey[0] for journey in arriving]
    assert due == sorted(due, reverse=True)
    early = sum(day < days[150] for day in due)
    assert 0.25 * MAX_WAITING < early < 0.75 * MAX_WAITING
    assert "MEX-01" not in ways.waiting


def test_a_pool_forgets_the_oldest_where_there_are_too_many():
    period = Period(date(2025, 11, 1), date(2026, 11, 18))
    ways = OnwardTravel(in_route_order(demo_desks(period)), period.last)
    pool = VisitorPool(rows_of_desks(period)["MEX-03"], ways, seeded_random("pool"))
    parties = [new_party("MEX", pool.rng) for _ in range(2 * MAX_PARTIES)]
    for party in parties:
        pool.keep(party, date(2026, 3, 2))
    assert len(pool.parties) == MAX_PARTIES
    assert {id(party) for party in pool.parties} == {id(party) for party in parties[MAX_PARTIES:]}
