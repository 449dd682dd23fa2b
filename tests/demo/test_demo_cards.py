"""The demo's visitor cards: previous contacts as linking finds them, truthful answers, families, travel, losses."""

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
def generated():
    """Return what the demo generates, without a database: 8,000 consultations with their desks."""
    app = create_app(settings_for("sqlite://"))
    with app.app_context(), clock.frozen_at(NOW):
        period = building.demo_period(13)
        options = building.DemoOptions(1, 13, 8000)
        return list(
            building.generate_consultations(
                options, demo_desks(period), rows_of_desks(period), period
            )
        )


def rows_of_desks(period):
    """Return the demo's desks by code, as the database would give them."""
    return {
        plan.code: DeskRow(id=number, version=1, **plan.fields)
        for number, plan in enumerate(demo_desks(period), start=1)
    }


def year_of(day):
    return Month.containing(day).reporting_year_start(1)


def group_by_party(consultations):
    """Return the consultations of each party, in the order of their generation."""
    by_party = defaultdict(list)
    for desk, consultation in consultations:
        if consultation.party is not None:
            by_party[id(consultation.party)].append((desk, consultation))
    return list(by_party.values())


def units_of(content):
    """Yield every person of a consultation as (profile and ordinal, answer)."""
    ordinals = Counter()
    for group in content.groups:
        for counted in group.persons:
            profile = (counted.sex, counted.age_band, group.nationality)
            for _ in range(counted.n):
                ordinals[profile] += 1
                yield (*profile, ordinals[profile]), group.repeat_contact


def list_counting(consultations):
    return [
        (desk, consultation)
        for desk, consultation in consultations
        if consultation.content.qualifies and not consultation.is_void
    ]


def card_lines():
    statement = select(LINES, ROOT).join(CARDS, CARDS.c.id == LINES.c.card_id)
    return db.session.execute(statement.order_by(LINES.c.id)).all()


def test_every_previous_contact_is_the_one_that_linking_finds(app):
    build(consultations=3000)
    lines = [row for row in card_lines() if row.qualifying and not row.is_void]
    contacts = {}
    for row in lines:
        unit = (row.root, row.sex, row.age_band, row.nationality, row.ordinal)
        contacts[row.id] = PersonContact(
            unit, row.held_on, row.consultation_id, row.country, row.repeat_contact
        )
    previous_by_contact = compute_previous_contacts(contacts.values())
    stored = {
        row.id: PreviousContact(row.is_known, row.previous_in_country, row.previous_in_programme)
        for row in lines
    }
    assert stored == {line: previous_by_contact[contact] for line, contact in contacts.items()}
    known_by_card = [row for row in lines if row.repeat_contact == "unknown" and row.is_known]
    elsewhere = [row for row in lines if row.previous_in_programme > row.previous_in_country]
    assert len(known_by_card) > 5
    assert len(elsewhere) > 5


def test_what_a_card_remembers_day_by_day_is_what_linking_finds_in_the_end():
    rng = seeded_random("memory")
    answers = ("first_this_year", "first_this_month", "repeat_this_month", "unknown")
    differing = 0
    for _ in range(300):
        history, counted = CardHistory(), {}
        for n, day in enumerate(sorted(rng.sample(range(120), 6))):
            held_on, ordinals = date(2026, 1, 5) + timedelta(days=day), range(1, 2 + n % 3)
            country = rng.choice(("HND", "MEX"))
            counts = {"is_void": rng.random() < 0.2, "qualifying": rng.random() < 0.8}
            for ordinal in ordinals:
                answer = rng.choice(answers)
                line = line_of(held_on, country, ordinal, answer) | counts
                before = previous_of(line)
                history.link(line)
                assert counts["qualifying"] or previous_of(line) == before
                if counts["qualifying"] and not counts["is_void"]:
                    unit = ("female", "age_0_4", "HND", ordinal)
                    contact = PersonContact(unit, held_on, uuid4(), country, answer)
                    counted[contact] = previous_of(line)
        assert counted == compute_previous_contacts(counted)
        differing += any(before.in_country != before.in_programme for before in counted.values())
    assert differing > 100


def line_of(held_on, country, ordinal, answer):
    month = Month.containing(held_on)
    previous = previous_by_answer(answer, month)
    return {
        "sex": "female",
        "age_band": "age_0_4",
        "nationality": "HND",
        "ordinal": ordinal,
        "country": country,
        "month": int(month),
        "is_known": previous.is_known,
        "previous_in_country": previous.in_country,
        "previous_in_programme": previous.in_programme,
    }


def previous_of(line):
    return PreviousContact(
        line["is_known"], line["previous_in_country"], line["previous_in_programme"]
    )


def test_rows_and_figures_agree(app):
    build(consultations=1500)
    db.session.rollback()
    result = in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"])
    assert result.exit_code == 0, result.output
    assert f"{count(LINES)} lines of people" in result.output


def test_cards_are_given_left_at_home_lost_and_given_up_with_their_year(generated):
    n_first, n_later, n_left_at_home, years = [0, 0], 0, 0, set()
    for of_party in group_by_party(generated):
        cards = [consultation.showing.card for _, consultation in of_party]
        n_first[cards[0] is not None] += 1
        if cards[0] is None:
            assert set(cards) == {None}
            continue
        for (_, before), (_, consultation) in pairwise(of_party):
            same_year = year_of(before.content.held_on) == year_of(consultation.content.held_on)
            n_later += same_year
            n_left_at_home += same_year and consultation.showing.card is None
            if not same_year:
                assert consultation.showing.printed["root_id"] is None
                years.add(consultation.showing.printed["year"])
    assert 0.55 < n_first[1] / sum(n_first) < 0.65
    assert 0.16 < n_left_at_home / n_later < 0.24
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


def test_answers_are_the_truth_about_the_country(generated):
    answers = Counter()
    for of_party in group_by_party(generated):
        last_months = {}
        for desk, consultation in of_party:
            month = Month.containing(consultation.content.held_on)
            year = year_of(consultation.content.held_on)
            units = list(units_of(consultation.content))
            for unit, answer in units:
                expected = truthful_answer(last_months.get((unit, desk.country)), month, year)
                assert answer in (expected, "unknown")
                answers[answer] += 1
            if consultation.content.qualifies and not consultation.is_void:
                last_months |= {(unit, desk.country): month for unit, _ in units}
    assert min(answers.values()) > 100
    assert len(answers) == 4


def test_the_truth_knows_months_and_reporting_years():
    march, year = Month(2026, 3), Month(2026, 1)
    assert truthful_answer(None, march, year) == "first_this_year"
    assert truthful_answer(Month(2025, 12), march, year) == "first_this_year"
    assert truthful_answer(Month(2026, 1), march, year) == "first_this_month"
    assert truthful_answer(march, march, year) == "repeat_this_month"


def test_nobody_comes_twice_on_one_day_or_before_they_came(generated):
    n_returning = 0
    for of_party in group_by_party(generated):
        days = [consultation.content.held_on for _, consultation in of_party]
        assert all(day < next_day for day, next_day in pairwise(days))
        n_returning += len(days) > 1
    assert n_returning > 1000


def test_people_go_on_to_other_desks_and_countries(generated):
    moves = Counter()
    for of_party in group_by_party(list_counting(generated)):
        for (desk, _), (next_desk, consultation) in pairwise(of_party):
            kind = "abroad" if desk.country != next_desk.country else "within"
            moves[kind if desk.code != next_desk.code else "stays"] += 1
            if kind == "abroad" and consultation.content.card_id is not None:
                moves["abroad with a card"] += 1
    assert moves["stays"] > moves["abroad"] > 50
    assert moves["within"] > 20
    assert moves["abroad with a card"] > 20


def test_a_family_comes_again_with_one_more_child_and_only_that_one_is_new(generated):
    n_grown = 0
    for of_party in group_by_party(generated):
        sizes = [consultation.content.persons for _, consultation in of_party]
        assert sizes[-1] - sizes[0] in (0, 1)
        for (_, earlier), (_, consultation) in pairwise(list_counting(of_party)):
            new_units = (
                dict(units_of(consultation.content)).keys() - dict(units_of(earlier.content)).keys()
            )
            answers = dict(units_of(consultation.content))
            if new_units and "unknown" not in answers.values():
                (child,) = new_units
                assert answers[child] == "first_this_year"
                n_grown += len(set(answers.values())) == 2
    assert n_grown > 10


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
    rng = seeded_random("keys")
    printer = CardPrinter({2026: b"k" * 32}, 1)
    parties = [new_party("HND", rng) for _ in range(50)]
    assert not any(printer.show(party, Month(2025, 12), rng).card for party in parties)
    assert any(printer.show(party, Month(2026, 1), rng).card for party in parties)


def test_the_route_passes_every_country():
    assert set(ROUTE) == set(programme())
    assert len(ROUTE) == len(programme())


def test_a_limited_number_drawn_from_the_whole_period_waits_for_a_desk():
    period = Period(date(2025, 11, 1), date(2026, 11, 18))
    plans = [plan for plan in in_route_order(demo_desks(period)) if plan.country in ("GTM", "MEX")]
    onward_travel, rng = OnwardTravel(plans, period.last), seeded_random("roads")
    days = [period.first + timedelta(days=n) for n in range(300)]
    departures = Counter()
    for day in days:
        for _ in range(400):
            party = new_party("GTM", rng)
            departures[onward_travel.depart(party, "GTM-01", day, rng)] += 1
    assert 0.02 < departures[True] / departures.total() < 0.2
    assert {len(journeys) for journeys in onward_travel.waiting.values()} <= set(
        range(MAX_WAITING + 1)
    )
    arriving = onward_travel.arriving("MEX-01")
    assert len(arriving) == MAX_WAITING
    due = [journey[0] for journey in arriving]
    assert due == sorted(due, reverse=True)
    early = sum(day < days[150] for day in due)
    assert 0.25 * MAX_WAITING < early < 0.75 * MAX_WAITING
    assert "MEX-01" not in onward_travel.waiting


def test_a_pool_forgets_the_oldest_if_there_are_too_many():
    period = Period(date(2025, 11, 1), date(2026, 11, 18))
    onward_travel = OnwardTravel(in_route_order(demo_desks(period)), period.last)
    pool = VisitorPool(rows_of_desks(period)["MEX-03"], onward_travel, seeded_random("pool"))
    parties = [new_party("MEX", pool.rng) for _ in range(2 * MAX_PARTIES)]
    for party in parties:
        pool.keep(party, date(2026, 3, 2))
    assert len(pool.parties) == MAX_PARTIES
    assert {id(party) for party in pool.parties} == {id(party) for party in parties[MAX_PARTIES:]}
