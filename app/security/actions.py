"""Writes what a request reported, once its answer is decided, in a transaction of its own."""

import logging
from dataclasses import replace
from datetime import datetime

from flask import Response, request
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock
from app.db.session import Unacknowledged, connection_of, db, independent_transaction
from app.privacy.network_addresses import shown_network
from app.security import queries, rules
from app.security.queries import SECURITY_EVENTS
from app.security.rules import EventKey, EventCounter
from app.security.vocabulary import EVENTS as KINDS
from app.settings import current_settings
from app.web.access import request_account_id
from app.web.security_events import SecurityEvent, take_events

log = logging.getLogger("ventanilla")
_tally = EventCounter()


def write_security_events(answer: Response) -> Response:
    """Writes this request's events; a database that cannot take them changes no answer and is told in the log."""
    events = take_events()
    if events:
        try:
            _keep(events, clock.now())
        except (SQLAlchemyError, Unacknowledged) as error:
            db.session.rollback()
            log.warning("security_log", extra={"fields": {"kind": type(error).__name__}})
    return answer


def _keep(events: list[SecurityEvent], now: datetime) -> None:
    minute = rules.minute_of(now)
    counted = [(entry, _tally.add(minute, entry.digest(minute))) for entry in map(_entry, events)]
    due = {entry: times for entry, times in counted if times}
    if due:
        with independent_transaction():  # in one order, so that nobody waits for a row in a circle
            for entry, times in sorted(due.items(), key=lambda pair: pair[0].digest(minute)):
                _add(db.session(), _bounded(db.session(), entry, minute), times, now)


def _entry(event: SecurityEvent) -> EventKey:
    key = rules.name_key(current_settings().secret_key, event.name)
    account_id = event.account_id
    if account_id is None and not event.name:
        account_id = request_account_id()
    network = shown_network(request.remote_addr)
    return EventKey(KINDS[event.kind].code, key, account_id, network)


def _bounded(session: Session, entry: EventKey, minute: datetime) -> EventKey:
    """The entry, without its name once its network has filled the minute with names."""
    is_full = entry.name_key and (
        queries.count_entries(session, entry.network, minute) >= rules.MAX_NAMES_PER_MINUTE
    )
    return replace(entry, name_key="", account_id=None) if is_full else entry


def _add(session: Session, entry: EventKey, times: int, now: datetime) -> None:
    connection = connection_of(session)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    moments = {"first_at": now, "last_at": now}
    row = {"digest": entry.digest(rules.minute_of(now)), **vars(entry), **moments, "times": times}
    new = insert(SECURITY_EVENTS).values(row)
    again = {"times": SECURITY_EVENTS.c.times + new.excluded.times, "last_at": new.excluded.last_at}
    connection.execute(new.on_conflict_do_update(index_elements=[SECURITY_EVENTS.c.digest], set_=again))
