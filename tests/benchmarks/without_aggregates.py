"""The benchmark's app without counting: lines are stored, without links and aggregates. For comparison only."""

from collections.abc import Iterable, Mapping, Sequence

from flask import Flask
from sqlalchemy.orm import Session

from app.consultations.actions import recording
from app.db.session import insert_rows
from app.people.actions.aggregates import INSERT_LINES
from app.people.actions.lines import ConsultationContext, ProfileCount, build_lines
from tests.benchmarks.baseline_app import application


def without_aggregates() -> Flask:
    """Return the app, without counting from now on in this process."""
    recording.write_lines = _store_lines  # type: ignore[attr-defined]  # the one call that counts
    return application


def _store_lines(
    session: Session,
    consultations: Iterable[tuple[ConsultationContext, Sequence[ProfileCount]]],
    roots: Mapping[int, int],
) -> None:
    del roots
    insert_rows(
        session,
        INSERT_LINES,
        [line for context, profiles in consultations for line in build_lines(context, profiles)],
    )
