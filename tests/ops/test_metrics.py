"""`/metrics`: for this machine or with its token only; counts and states, and nothing about any person."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from werkzeug.middleware.proxy_fix import ProxyFix

from app import clock
from app.audit.actions import record_audit
from app.db.session import db, unit_of_work
from app.email.queue import queue_email
from config import UnsafeSettings, read_settings
from tests.factories.records import at, in_new_context, make_consultation
from tests.factories.two_country_world import TwoCountryWorld

pytestmark = pytest.mark.both_databases

NOW = at("2026-03-14 15:00")
TOKEN = "t" * 40
HOUR = timedelta(hours=1)


def scrape(app: Flask, peer: str = "127.0.0.1", **headers: str) -> Any:
    return in_new_context(
        app.test_client().get, "/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer}
    )


def values(answer: Any) -> dict[str, float]:
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        ",".join(
            (sample.name, *map(str, dict(sorted(sample.labels.items())).values()))
        ): sample.value
        for family in families
        for sample in family.samples
    }


def test_only_this_machine_or_the_token_may_read_it(app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], metrics_token=TOKEN)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)
    away = "203.0.113.7"
    allowed = [
        scrape(app),
        scrape(app, "::1"),
        scrape(app, ""),
        scrape(app, away, Authorization=f"Bearer {TOKEN}"),
        scrape(app, "127.0.0.1", **{"X-Forwarded-For": away, "Authorization": f"bearer {TOKEN}"}),
    ]
    refused = [
        scrape(app, away),
        scrape(app, away, Authorization="Bearer wrong"),
        scrape(app, away, Authorization="Bearer \xe9"),
        scrape(app, away, Authorization=f"Device {TOKEN}"),
        scrape(app, "127.0.0.1", **{"X-Forwarded-For": away}),
        scrape(app, "127.0.0.1", **{"X-Forwarded-For": "127.0.0.1"}),
        scrape(app, "127.0.0.1", Forwarded="for=127.0.0.1"),
        scrape(app, away, **{"X-Forwarded-For": "127.0.0.1"}),
    ]

    assert [answer.status_code for answer in allowed] == [200] * len(allowed)
    assert [answer.status_code for answer in refused] == [404] * len(refused)


def test_no_token_is_no_token(app: Flask) -> None:
    assert scrape(app, "203.0.113.7", Authorization="Bearer ").status_code == 404


def test_a_session_opens_nothing(app: Flask, world: TwoCountryWorld) -> None:
    base = {"REMOTE_ADDR": "203.0.113.7"}
    assert world["adela"].get("/metrics", environ_base=base).status_code == 404


@pytest.mark.parametrize("token", ["short", "é" * 40])
def test_a_token_that_can_be_guessed_stops_the_start(token: str) -> None:
    with pytest.raises(UnsafeSettings, match="METRICS_TOKEN"):
        read_settings({"METRICS_TOKEN": token})


def test_requests_are_counted_by_route_method_and_class_of_status(
    app: Flask, world: TwoCountryWorld
) -> None:
    before = values(scrape(app))
    world["ana"].get("/today?desk=HND-01")
    world["ana"].get("/no/such/page")
    in_new_context(world["ana"].client.open, "/today", method="STRANGE")
    after = values(scrape(app))
    increases = {name: n - before.get(name, 0) for name, n in after.items()}

    assert increases["ventanilla_requests_total,GET,/today,2xx"] == 1
    assert increases["ventanilla_requests_total,GET,none,4xx"] == 1
    assert increases["ventanilla_requests_total,other,none,4xx"] == 1
    assert increases["ventanilla_request_seconds_count,GET"] >= 3


def test_queues_and_the_last_backup_are_reported(app: Flask, world: TwoCountryWorld) -> None:
    with unit_of_work():
        with clock.frozen_at(NOW - 2 * HOUR):
            queue_email(db.session(), "refugio@example.org", "x", "x", "one")
        with clock.frozen_at(NOW - 3 * HOUR):
            record_audit(None, "backup_completed", "")
    with time_machine.travel(NOW, tick=False):
        metrics = values(scrape(app))

    assert metrics["ventanilla_emails_waiting"] == 1
    assert metrics["ventanilla_emails_oldest_seconds"] == 2 * 3600
    assert metrics["ventanilla_backup_seconds"] == 3 * 3600
    assert metrics["ventanilla_envelopes_aside"] == metrics["ventanilla_tablets_waiting"] == 0
    assert metrics["ventanilla_database_up"] == metrics["ventanilla_migrations_at_head"] == 1


def test_a_database_fault_is_reported_and_never_an_error(app: Flask) -> None:
    db.session.execute(text("DROP TABLE outgoing_email"))
    db.session.execute(text("DELETE FROM alembic_version"))
    db.session.commit()
    answer = scrape(app)

    assert answer.status_code == 200
    assert values(answer)["ventanilla_problem,migrations_none"] == 1
    assert values(answer)["ventanilla_ready"] == 0
    assert "ventanilla_emails_waiting" not in values(answer)


def test_no_metric_is_about_any_person(app: Flask, world: TwoCountryWorld) -> None:
    record = make_consultation(world.accounts["ana"])
    world["ana"].get(f"/consultations/{record['id']}")
    world["ana"].get("/today?desk=HND-01&day=2026-03-14")
    body = scrape(app).get_data(as_text=True)

    assert not re.search(r"ana\b|HND|2026-03-14", body)
    assert str(record["id"]) not in body and "/consultations/<uuid" in body
