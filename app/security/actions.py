"""Writes the security events of a request, once its response is decided, in an independent transaction."""

import logging
from dataclasses import replace
from datetime import datetime

from flask import Response, request
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import clock
from app.db.session import CommitOutcomeUnknown, connection_of, db, independent_transaction
from app.privacy.network_addresses import logged_network
from app.security import queries, rules
from app.security.queries import SECURITY_EVENTS
from app.security.rules import EventCounter, EventKey
from app.security.vocabulary import EVENT_KINDS
from app.settings import current_settings
from app.web.access import request_account_id
from app.web.security_events import ReportedEvent, take_events

log = logging.getLogger("ventanilla")
_counter = EventCounter()


def write_security_events(response: Response) -> Response:
    """Write this request's events; if the database cannot, the response stays the same and the log says so."""
    events = take_events()
    if events:
        try:
            _write(events, clock.now())
        except (SQLAlchemyError, CommitOutcomeUnknown) as error:
            db.session.rollback()
            log.warning("security_log", extra={"fields": {"kind": type(error).__name__}})
    return response


def _write(events: list[ReportedEvent], now: datetime) -> None:
    minute = rules.minute_of(now)
    counts = [(key, _counter.add(minute, key.digest(minute))) for key in map(_event_key, events)]
    due = {key: times for key, times in counts if times}
    if due:
        with independent_transaction():  # in one order, so that there is no deadlock
            for key, times in sorted(due.items(), key=lambda pair: pair[0].digest(minute)):
                _add(db.session(), _limit_names(db.session(), key, minute), times, now)


def _event_key(event: ReportedEvent) -> EventKey:
    name_key = rules.name_key(current_settings().secret_key, event.name)
    account_id = event.account_id
    if account_id is None and not event.name:
        account_id = request_account_id()
    network = logged_network(request.remote_addr)
    return EventKey(EVENT_KINDS[event.kind].code, name_key, account_id, network)


def _limit_names(session: Session, key: EventKey, minute: datetime) -> EventKey:
    """Return the key, without its name if its network already used up the names of this minute."""
    is_full = key.name_key and (
        queries.count_entries(session, key.network, minute) >= rules.MAX_NAMES_PER_MINUTE
    )
    return replace(key, name_key="", account_id=None) if is_full else key


def _add(session: Session, key: EventKey, times: int, now: datetime) -> None:
    connection = connection_of(session)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    period = {"first_at": now, "last_at": now}
    row = {"digest": key.digest(rules.minute_of(now)), **vars(key), **period, "times": times}
    statement = insert(SECURITY_EVENTS).values(row)
    counted_up = {
        "times": SECURITY_EVENTS.c.times + statement.excluded.times,
        "last_at": statement.excluded.last_at,
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=[SECURITY_EVENTS.c.digest], set_=counted_up)
    )
