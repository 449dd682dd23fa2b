"""The demo programme: plausible, truthful, repeatable, and made of what the intake accepts."""

import re
from collections import Counter, defaultdict
from datetime import date

import pytest
from sqlalchemy import func, select

from app import clock
from app.audit.actions import verify_chain
from app.audit.queries import AUDIT_ENTRIES
from app.consultations import queries
from app.consultations.actions.recording import resolve_card, validate, with_card
from app.consultations.queries import CONSULTATIONS, VERSIONS
from app.consultations.rules.consultation_data import as_json, content_digest
from app.consultations.schemas.bodies import parse_correction
from app.db.session import db, unit_of_work
from app.demo.actions import building
from app.demo.actions.accounts import DemoAccounts
from app.demo.actions.batches import Batch
from app.demo.programme.places import demo_desks
from app.people.queries.cards import CARDS
from app.people.queries.lines import LINES
from app.places.queries import DESKS, find_desk, list_desks
from app.places.vocabulary import programme
from app.referrals.queries.referrals import EVENTS, OFFERS, REFERRALS
from app.returns.queries.requests import REQUESTS, STEPS
from app.shelters.queries.beds import HOLDS
from app.shelters.queries.shelters import SHELTERS
from app.staff.queries import ACCOUNTS, find_account, get_scope
from app.web.access import Scope
from tests.factories.records import JSON, at, in_new_context, sign_in

NOW = at("2026-11-18 20:30")
EVERYTHING = Scope(programme=True)
CORRECTION = {"version": 1, "reason": "other"}


def build(seed=1, months=13, consultations=1500, now=NOW):
    progress = []
    with clock.frozen_at(now), unit_of_work():
        building.build(
            db.session(), building.DemoOptions(seed, months, consultations), progress.append
        )
    assert sum(progress) == consultations


def generate(consultations, seed=1, months=13, now=NOW):
    """Return what the demo generates, with the desks of the database."""
    with clock.frozen_at(now):
        period = building.demo_period(months)
        desks = {desk.code: desk for desk in list_desks(db.session(), EVERYTHING)}
        options = building.DemoOptions(seed, months, consultations)
        return list(building.generate_consultations(options, demo_desks(period), desks, period))


def count(table, *conditions):
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions))


def rows_of(*tables):
    return [
        tuple(row) for t in tables for row in db.session.execute(select(t).order_by(*t.primary_key))
    ]


def test_the_programme_is_whole(app):
    build()
    assert count(CONSULTATIONS) == 1500
    by_country = dict(
        db.session.execute(select(DESKS.c.country, func.count()).group_by(DESKS.c.country)).all()
    )
    assert by_country.keys() == programme().keys()
    assert all(2 <= n <= 4 for n in by_country.values())
    assert sum(by_country.values()) >= 24
    months = set(db.session.scalars(select(CONSULTATIONS.c.month).distinct()))
    assert len(months) == 13
    assert max(months) == 202611
    assert set(db.session.scalars(select(CONSULTATIONS.c.country).distinct())) == set(programme())


def test_desks_come_and_go_and_those_of_a_country_that_left_end_with_it(app):
    build()
    desks = list_desks(db.session(), EVERYTHING)
    assert {d.closed_on for d in desks if d.country == "NIC"} == {date(2026, 9, 30)}
    assert any(d.opened_on > date(2025, 11, 1) for d in desks)
    assert any(d.closed_on and d.country != "NIC" for d in desks)
    assert (
        count(
            CONSULTATIONS,
            CONSULTATIONS.c.country == "NIC",
            CONSULTATIONS.c.held_on > date(2026, 9, 30),
        )
        == 0
    )
    assert count(CONSULTATIONS, CONSULTATIONS.c.country == "NIC") > 0


def test_the_demo_accounts_sign_in_with_their_scope(app):
    build(consultations=300)
    for country, country_row in programme().items():
        desk_account = find_account(db.session(), f"desk.{country.lower()}")
        assert (desk_account.is_demo, desk_account.locale, desk_account.role) == (
            True,
            country_row.shown_in,
            "desk_staff",
        )
        scope = get_scope(db.session(), desk_account)
        assert (len(scope.desks), scope.home_country) == (1, country)
        supervisor = find_account(db.session(), f"supervisor.{country.lower()}")
        assert get_scope(db.session(), supervisor).countries == {country}
        shelter_account = find_account(db.session(), f"shelter.{country.lower()}")
        assert shelter_account.role == "shelter_coordinator"
    assert count(ACCOUNTS, ACCOUNTS.c.is_demo.is_(False)) == 0
    db.session.rollback()
    for username in ("desk.hnd", "supervisor.hnd", "regional", "admin"):
        profile = sign_in(app, username, "ventanilla-demo").get("/sync/me").get_json()
        assert profile["account"] == username


def test_the_same_seed_on_the_same_day_makes_the_same_rows(app):
    build(consultations=400)
    rows = rows_of(CONSULTATIONS, LINES, VERSIONS, DESKS)
    generated = generate(400)
    later = generate(400, now=at("2026-11-18 23:10"))
    other_seed = generate(400, seed=2)
    assert len(rows) > 800
    contents = [consultation.content for _, consultation in generated]
    assert {str(row[0]) for row in rows[:400]} == {content.id for content in contents}
    assert contents == [consultation.content for _, consultation in later]
    assert not {content.id for content in contents} & {t.content.id for _, t in other_seed}


def test_building_twice_gives_identical_rows(app):
    tables = (CONSULTATIONS, LINES, VERSIONS, DESKS, CARDS)
    build(consultations=300)
    first = rows_of(*tables)
    session = db.session()
    for table in (
        STEPS,
        REQUESTS,
        HOLDS,
        OFFERS,
        EVENTS,
        REFERRALS,
        LINES,
        VERSIONS,
        CONSULTATIONS,
        CARDS,
    ):
        session.execute(table.delete())
    session.commit()
    desks = {desk.code: desk for desk in list_desks(session, EVERYTHING)}
    account_ids = dict(session.execute(select(ACCOUNTS.c.username, ACCOUNTS.c.id)).all())
    accounts = DemoAccounts(
        {
            c: account_ids.get(f"desk.{c.lower()}", account_ids[f"desk.{c[:3].lower()}"])
            for c in desks
        },
        {c: account_ids[f"supervisor.{c.lower()}"] for c in programme()},
        {},
    )
    batch = Batch(session)
    for desk, consultation in generate(300):
        batch.add(consultation, desk, accounts)
    batch.write()
    session.commit()
    without_number = [row[1:] if isinstance(row[0], int) else row for row in first]
    rebuilt = [row[1:] if isinstance(row[0], int) else row for row in rows_of(*tables)]
    assert rebuilt == without_number


def test_everything_generated_is_what_the_intake_accepts(app):
    build(consultations=1200)
    session, n_with_card = db.session(), 0
    with clock.frozen_at(NOW):
        for desk, consultation in generate(1200)[::4]:
            raw = as_json(consultation.content)
            raw |= {
                name: value for name, value in consultation.telemetry.items() if value is not None
            }
            parsed = parse_correction({**raw, **CORRECTION})
            card = resolve_card(session, parsed, consultation.content.card_id)
            desk_row = find_desk(session, EVERYTHING, desk.code)
            assert [*parsed.errors, *validate(parsed, desk_row, card)] == []
            assert content_digest(with_card(parsed.data, card)) == content_digest(
                consultation.content
            )
            n_with_card += card is not None
    assert n_with_card > 100


def test_rows_are_those_that_the_intake_would_have_written(app):
    build(consultations=600)
    names = ("supervisor.hnd", "supervisor.mex", "supervisor.pan")
    scope = Scope(countries=frozenset(name[-3:].upper() for name in names))
    consultation = CONSULTATIONS.c
    of_honduras = select(consultation.id).where(consultation.country == "HND")
    ids = db.session.scalars(of_honduras.order_by(consultation.id))
    checked = 0
    for consultation_id in list(ids)[:60]:
        row = queries.find_consultation(db.session(), scope, consultation_id)
        content = queries.get_consultation_data(db.session(), row)
        assert content.persons == row.persons
        if row.version == 1 or row.state == "void":
            assert content_digest(content) == row.content_digest
            checked += 1
    assert checked > 40


def test_people_who_come_again_say_so_truthfully(app):
    build(consultations=300)
    consultations = [consultation for _, consultation in generate(8000)]
    answers = Counter()
    for consultation in consultations:
        for group in consultation.content.groups:
            answers[group.repeat_contact] += 1
            january = consultation.content.held_on.month == 1
            assert not (january and group.repeat_contact == "first_this_month")
    shares = {answer: n / answers.total() for answer, n in answers.items()}
    assert 0.55 < shares["first_this_year"] < 0.9
    assert 0.02 < shares["unknown"] < 0.06
    assert shares["first_this_month"] > 0.05
    assert shares["repeat_this_month"] > 0.02


def test_the_shares_are_plausible(app):
    build(consultations=300)
    consultations = [consultation for _, consultation in generate(8000)]
    share = {
        "tallies": sum(t.content.is_tally for t in consultations),
        "empty": sum(not t.content.qualifies and not t.content.is_tally for t in consultations),
        "corrected": sum(t.before is not None for t in consultations),
        "void": sum(t.is_void for t in consultations),
        "late": sum(
            clock.day_at(t.received_at, "America/Tegucigalpa") > t.content.held_on
            for t in consultations
        ),
    }
    limits = {
        "tallies": (0.005, 0.02),
        "empty": (0.02, 0.045),
        "corrected": (0.012, 0.03),
        "void": (0.009, 0.022),
        "late": (0.02, 0.045),
    }
    for name, (low, high) in limits.items():
        assert low < share[name] / len(consultations) < high, name
    weekdays = Counter(t.content.held_on.weekday() for t in consultations)
    assert weekdays[0] > weekdays[5] > weekdays[6]
    nations = defaultdict(Counter)
    for desk, consultation in generate(3000):
        for group in consultation.content.groups:
            nations[desk.country][group.nationality] += 1
    assert nations["CRI"].most_common(1)[0][0] == "NIC"
    assert nations["DOM"].most_common(1)[0][0] == "HTI"


@pytest.mark.parametrize(
    "now", ["2026-11-18 12:10", "2026-11-01 05:30", "2026-01-01 07:00", "2026-03-01 23:59"]
)
@pytest.mark.parametrize("months", [1, 13])
def test_nothing_is_received_or_changed_before_its_day_or_in_the_future(app, now, months):
    build(consultations=200, months=months, now=at(now))
    for desk, consultation in generate(2000, months=months, now=at(now)):
        received = clock.day_at(consultation.received_at, desk.time_zone)
        assert consultation.content.held_on <= received
        assert consultation.received_at <= at(now)
        assert (
            consultation.received_at
            <= (consultation.changed_at or consultation.received_at)
            <= at(now)
        )


def test_a_corrected_record_keeps_the_version_it_had(app):
    build()
    corrected = select(CONSULTATIONS.c.id, CONSULTATIONS.c.content_digest).where(
        CONSULTATIONS.c.version == 2
    )
    changed = db.session.execute(corrected.order_by(CONSULTATIONS.c.id)).all()
    assert len(changed) > 20
    for row in changed:
        versions = select(VERSIONS).where(VERSIONS.c.consultation_id == row.id)
        old = db.session.execute(versions).one()
        assert (old.version, old.state, old.reason) == (1, "live", None)
        from hashlib import sha256

        assert sha256(old.content.encode()).hexdigest() == row.content_digest
    assert count(VERSIONS) == len(changed)


def test_the_building_leaves_an_entry_and_the_chain_holds(app):
    build(consultations=100)
    assert count(AUDIT_ENTRIES, AUDIT_ENTRIES.c.action == "demo_built") == 1
    assert verify_chain(db.session())[1] is None


def test_the_day_of_a_main_desk_has_something_to_look_at(app):
    build(now=clock.now())
    answer = in_new_context(
        sign_in(app, "desk.hnd", "ventanilla-demo").client.get, "/today", headers=JSON
    )
    assert answer.status_code == 200
    today = building.demo_period(1).last
    desk = find_desk(db.session(), EVERYTHING, "HND-01")
    assert (
        count(CONSULTATIONS, CONSULTATIONS.c.desk_id == desk.id, CONSULTATIONS.c.held_on == today)
        >= 6
    )


def test_the_command_says_the_names_and_refuses_a_second_time(app):
    runner = app.test_cli_runner()
    built = in_new_context(runner.invoke, args=["demo", "--consultations", "200"])
    assert built.exit_code == 0, built.output
    assert "desk.<country>, shelter.<country>" in built.output
    assert "ventanilla-demo" in built.output
    summary = f"200 consultations and {count(LINES)} person rows in "
    assert re.search(re.escape(summary) + r"[\d.]+ seconds: \d+ rows a second\.\n$", built.output)
    repeated = in_new_context(runner.invoke, args=["demo"])
    assert (repeated.exit_code, repeated.output.count("\n")) == (1, 1)
    quiet = in_new_context(runner.invoke, args=["demo", "--if-empty"])
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert count(CONSULTATIONS) == 200


def test_a_building_that_fails_leaves_nothing(app):
    def full(_written):
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"), unit_of_work():
        building.build(db.session(), building.DemoOptions(1, 2, 300), full)
    for table in (CONSULTATIONS, LINES, CARDS, DESKS, ACCOUNTS, AUDIT_ENTRIES, REFERRALS, SHELTERS):
        assert count(table) == 0
