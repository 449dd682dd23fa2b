"""The demo's return requests: made of allowed steps that fold into their rows, in every country and at every stage."""

import shutil
from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from app import clock, create_app
from app.consultations.queries import CONSULTATIONS
from app.counts import forms
from app.counts.queries.figures import get_figures
from app.db.session import db
from app.demo.actions import building
from app.demo.actions.accounts import DemoAccounts
from app.demo.actions.returns import ReturnSimulation
from app.demo.programme.places import demo_desks
from app.month import Month
from app.places.queries import list_desks
from app.places.vocabulary import programme
from app.returns.actions.append_step import request_columns
from app.returns.queries.lists import RequestFilter, list_expiring, list_requests
from app.returns.queries.requests import REQUESTS, STEPS, WITH_DESK, list_steps, row_of, state_of
from app.returns.rules import stages
from app.returns.rules.references import parse_reference
from app.returns.vocabulary import CLOSING_REASONS
from app.staff.queries import find_account, get_scope
from app.web.access import Scope
from tests.conftest import settings_for
from tests.demo.test_demo import EVERYTHING, NOW, build, count, told

TOTAL = 4000


@pytest.fixture(scope="module")
def built(sqlite_template, tmp_path_factory):
    """A demo that these tests only read."""
    path = tmp_path_factory.mktemp("demo") / "ventanilla.sqlite"
    shutil.copy(sqlite_template, path)
    app = create_app(settings_for(f"sqlite:///{path}"))
    with app.app_context():
        build(consultations=TOTAL)
        yield app
        db.session.remove()
        db.engine.dispose()


def requests():
    rows = db.session.execute(WITH_DESK.order_by(REQUESTS.c.id))
    return [row_of(row) for row in rows]


def test_every_row_is_what_its_steps_leave(built):
    every = requests()
    steps = list_steps(db.session(), every)
    met = Counter()
    for one in every:
        mine = steps[one.id]
        standing = state_of(one, mine)
        for name, value in request_columns(standing, one.closed_at, NOW).items():
            assert getattr(one, name) == value, (name, one)
        assert [step.number for step in mine] == list(range(1, one.version + 1))
        assert [step.recorded_at for step in mine] == sorted(step.recorded_at for step in mine)
        assert (mine[0].action, mine[0].recorded_at, mine[-1].recorded_at) == (
            "enquiry",
            one.opened_at,
            one.last_step_at,
        )
        assert one.last_step_at <= NOW
        assert one.opened_month == int(Month.containing(clock.day_at(one.opened_at, one.time_zone)))
        assert all(
            step.recorded_on == clock.day_at(step.recorded_at, one.time_zone) for step in mine
        )
        assert parse_reference(one.display_reference) == one.reference
        met.update((step.action, step.role) for step in mine)
        met[one.closing_reason] += 1
    roles = {
        "desk_staff": (stages.DESK_STAGES | {"enquiry"}) - {"best_interests_process"},
        "supervisor": {"approved", "departed", "resume"},
    }
    for role, acts in roles.items():
        assert all(met[act, role] for act in acts), role
    assert met["withdraw", "desk_staff"] > 5
    assert met["stop", "desk_staff"] > 5
    assert len({code for code in CLOSING_REASONS.codes if met[code]}) >= 6


def test_requests_come_from_consultations_that_say_so_and_some_wait_in_every_country(built):
    every = requests()
    outcomes = dict(db.session.execute(select(CONSULTATIONS.c.id, CONSULTATIONS.c.outcomes)).all())
    from_some = [one for one in every if one.consultation_id]
    assert 0.01 < len(from_some) / TOTAL < 0.06
    assert all("return_request_opened" in outcomes[one.consultation_id] for one in from_some)
    here = [code for code, one in programme().items() if one.left is None]
    with clock.frozen_at(NOW):
        for country in here:
            account = find_account(db.session(), f"desk.{country.lower()}")
            scope = get_scope(db.session(), account)
            listed = list_requests(db.session(), scope, RequestFilter())
            waits = {line.waits_for for line in listed.lines}
            assert 2 <= listed.total <= 16, country
            assert waits >= {"desk", "supervisor", "person", "child_protection_authority"}, (
                country,
                waits,
            )
            assert list_expiring(db.session(), scope, NOW.date())
    early = stages.DESK_STAGES - {"counselling", "best_interests_process"}
    assert {one.stage for one in every} >= early | {"enquiry", "approved", "closed"}


def test_the_figures_of_the_demo_are_not_zero(built):
    with clock.frozen_at(NOW):
        scope = Scope(countries=frozenset(programme()))
        seen = Counter()
        for country in programme():
            for month in ("2026-08", "2026-09", "2026-10"):
                asked = forms.read_query(scope, {"month": month, "country": country}, 1)
                figures, _, _ = get_figures(db.session(), scope, asked)
                seen.update({code: n or 0 for code, n in figures.returns.values.items()})
    assert all(seen[code] > 0 for code in seen if code != "children_alone"), seen


def test_the_same_seed_tells_the_same_requests(built):
    told_again = defaultdict(list)
    with clock.frozen_at(NOW):
        plans = demo_desks(building.demo_period(13))
        accounts = dict.fromkeys([*(plan.code for plan in plans), *programme()], 1)
        desks = {desk.code: desk for desk in list_desks(db.session(), EVERYTHING)}
        returns = ReturnSimulation(
            DemoAccounts(accounts, accounts, {}), lambda table, row: told_again[table].append(row)
        )
        for plan in plans:
            returns.open(plan, desks[plan.code])
        for desk, telling in told(TOTAL):
            returns.desks[desk.code].add_consultation(telling)
    kept = {one.id: (one.reference, one.stage, one.content_digest) for one in requests()}
    again = {
        row["id"]: (row["reference"], row["stage"], row["content_digest"])
        for row in told_again["return_request"]
    }
    assert again == kept
    assert len(told_again["return_step"]) == count(STEPS)
