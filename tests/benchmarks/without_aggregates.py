"""The benchmark's app without counting: lines are stored, no link and no cell is made. For comparison only."""

from collections.abc import Iterable, Mapping, Sequence

from flask import Flask
from sqlalchemy.orm import Session

from app.consultations.actions import recording
from app.db.session import insert_rows
from app.people.actions.aggregates import INSERT_LINES
from app.people.actions.lines import ConsultationContext, ProfileCount, build_lines
from tests.benchmarks.baseline_app import application


def without_counting() -> Flask:
    """The app as it is served, from now on in this process without counting."""
    recording.write_lines = _only_store  # type: ignore[attr-defined]  # the one call that counts
    return application


def _only_store(
    session: Session, some: Iterable[tuple[ConsultationContext, Sequence[ProfileCount]]], roots: Mapping[int, int]
) -> None:
    del roots
    insert_rows(session, INSERT_LINES, [line for one in some for line in build_lines(*one)])
