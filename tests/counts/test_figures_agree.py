"""The demo of one seed: page, JSON, command and a count by hand show the same figures, on both databases."""

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
from tests.reference_models.counts import Record, Some

NOW = at("2026-11-18 20:30")
WISH = DemoOptions(seed=4, months=13, consultations=1200)
MONTHS = ("2025-12", "2026-01", "2026-10")
COUNTRIES = ("", "HND", "MEX", "PAN")
CARDS = re.compile(r"<strong>([\d.,]+)</strong>")
RECORDS = """
SELECT c.id, d.code AS desk, c.country, c.held_on, c.outcomes, c.topics, c.main_topic, c.state
FROM consultation AS c JOIN desk AS d ON d.id = c.desk_id ORDER BY c.id"""
PEOPLE = """
SELECT l.consultation_id, l.nationality, l.situation, l.repeat_contact, l.sex, l.age_band, l.n,
  COALESCE(k.root_id, k.id) AS card
FROM person_line AS l LEFT JOIN visitor_card AS k ON k.id = l.card_id ORDER BY l.place, l.id"""
Figures = dict[str, Any]


@contextmanager
def filled(url: str) -> Iterator[Flask]:
    """The app on a migrated, empty database, with the demo in it."""
    app = create_app(conftest.settings_for(url))
    with app.app_context(), clock.frozen_at(NOW):
        with unit_of_work():
            build(db.session(), WISH, lambda _: None)
        yield app
        db.session.remove()
        db.engine.dispose()


def records() -> list[Record]:
    """All consultations as the rows tell them, each with the card behind those that replaced it."""
    people: dict[UUID, list[Any]] = {}
    for row in db.session.execute(text(PEOPLE)):
        people.setdefault(UUID(str(row.consultation_id)), []).append(row)
    found = [
        _record(row, people.get(UUID(str(row.id)), [])) for row in db.session.execute(text(RECORDS))
    ]
    db.session.rollback()
    return found


def _record(row: Any, people: list[Any]) -> Record:
    some = tuple(
        Some(p.nationality, p.situation, p.repeat_contact, p.sex, p.age_band, p.n) for p in people
    )
    card = people[0].card if people else None
    outcomes, topics = (tuple(codes.split(",")) for codes in (row.outcomes, row.topics or ""))
    day = date.fromisoformat(str(row.held_on))
    known = (UUID(str(row.id)), row.desk, row.country, day, outcomes)
    return Record(*known, topics, row.main_topic or "", some, row.state == "void", card)


def standing(call: Any, *arguments: Any, **named: Any) -> Any:
    """Runs a request as a server would, at the moment of the demo."""

    def run() -> Any:
        with clock.frozen_at(NOW):
            return call(*arguments, **named)

    return in_new_context(run)


def shown_thrice(app: Flask, browser: Browser, country: str, month: str) -> Figures:
    """The figures of the JSON, which page and command show too."""
    address = f"month={month}" + (f"&country={country}" if country else "")
    said = standing(browser.client.get, f"/counts.json?{address}", headers=JSON).get_json()
    option = ["--country", country] if country else []
    command = ["counts", "show", "--month", month, "--format", "json", *option]
    printed = standing(app.test_cli_runner().invoke, args=command)
    assert json.loads(printed.output) == said
    page = standing(browser.client.get, f"/counts?{address}").get_data(as_text=True)
    large = [int(re.sub(r"\D", "", figure)) for figure in CARDS.findall(page)]
    reached, year = said["reached"]["low"], said["year_to_date"]["reached"]["low"]
    assert large == [
        reached, said["consultations"], said["persons_in_consultations"], said["new"], year
    ]  # fmt: skip
    return figures_of(said)


def all_ways(url: str) -> dict[tuple[str, str], Figures]:
    """Every figure, after it was found to be the same in four ways."""
    with filled(url) as app:
        browser = standing(sign_in, app, "regional", "ventanilla-demo")
        told, found = records(), {}
        for country in COUNTRIES:
            place = counts.country(country) if country else counts.programme()
            for month in MONTHS:
                found[country, month] = shown_thrice(app, browser, country, month)
                assert found[country, month] == counts.figures(told, place, month, 1)
        assert len({r.card for r in told if r.card is not None}) > 100
        return found


def test_page_json_command_and_a_count_by_hand_agree_on_both_databases(
    tmp_path: Path, sqlite_template: Path, cluster: str, postgres_template: str
):
    path = tmp_path / "ventanilla.sqlite"
    shutil.copy(sqlite_template, path)
    conftest._ask(cluster, f"CREATE DATABASE four_ways TEMPLATE {postgres_template}")
    on_sqlite = all_ways(f"sqlite:///{path}")
    on_postgresql = all_ways(cluster + "four_ways")
    assert on_sqlite == on_postgresql
    assert on_sqlite["", "2026-10"]["reached"]["low"] > 50
