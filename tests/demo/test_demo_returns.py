"""The demo's return requests: allowed steps that replay into their rows, in every country and at every stage."""

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
from tests.demo.test_demo import EVERYTHING, NOW, build, count, generate

TOTAL = 4000


@pytest.fixture(scope="module")
def built(sqlite_template, tmp_path_factory):
    """Yield the app with a demo that these tests only read."""
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
    all_requests = requests()
    steps = list_steps(db.session(), all_requests)
    counts = Counter()
    for request in all_requests:
        own_steps = steps[request.id]
        state = state_of(request, own_steps)
        for name, value in request_columns(state, request.closed_at, NOW).items():
            assert getattr(request, name) == value, (name, request)
        assert [step.number for step in own_steps] == list(range(1, request.version + 1))
        assert [step.recorded_at for step in own_steps] == sorted(
            step.recorded_at for step in own_steps
        )
        assert (own_steps[0].action, own_steps[0].recorded_at, own_steps[-1].recorded_at) == (
            "enquiry",
            request.opened_at,
            request.last_step_at,
        )
        assert request.last_step_at <= NOW
        assert request.opened_month == int(
            Month.containing(clock.day_at(request.opened_at, request.time_zone))
        )
        assert all(
            step.recorded_on == clock.day_at(step.recorded_at, request.time_zone)
            for step in own_steps
        )
        assert parse_reference(request.display_reference) == request.reference
        counts.update((step.action, step.role) for step in own_steps)
        counts[request.closing_reason] += 1
    roles = {
        "desk_staff": (stages.DESK_STAGES | {"enquiry"}) - {"best_interests_process"},
        "supervisor": {"approved", "departed", "resume"},
    }
    for role, actions in roles.items():
        assert all(counts[action, role] for action in actions), role
    assert counts["withdraw", "desk_staff"] > 5
    assert counts["stop", "desk_staff"] > 5
    assert len({code for code in CLOSING_REASONS.codes if counts[code]}) >= 6


def test_requests_come_from_consultations_that_say_so_and_some_wait_in_every_country(built):
    all_requests = requests()
    outcomes = dict(db.session.execute(select(CONSULTATIONS.c.id, CONSULTATIONS.c.outcomes)).all())
    from_consultation = [each for each in all_requests if each.consultation_id]
    assert 0.01 < len(from_consultation) / TOTAL < 0.06
    assert all(
        "return_request_opened" in outcomes[each.consultation_id] for each in from_consultation
    )
    countries = [code for code, each in programme().items() if each.left is None]
    with clock.frozen_at(NOW):
        for country in countries:
            account = find_account(db.session(), f"desk.{country.lower()}")
            scope = get_scope(db.session(), account)
            listed = list_requests(db.session(), scope, RequestFilter())
            waiting_for = {line.waits_for for line in listed.lines}
            assert 2 <= listed.total <= 16, country
            assert waiting_for >= {"desk", "supervisor", "person", "child_protection_authority"}, (
                country,
                waiting_for,
            )
            assert list_expiring(db.session(), scope, NOW.date())
    early = stages.DESK_STAGES - {"counselling", "best_interests_process"}
    assert {each.stage for each in all_requests} >= early | {"enquiry", "approved", "closed"}


def test_the_figures_of_the_demo_are_not_zero(built):
    with clock.frozen_at(NOW):
        scope = Scope(countries=frozenset(programme()))
        totals = Counter()
        for country in programme():
            for month in ("2026-08", "2026-09", "2026-10"):
                query = forms.read_query(scope, {"month": month, "country": country}, 1)
                figures, _, _ = get_figures(db.session(), scope, query)
                totals.update({code: n or 0 for code, n in figures.returns.values.items()})
    assert all(totals[code] > 0 for code in totals if code != "children_alone"), totals


def test_the_same_seed_makes_the_same_requests(built):
    generated = defaultdict(list)
    with clock.frozen_at(NOW):
        plans = demo_desks(building.demo_period(13))
        accounts = dict.fromkeys([*(plan.code for plan in plans), *programme()], 1)
        desks = {desk.code: desk for desk in list_desks(db.session(), EVERYTHING)}
        returns = ReturnSimulation(
            DemoAccounts(accounts, accounts, {}), lambda table, row: generated[table].append(row)
        )
        for plan in plans:
            returns.open(plan, desks[plan.code])
        for desk, consultation in generate(TOTAL):
            returns.desks[desk.code].add_consultation(consultation)
    stored = {
        request.id: (request.reference, request.stage, request.content_digest)
        for request in requests()
    }
    regenerated = {
        row["id"]: (row["reference"], row["stage"], row["content_digest"])
        for row in generated["return_request"]
    }
    assert regenerated == stored
    assert len(generated["return_step"]) == count(STEPS)
