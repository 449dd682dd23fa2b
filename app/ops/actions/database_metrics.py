"""Measures queues and the state of the database for `/metrics`, at each scrape."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import clock
from app.email.queue import get_queue_state
from app.ops.actions import readiness
from app.ops.queries import find_last_backup
from app.places.vocabulary import programme
from app.sync.queries.devices import get_waiting_totals
from app.sync.queries.envelopes import count_quarantined


class _Gauges(Collector):
    """The gauges of one scrape; those of the database's content are left out if it does not respond."""

    def __init__(self, session: Session, instance: str) -> None:
        self._session, self._instance = session, instance

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge, the state of the database first."""
        state = readiness.readiness_state(self._session, self._instance)
        is_up = state["database"] != "unreachable"
        yield _gauge("ready", "1 if the app can do its work.", not state["problems"])
        yield _gauge("database_up", "1 if the database answers.", is_up)
        yield _gauge("migrations_at_head", "1 if all are applied.", state["migrations"] == "head")
        yield _gauge("disk_free_megabytes", "Free space beside the data.", state["disk_free_mb"])
        problems = GaugeMetricFamily(
            "ventanilla_problem", "What keeps the app from working, by name.", labels=["problem"]
        )
        for name in state["problems"]:
            problems.add_metric([name], 1)
        yield problems
        if is_up:
            yield from self._queues()

    def _queues(self) -> Iterator[Metric]:
        try:
            yield from _measured(self._session, clock.now())
        except DBAPIError:
            self._session.rollback()


def _measured(session: Session, now: datetime) -> list[Metric]:
    queue = get_queue_state(session)
    tablets = get_waiting_totals(session)
    backup_at = find_last_backup(session)
    return [
        _gauge("emails_waiting", "E-mails that are to be sent.", queue.waiting),
        _gauge("emails_given_up", "E-mails that could not be sent.", queue.given_up),
        _gauge("emails_oldest_seconds", "Age of the oldest waiting.", _age(queue.oldest_at, now)),
        _gauge(
            "envelopes_aside", "Records set aside.", count_quarantined(session, tuple(programme()))
        ),
        _gauge("tablets_waiting", "Records waiting on tablets, as reported.", tablets.waiting),
        _gauge("tablets_oldest_seconds", "Age of the oldest.", _age(tablets.oldest_at, now)),
        _gauge("backup_seconds", "Age of the last backup; -1: none.", _age(backup_at, now, -1)),
    ]


def _age(moment: datetime | None, now: datetime, none: float = 0) -> float:
    return none if moment is None else max(0.0, (now - moment).total_seconds())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"ventanilla_{name}", text, value=float(value))


def gauges_text(session: Session, instance: str) -> bytes:
    """Return the gauges in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Gauges(session, instance))
    return generate_latest(registry)
