"""In any order of save, send, cut, retry, sign-in and update: server ∪ outbox = saved, and figures agree."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.consultations.models import Consultation
from app.db.session import db
from app.people.models.lines import PersonLine
from app.sync.models import Envelope
from tests.factories.records import in_new_context
from tests.factories.two_country_world import TwoCountryWorld
from tests.server import ROUNDS
from tests.sync.lossy_network import Outbox, make_outbox
from tests.sync.tablet import Tablet, make_tablet

pytestmark = pytest.mark.both_databases

FATES = (
    "clear", "request lost", "request cut", "answer lost", "answer cut", "portal", "twice",
    "reordered",
)  # fmt: skip
AUTHORS = st.sampled_from(("ana", "ben"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), AUTHORS, st.integers(1, 9)),
        st.tuples(st.just("save"), AUTHORS, st.integers(1, 9)),
        st.tuples(st.just("void"), AUTHORS, st.integers(0, 30)),
        st.tuples(st.just("send"), st.sampled_from(FATES), st.integers(0, 5000)),
        st.tuples(st.just("send"), st.sampled_from(FATES), st.integers(0, 5000)),
        st.tuples(st.just("image"), st.just(""), st.just(0)),
        st.tuples(st.just("restore"), st.just(""), st.just(0)),
        st.tuples(st.just("update"), st.just(""), st.just(0)),
        st.tuples(st.just("sign in"), AUTHORS, st.just(0)),
    ),
    max_size=25,
)
Step = tuple[str, str, int]


@pytest.fixture
def tablet(app: Flask, world: TwoCountryWorld) -> Tablet:
    return make_tablet(app, world.accounts["adela"], world.desks["HND-01"])


def apply_step(outbox: Outbox, world: TwoCountryWorld, step: Step) -> None:
    kind, text, number = step
    if kind == "save":
        outbox.save(text, number)
    elif kind == "void":
        outbox.void(text, number)
    elif kind == "send":
        outbox.send(text, number)
    elif kind == "image":
        outbox.take_image()
    elif kind == "restore":
        outbox.restore_image()
    elif kind == "update":  # another version of the app fetches key, lists and time
        outbox.tablet.enrolment["keys"] = outbox.tablet.contact(version="next")["keys"]
    else:  # somebody signs in on the same tablet: nothing of the queue changes
        world.sign_in_again(text)


def ids_on_server(ids: set[str]) -> set[str]:
    """Return the ids of these that the server has an envelope of."""
    statement = select(Envelope.id).where(Envelope.id.in_([UUID(id_) for id_ in ids]))
    stored_ids = {str(id_) for id_ in db.session.execute(statement).scalars()}
    db.session.rollback()
    return stored_ids


def lost_ids(outbox: Outbox) -> set[str]:
    """Return saved ids that are neither on the tablet nor on the server."""
    saved_ids = set(outbox.saved) | set(outbox.voids)
    return saved_ids - {envelope["id"] for envelope in outbox.queue} - ids_on_server(saved_ids)


def run(outbox: Outbox, world: TwoCountryWorld, steps: list[Step]) -> list[str]:
    """Apply all steps, then send over a clear line; return what is wrong afterwards."""
    for step in steps:
        apply_step(outbox, world, step)
        lost = lost_ids(outbox)
        if lost:
            return [f"{len(lost)} lost after {step}"]
    outbox.send("clear", 0)
    errors = [] if outbox.queue or not lost_ids(outbox) else ["lost at the end"]
    if outbox.queue:
        errors.append("a clear line did not drain the outbox")
    return errors + list_discrepancies(outbox)


def list_discrepancies(outbox: Outbox) -> list[str]:
    """Return the records that are not on the server exactly once as they were saved and voided."""
    ids = [UUID(id_) for id_ in outbox.saved]
    rows = db.session.execute(select(Consultation.__table__).where(Consultation.id.in_(ids))).all()
    people = select(PersonLine.consultation_id, PersonLine.n, PersonLine.is_void)
    lines = db.session.execute(people.where(PersonLine.consultation_id.in_(ids))).all()
    db.session.rollback()
    discrepancies = [] if len(rows) == len(ids) else [f"{len(rows)} of {len(ids)}"]
    for row in rows:
        content = outbox.saved[str(row.id)]
        lines_of_row = [line for line in lines if line.consultation_id == row.id]
        n = content["groups"][0]["persons"][0]["n"]
        # A voiding counts if the author sends it; a colleague's waits for the supervisor.
        expected = (str(row.id), content["author"]) in outbox.voids.values()
        if [line.n for line in lines_of_row] != [n] or {line.is_void for line in lines_of_row} != {
            expected
        }:
            discrepancies.append(f"{row.id}: {lines_of_row}")
    return discrepancies


def test_nothing_is_lost_or_doubled_over_any_line(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    @settings(
        max_examples=50 * ROUNDS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(STEPS)
    def loses_nothing(steps: list[Step]) -> None:
        assert run(make_outbox(app, tablet), world, steps) == []

    loses_nothing()
    result = in_new_context(app.test_cli_runner().invoke, args=["counts", "prove"])
    assert result.exit_code == 0, result.output


def test_an_outbox_that_takes_any_answer_for_a_receipt_is_caught(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    steps: list[Step] = [("save", "ana", 2), ("send", "portal", 0), ("save", "ben", 1)]
    assert run(make_outbox(app, tablet, naive=True), world, steps) != []


def test_what_a_colleague_voids_waits_for_the_supervisor(
    app: Flask, world: TwoCountryWorld, tablet: Tablet
) -> None:
    outbox: Any = make_outbox(app, tablet)
    outbox.save("ana", 1)
    outbox.void("ben", 0)
    assert run(outbox, world, []) == []
    states = [line.state for line in db.session.execute(select(Envelope.state)).all()]
    db.session.rollback()
    assert sorted(states) == ["open", "settled"]
