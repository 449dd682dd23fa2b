"""The demo's shelters and referrals: plausible, with allowed actions, and beds that follow from their history."""

import shutil
from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from app import clock, create_app
from app.counts import forms
from app.counts.queries.figures import get_figures
from app.db.session import db
from app.demo.actions import building
from app.demo.actions.accounts import DemoAccounts
from app.demo.actions.shelters import ReferralSimulation
from app.demo.programme.places import demo_desks
from app.demo.programme.shelters import demo_shelters
from app.month import Month
from app.places.queries import DESKS, list_desks
from app.places.vocabulary import programme
from app.referrals.actions.expire import expire_overdue
from app.referrals.queries.referrals import EVENTS, OFFERS, REFERRALS
from app.referrals.rules import states
from app.referrals.rules.deadlines import deadline
from app.shelters.models import BedCensus, BedChange
from app.shelters.queries.beds import BEDS, HOLDS
from app.shelters.queries.shelters import SHELTERS, list_all
from app.staff.queries import find_account, get_scope
from tests.conftest import settings_for
from tests.demo.test_demo import EVERYTHING, NOW, build, count, generate
from tests.factories.records import in_new_context, sign_in

pytestmark = pytest.mark.both_databases

CHANGES, CENSUS = BedChange.__table__, BedCensus.__table__
NEXT = {
    "": {"sent"},
    "sent": {"seen", "accepted", "declined", "waitlisted", "cancelled", "expired"},
    "seen": {"seen", "accepted", "declined", "waitlisted", "cancelled", "expired"},
    "waitlisted": {"seen", "accepted", "declined", "waitlisted", "cancelled", "expired"},
    "declined": {"seen", "accepted", "declined", "waitlisted", "cancelled", "expired"},
    "accepted": {"arrived", "no_show", "cancelled"},
    "arrived": {"completed"},
}
"""The states that may follow each state; after one shelter of several declined, the others remain."""


def rows(table):
    return db.session.execute(select(table).order_by(*table.primary_key)).all()


@pytest.fixture(scope="module")
def built(sqlite_template, tmp_path_factory):
    """Yield the app with a demo of 2,500 consultations, which these tests only read."""
    path = tmp_path_factory.mktemp("demo") / "ventanilla.sqlite"
    shutil.copy(sqlite_template, path)
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        build(consultations=2500)
        yield app
        db.session.remove()
        db.engine.dispose()


def test_every_country_has_shelters_one_of_them_protected_and_somebody_in_each(built):
    by_country = defaultdict(list)
    for shelter in list_all(db.session()):
        by_country[shelter.country].append(shelter)
    assert by_country.keys() == programme().keys()
    for country, shelters in by_country.items():
        assert 2 <= len(shelters) <= 4
        assert any(each.is_protected for each in shelters)
        assert not any(
            country in each.code or country in each.email for each in shelters if each.is_protected
        )
        account = find_account(db.session(), f"shelter.{country.lower()}")
        [shelter_id] = get_scope(db.session(), account).shelters
        [main_shelter] = [each for each in shelters if each.id == shelter_id]
        assert (main_shelter.is_protected, main_shelter.code) == (False, f"{country}-S1")
        assert main_shelter.closed_on == programme()[country].left
    assert count(BEDS) > 60
    assert count(DESKS, DESKS.c.latitude.is_(None)) == 0


def test_every_referral_has_allowed_events_in_its_own_months(built):
    zones = dict(db.session.execute(select(DESKS.c.id, DESKS.c.time_zone)).all())
    events_by_referral = defaultdict(list)
    for event in rows(EVENTS):
        events_by_referral[event.referral_id].append(event)
        assert event.at <= NOW
        assert event.month == int(Month.containing(clock.day_at(event.at, zones[event.desk_id])))
    end_states = Counter()
    for row in rows(REFERRALS):
        events = events_by_referral[row.id]
        path = [event.state for event in events]
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert row.deadline == deadline(row.priority, row.sent_at, zones[row.desk_id])
        assert (row.closed_at is not None) == (row.state in states.FINAL)
        assert row.version == len(events)
        end_states[row.service == "shelter", row.state] += 1
        if row.service != "shelter":
            assert path in (["sent"], ["sent", row.state])
            continue
        assert all(after in NEXT[before] for before, after in zip(["", *path], path, strict=False))
        assert all(event.at < row.deadline for event in events if event.state == "accepted")
    assert 0.04 < end_states.total() / 2500 < 0.08
    for state in ("completed", "declined", "expired", "no_show", "cancelled"):
        assert end_states[True, state] > 0, state
    assert end_states[False, "completed"] > 20
    reasons = db.session.scalars(select(EVENTS.c.reason).where(EVENTS.c.state == "declined"))
    assert len(set(reasons)) > 2
    with clock.frozen_at(NOW):
        expiry = expire_overdue(db.session())
    db.session.rollback()
    assert (expiry.expired, expiry.no_show) == (0, 0)


def test_beds_follow_from_their_history(built):
    holds = defaultdict(list)
    for hold in rows(HOLDS):
        holds[hold.shelter_id, hold.category].append(hold)
    zones = dict(db.session.execute(select(SHELTERS.c.id, SHELTERS.c.time_zone)).all())
    last, of_day = {}, {}
    for change in rows(CHANGES):
        key = (change.shelter_id, change.category)
        assert key not in last or last[key].at <= change.at <= NOW
        in_force = [
            hold.person_count
            for hold in holds[key]
            if hold.held_at <= change.at < min(hold.until, hold.ended_at or hold.until)
        ]
        assert change.held == sum(in_force)
        free = change.capacity - change.blocked - change.occupied - change.held
        assert (free < 0) == bool(change.reason)
        day = clock.day_at(change.at, zones[change.shelter_id])
        last[key] = of_day[*key, day] = change
    numbers = ("capacity", "blocked", "occupied")
    census = {(row.shelter_id, row.category, row.day): row for row in rows(CENSUS)}
    assert census.keys() == of_day.keys()
    for key, row in census.items():
        assert [getattr(row, name) for name in numbers] == [
            getattr(of_day[key], name) for name in numbers
        ]
    current = {(row.shelter_id, row.category): row for row in rows(BEDS)}
    assert current.keys() == last.keys()
    for key, row in current.items():
        assert [getattr(row, name) for name in (*numbers, "reason")] == [
            getattr(last[key], name) for name in (*numbers, "reason")
        ]
    assert any(change.reason for change in rows(CHANGES))


def test_the_figures_of_the_demo_are_not_zero(built):
    with clock.frozen_at(NOW):
        query = forms.read_query(EVERYTHING, {"month": "2026-10"}, 1)
        figures, _, _ = get_figures(db.session(), EVERYTHING, query)
    referral_figures = figures.referrals
    for name in ("sent", "accepted", "arrived", "completed", "beds_available"):
        assert referral_figures[name] > 0, name
    assert 40 < referral_figures["acceptance_pct"] < 95
    assert 0.1 < referral_figures["median_answer_hours"] < 6
    assert 40 < referral_figures["occupancy_pct"] < 100


def test_the_same_seed_makes_the_same_referrals(built):
    def names(table, name):
        return dict(db.session.execute(select(table.c[name], table.c.id)).all())

    generated = defaultdict(list)
    with clock.frozen_at(NOW):
        period = building.demo_period(13)
        plans = demo_desks(period)
        shelters = demo_shelters(plans)
        accounts = {code: 1 for code in (*(p.code for p in plans), *(s.code for s in shelters))}
        demo_accounts = DemoAccounts(accounts, accounts, accounts)
        by_code = {shelter.code: shelter for shelter in list_all(db.session())}
        desks = {desk.code: desk for desk in list_desks(db.session(), EVERYTHING)}
        simulation = ReferralSimulation(
            (shelters, by_code), demo_accounts, 1, lambda table, row: generated[table].append(row)
        )
        for plan in plans:
            simulation.open(plan, desks[plan.code], period)
        for desk, consultation in generate(2500):
            simulation.desks[desk.code].add_consultation(consultation)
        simulation.finish(lambda: None)
    stored = {row.id: (row.state, row.deadline, row.content_digest) for row in rows(REFERRALS)}
    regenerated = {
        row["id"]: (row["state"], row["deadline"], row["content_digest"])
        for row in generated["referral"]
    }
    assert regenerated == stored
    for table, name in ((EVENTS, "referral_event"), (CHANGES, "bed_change"), (HOLDS, "bed_hold")):
        assert len(generated[name]) == count(table)


def test_something_waits_in_the_inbox_of_every_coordinator(app):
    build(consultations=200, now=clock.now())
    countries = [code for code, row in programme().items() if row.left is None]
    for country in countries:
        states = db.session.execute(
            select(REFERRALS.c.state)
            .join(OFFERS, OFFERS.c.referral_id == REFERRALS.c.id)
            .join(SHELTERS, SHELTERS.c.id == OFFERS.c.shelter_id)
            .where(SHELTERS.c.code == f"{country}-S1", REFERRALS.c.closed_at.is_(None))
            .order_by(REFERRALS.c.sent_at)
        )
        assert set(states.scalars()) >= {"accepted", "seen", "sent"}, country
    db.session.rollback()
    browser = sign_in(app, "shelter.hnd", "ventanilla-demo")
    assert in_new_context(browser.client.get, "/referrals/inbox").status_code == 200
