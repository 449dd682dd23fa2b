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
from app.consultations.schemas import parse_correction
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
from tests.factories.records import JSON, alone, at, sign_in

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


def told(consultations, seed=1, months=13, now=NOW):
    """What the demo tells, with the desks of the database."""
    with clock.frozen_at(now):
        period = building.demo_period(months)
        desks = {desk.code: desk for desk in list_desks(db.session(), EVERYTHING)}
        wish = building.DemoOptions(seed, months, consultations)
        return list(building.generate_consultations(wish, demo_desks(period), desks, period))


def count(table, *where):
    return db.session.scalar(select(func.count()).select_from(table).where(*where))


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
    assert all(2 <= many <= 4 for many in by_country.values())
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
    for country, known in programme().items():
        desk = find_account(db.session(), f"desk.{country.lower()}")
        assert (desk.is_demo, desk.locale, desk.role) == (True, known.shown_in, "desk_staff")
        scope = get_scope(db.session(), desk)
        assert (len(scope.desks), scope.home_country) == (1, country)
        boss = find_account(db.session(), f"supervisor.{country.lower()}")
        assert get_scope(db.session(), boss).countries == {country}
        shelter = find_account(db.session(), f"shelter.{country.lower()}")
        assert shelter.role == "shelter_coordinator"
    assert count(ACCOUNTS, ACCOUNTS.c.is_demo.is_(False)) == 0
    db.session.rollback()
    for username in ("desk.hnd", "supervisor.hnd", "regional", "admin"):
        me = sign_in(app, username, "ventanilla-demo").get("/sync/me").get_json()
        assert me["account"] == username


def test_the_same_seed_on_the_same_day_makes_the_same_rows(app):
    build(consultations=400)
    once = rows_of(CONSULTATIONS, LINES, VERSIONS, DESKS)
    told_again = told(400)
    later = told(400, now=at("2026-11-18 23:10"))
    other = told(400, seed=2)
    assert len(once) > 800
    contents = [telling.content for _, telling in told_again]
    assert {str(row[0]) for row in once[:400]} == {content.id for content in contents}
    assert contents == [telling.content for _, telling in later]
    assert not {content.id for content in contents} & {t.content.id for _, t in other}


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
    names = dict(session.execute(select(ACCOUNTS.c.username, ACCOUNTS.c.id)).all())
    crew = DemoAccounts(
        {c: names.get(f"desk.{c.lower()}", names[f"desk.{c[:3].lower()}"]) for c in desks},
        {c: names[f"supervisor.{c.lower()}"] for c in programme()},
        {},
    )
    batch = Batch(session)
    for desk, telling in told(300):
        batch.add(telling, desk, crew)
    batch.write()
    session.commit()
    without_number = [row[1:] if isinstance(row[0], int) else row for row in first]
    again = [row[1:] if isinstance(row[0], int) else row for row in rows_of(*tables)]
    assert again == without_number


def test_everything_told_is_what_the_intake_accepts(app):
    build(consultations=1200)
    session, carded = db.session(), 0
    with clock.frozen_at(NOW):
        for desk, telling in told(1200)[::4]:
            raw = as_json(telling.content)
            raw |= {name: said for name, said in telling.telemetry.items() if said is not None}
            reading = parse_correction({**raw, **CORRECTION})
            card = resolve_card(session, reading, telling.content.card_id)
            found = find_desk(session, EVERYTHING, desk.code)
            assert [*reading.errors, *validate(reading, found, card)] == []
            assert content_digest(with_card(reading.data, card)) == content_digest(telling.content)
            carded += card is not None
    assert carded > 100


def test_rows_are_those_that_the_intake_would_have_written(app):
    build(consultations=600)
    names = ("supervisor.hnd", "supervisor.mex", "supervisor.pan")
    scope = Scope(countries=frozenset(name[-3:].upper() for name in names))
    consultation = CONSULTATIONS.c
    of_honduras = select(consultation.id).where(consultation.country == "HND")
    ids = db.session.scalars(of_honduras.order_by(consultation.id))
    checked = 0
    for one in list(ids)[:60]:
        row = queries.find_consultation(db.session(), scope, one)
        content = queries.get_consultation_data(db.session(), row)
        assert content.persons == row.persons
        if row.version == 1 or row.state == "void":
            assert content_digest(content) == row.arrival_digest
            checked += 1
    assert checked > 40


def test_people_who_come_again_say_so_truthfully(app):
    build(consultations=300)
    tellings = [telling for _, telling in told(8000)]
    answers = Counter()
    for telling in tellings:
        for group in telling.content.groups:
            answers[group.repeat_contact] += 1
            january = telling.content.held_on.month == 1
            assert not (january and group.repeat_contact == "first_this_month")
    shares = {answer: many / answers.total() for answer, many in answers.items()}
    assert 0.55 < shares["first_this_year"] < 0.9
    assert 0.02 < shares["unknown"] < 0.06
    assert shares["first_this_month"] > 0.05
    assert shares["repeat_this_month"] > 0.02


def test_the_shares_are_plausible(app):
    build(consultations=300)
    tellings = [telling for _, telling in told(8000)]
    share = {
        "tallies": sum(t.content.is_tally for t in tellings),
        "empty": sum(not t.content.qualifies and not t.content.is_tally for t in tellings),
        "corrected": sum(t.before is not None for t in tellings),
        "void": sum(t.is_void for t in tellings),
        "late": sum(
            clock.day_at(t.received_at, "America/Tegucigalpa") > t.content.held_on for t in tellings
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
        assert low < share[name] / len(tellings) < high, name
    weekdays = Counter(t.content.held_on.weekday() for t in tellings)
    assert weekdays[0] > weekdays[5] > weekdays[6]
    nations = defaultdict(Counter)
    for desk, telling in told(3000):
        for group in telling.content.groups:
            nations[desk.country][group.nationality] += 1
    assert nations["CRI"].most_common(1)[0][0] == "NIC"
    assert nations["DOM"].most_common(1)[0][0] == "HTI"


@pytest.mark.parametrize(
    "now", ["2026-11-18 12:10", "2026-11-01 05:30", "2026-01-01 07:00", "2026-03-01 23:59"]
)
@pytest.mark.parametrize("months", [1, 13])
def test_nothing_is_received_or_changed_before_its_day_or_in_the_future(app, now, months):
    build(consultations=200, months=months, now=at(now))
    for desk, telling in told(2000, months=months, now=at(now)):
        received = clock.day_at(telling.received_at, desk.time_zone)
        assert telling.content.held_on <= received
        assert telling.received_at <= at(now)
        assert telling.received_at <= (telling.changed_at or telling.received_at) <= at(now)


def test_a_corrected_record_keeps_the_version_it_had(app):
    build()
    corrected = select(CONSULTATIONS.c.id, CONSULTATIONS.c.arrival_digest).where(
        CONSULTATIONS.c.version == 2
    )
    changed = db.session.execute(corrected.order_by(CONSULTATIONS.c.id)).all()
    assert len(changed) > 20
    for row in changed:
        kept = select(VERSIONS).where(VERSIONS.c.consultation_id == row.id)
        old = db.session.execute(kept).one()
        assert (old.version, old.state, old.reason) == (1, "live", None)
        from hashlib import sha256

        assert sha256(old.content.encode()).hexdigest() == row.arrival_digest
    assert count(VERSIONS) == len(changed)


def test_the_building_leaves_an_entry_and_the_chain_holds(app):
    build(consultations=100)
    assert count(AUDIT_ENTRIES, AUDIT_ENTRIES.c.act == "demo_built") == 1
    assert verify_chain(db.session())[1] is None


def test_the_day_of_a_main_desk_has_something_to_look_at(app):
    build(now=clock.now())
    answer = alone(sign_in(app, "desk.hnd", "ventanilla-demo").client.get, "/today", headers=JSON)
    assert answer.status_code == 200
    today = building.demo_period(1).last
    desk = find_desk(db.session(), EVERYTHING, "HND-01")
    assert (
        count(CONSULTATIONS, CONSULTATIONS.c.desk_id == desk.id, CONSULTATIONS.c.held_on == today)
        >= 6
    )


def test_the_command_says_the_names_and_refuses_a_second_time(app):
    runner = app.test_cli_runner()
    made = alone(runner.invoke, args=["demo", "--consultations", "200"])
    assert made.exit_code == 0, made.output
    assert "desk.<country>, shelter.<country>" in made.output
    assert "ventanilla-demo" in made.output
    spoken = f"200 consultations and {count(LINES)} person rows in "
    assert re.search(re.escape(spoken) + r"[\d.]+ seconds: \d+ rows a second\.\n$", made.output)
    again = alone(runner.invoke, args=["demo"])
    assert (again.exit_code, again.output.count("\n")) == (1, 1)
    quiet = alone(runner.invoke, args=["demo", "--if-empty"])
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert count(CONSULTATIONS) == 200


def test_a_building_that_fails_leaves_nothing(app):
    def full(_written):
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"), unit_of_work():
        building.build(db.session(), building.DemoOptions(1, 2, 300), full)
    for table in (CONSULTATIONS, LINES, CARDS, DESKS, ACCOUNTS, AUDIT_ENTRIES, REFERRALS, SHELTERS):
        assert count(table) == 0
