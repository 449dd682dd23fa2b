"""For the demo of one seed, page, JSON, command and reference model agree, on both databases."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from app import clock, create_app
from app.db.session import db, unit_of_work
from app.demo.actions.building import DemoOptions, build
from tests import conftest
from tests.counts.test_figures import figures_of
from tests.factories.records import JSON, Browser, at, in_new_context, sign_in
from tests.reference_models import counts
from tests.reference_models.counts import ProfileCount, Record

NOW = at("2026-11-18 20:30")
OPTIONS = DemoOptions(seed=4, months=13, consultations=1200)
MONTHS = ("2025-12", "2026-01", "2026-10")
COUNTRIES = ("", "HND", "MEX", "PAN")
CARD_FIGURE = re.compile(r"<strong>([\d.,]+)</strong>")
RECORDS = """
SELECT c.id, d.code AS desk, c.country, c.held_on, c.outcomes, c.topics, c.main_topic, c.state
FROM consultation AS c JOIN desk AS d ON d.id = c.desk_id ORDER BY c.id"""
PEOPLE = """
SELECT l.consultation_id, l.nationality, l.situation, l.repeat_contact, l.sex, l.age_band, l.n,
  COALESCE(k.root_id, k.id) AS card
FROM person_line AS l LEFT JOIN visitor_card AS k ON k.id = l.card_id ORDER BY l.group_index, l.id"""
Figures = dict[str, Any]


@contextmanager
def build_demo(url: str) -> Iterator[Flask]:
    """Yield the app on a migrated database that contains the demo."""
    app = create_app(conftest.settings_for(url))
    with app.app_context(), clock.frozen_at(NOW):
        with unit_of_work():
            build(db.session(), OPTIONS, lambda _: None)
        yield app
        db.session.remove()
        db.engine.dispose()


def read_records() -> list[Record]:
    """Return all consultations as their rows store them, each with the first card of its group."""
    people: dict[UUID, list[Any]] = {}
    for row in db.session.execute(text(PEOPLE)):
        people.setdefault(UUID(str(row.consultation_id)), []).append(row)
    all_records = [
        _read_record(row, people.get(UUID(str(row.id)), []))
        for row in db.session.execute(text(RECORDS))
    ]
    db.session.rollback()
    return all_records


def _read_record(row: Any, people: list[Any]) -> Record:
    profiles = tuple(
        ProfileCount(p.nationality, p.situation, p.repeat_contact, p.sex, p.age_band, p.n)
        for p in people
    )
    card = people[0].card if people else None
    outcomes, topics = (tuple(codes.split(",")) for codes in (row.outcomes, row.topics or ""))
    day = date.fromisoformat(str(row.held_on))
    identity = (UUID(str(row.id)), row.desk, row.country, day, outcomes)
    return Record(*identity, topics, row.main_topic or "", profiles, row.state == "void", card)


def run_at_now(call: Any, *arguments: Any, **named: Any) -> Any:
    """Run a request as a server would, at the moment of the demo."""

    def run() -> Any:
        with clock.frozen_at(NOW):
            return call(*arguments, **named)

    return in_new_context(run)


def read_three_ways(app: Flask, browser: Browser, country: str, month: str) -> Figures:
    """Return the figures of the JSON, after asserting that page and command show them too."""
    address = f"month={month}" + (f"&country={country}" if country else "")
    body = run_at_now(browser.client.get, f"/counts.json?{address}", headers=JSON).get_json()
    option = ["--country", country] if country else []
    command = ["counts", "show", "--month", month, "--format", "json", *option]
    printed = run_at_now(app.test_cli_runner().invoke, args=command)
    assert json.loads(printed.output) == body
    page = run_at_now(browser.client.get, f"/counts?{address}").get_data(as_text=True)
    card_figures = [int(re.sub(r"\D", "", figure)) for figure in CARD_FIGURE.findall(page)]
    reached, year = body["reached"]["low"], body["year_to_date"]["reached"]["low"]
    assert card_figures == [
        reached, body["consultations"], body["persons_in_consultations"], body["new"], year
    ]  # fmt: skip
    return figures_of(body)


def compare_all_ways(url: str) -> dict[tuple[str, str], Figures]:
    """Return every figure, after asserting that it is the same in four ways."""
    with build_demo(url) as app:
        browser = run_at_now(sign_in, app, "regional", "ventanilla-demo")
        all_records, figures = read_records(), {}
        for country in COUNTRIES:
            place = counts.country(country) if country else counts.programme()
            for month in MONTHS:
                figures[country, month] = read_three_ways(app, browser, country, month)
                assert figures[country, month] == counts.figures(all_records, place, month, 1)
        assert len({r.card for r in all_records if r.card is not None}) > 100
        return figures


def test_page_json_command_and_a_count_by_hand_agree_on_both_databases(
    tmp_path: Path, sqlite_template: Path, cluster: str, postgres_template: str
):
    path = tmp_path / "ventanilla.sqlite"
    shutil.copy(sqlite_template, path)
    conftest._ask(cluster, f"CREATE DATABASE four_ways TEMPLATE {postgres_template}")
    on_sqlite = compare_all_ways(f"sqlite:///{path}")
    on_postgresql = compare_all_ways(cluster + "four_ways")
    assert on_sqlite == on_postgresql
    assert on_sqlite["", "2026-10"]["reached"]["low"] > 50
