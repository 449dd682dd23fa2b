"""After any recording, correcting, voiding and restoring, person lines are those of the current content."""

import os
from datetime import date
from uuid import UUID, uuid4

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.consultations import queries
from app.consultations.actions import corrections, recording
from app.consultations.actions.corrections import AppliedChange
from app.consultations.actions.rows import consultation_context, new_row, profile_counts
from app.consultations.rules.consultation_data import Change, as_json, canonical_json
from app.consultations.schemas.bodies import parse_consultation, parse_correction
from app.db.session import db, unit_of_work
from app.people.actions.lines import build_lines
from app.people.models.lines import PersonLine
from app.web.access import Scope
from app.web.outcomes import Accepted, Conflict
from tests.consultations.strategies import contents
from tests.factories.records import at

pytestmark = pytest.mark.both_databases

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))
LINES = PersonLine.__table__
NAMES = [column.name for column in LINES.c]
DAYS = ["2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("correct"), contents(DAYS), st.integers(-1, 0)),
        st.tuples(st.just("void"), st.none(), st.sampled_from([None, 0, -1])),
    ),
    max_size=5,
)
MANY = settings(
    max_examples=40 * ROUNDS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def lines_of(consultation_id):
    """Return stored lines without their ids, in no order."""
    statement = select(LINES).where(LINES.c.consultation_id == consultation_id).order_by(LINES.c.id)
    rows = [row._asdict() for row in db.session.execute(statement)]
    return sorted(str({k: v for k, v in row.items() if k != "id"}) for row in rows)


def expected_lines(content, desk, is_void):
    """Return the lines of a fresh record of a content."""
    contact = consultation_context(new_row(content, desk, 1), None)
    topics = tuple(sorted(content.topics))
    rows = [
        {name: None for name in NAMES} | line | {"is_void": is_void, "topics": topics}
        for line in build_lines(contact, profile_counts(content))
    ]
    order = [name for name in NAMES if name != "id"]
    return sorted(str({name: row[name] for name in order}) for row in rows)


def apply_change(principal, record, state, step):
    """Apply one change as the page would send it; return its result."""
    action, fields, behind = step
    with unit_of_work():
        session = db.session()
        row = queries.lock_consultation(session, principal.scope, UUID(record["id"]))
        version = None if behind is None else state["version"] + behind
        if action == "void":
            return corrections.void(session, principal, row, Change(version, "slip"))
        raw = {
            "id": record["id"],
            "desk": record["desk"],
            **fields,
            "version": version,
            "reason": "other",
        }
        return corrections.correct(session, principal, row, parse_correction(raw))


def test_lines_always_are_those_of_the_content_that_stands(world):
    susana, desks = world.accounts["susana"], world.desks

    @MANY
    @given(contents(DAYS), STEPS)
    def run(first, steps):
        record = {"id": str(uuid4()), "desk": "HND-01", **first}
        with unit_of_work():
            recording.record(db.session(), world.accounts["ana"], parse_consultation(record))
        content = recording.with_default_language(parse_consultation(record).data, desks["HND-01"])
        state = {"version": 1, "void": False}
        history = [canonical_json(content)]
        for step in steps:
            done = apply_change(susana, record, state, step)
            action, fields, behind = step
            if action == "void" and state["void"]:
                assert done == Accepted(AppliedChange(record["id"], state["version"]))
            elif behind == -1:
                assert isinstance(done, Conflict) and done.detail.version == state["version"]
            else:
                state = {"version": state["version"] + 1, "void": action == "void"}
                assert done == Accepted(AppliedChange(record["id"], state["version"]))
                if action == "correct":
                    raw = {"id": record["id"], "desk": "HND-01", **fields}
                    content = recording.with_default_language(
                        parse_consultation(raw).data, desks["HND-01"]
                    )
                history.append(canonical_json(content))
            assert_stored(record, content, state, history)

    def assert_stored(record, content, state, history):
        session = db.session()
        row = queries.find_consultation(session, susana.scope, UUID(record["id"]))
        assert (row.version, row.state) == (state["version"], "void" if state["void"] else "live")
        stored = queries.get_consultation_data(session, row)
        assert canonical_json(stored) == canonical_json(content) == history[-1]
        assert (row.persons, row.qualifying) == (content.persons, content.qualifies)
        assert lines_of(row.id) == expected_lines(content, desks["HND-01"], state["void"])
        versions = queries.list_versions_unscoped(session, row.id)
        assert [old.version for old in versions] == list(range(1, state["version"]))
        assert [old.content for old in versions] == history[:-1]
        session.rollback()

    with time_machine.travel(at("2026-03-02 18:00")):
        run()


def test_a_corrected_record_has_the_lines_of_a_fresh_one(world):
    with time_machine.travel(at("2026-03-02 18:00")):
        fields = {"held_on": "2026-03-01", "topics": ["health"], "outcomes": ["person_left"]}
        people = [{"sex": "male", "age_band": "age_0_4", "n": 2}]
        group = {"nationality": "VEN", "repeat_contact": "first_this_month", "persons": people}
        new = {**fields, "groups": [group]}
        old = {**fields, "groups": [{**group, "nationality": "HND", "repeat_contact": "unknown"}]}
        ana = world.accounts["ana"]
        fixed, fresh = ({"id": str(uuid4()), "desk": "HND-01", **c} for c in (old, new))
        for record in (fixed, fresh):
            with unit_of_work():
                recording.record(db.session(), ana, parse_consultation(record))
        done = apply_change(ana, fixed, {"version": 1}, ("correct", new, 0))
        assert done == Accepted(AppliedChange(fixed["id"], 2))
        ids = [record["id"].replace("-", "") for record in (fixed, fresh)]
        lines = [
            str(lines_of(UUID(record_id))).replace(str(UUID(record_id)), "") for record_id in ids
        ]
        assert lines[0] == lines[1] != "[]"


def test_what_a_record_says_as_json_is_read_to_the_same_content(world):
    @MANY
    @given(contents(DAYS))
    def run(fields):
        content = parse_consultation({"id": str(uuid4()), "desk": "HND-01", **fields}).data
        assert parse_consultation(as_json(content)).data == content

    run()


def test_nobody_without_scope_finds_a_record(world):
    from tests.factories.records import make_consultation

    record = make_consultation(world.accounts["ana"])
    for scope in (Scope(), Scope(programme=True), Scope(countries=frozenset({"GTM"}))):
        assert queries.find_consultation(db.session(), scope, UUID(record["id"])) is None
        assert queries.lock_consultation(db.session(), scope, UUID(record["id"])) is None
        desk = world.desks["HND-01"]
        day = date.fromisoformat(record["held_on"])
        assert list(queries.list_consultations_of_day(db.session(), scope, desk.id, day)) == []
