"""Opens a return request at a desk."""

import secrets
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db import idempotency
from app.field_errors import FieldError
from app.month import Month
from app.places.queries import DeskRow
from app.places.rules import closes_with_country, is_open
from app.returns.actions.append_step import write_step
from app.returns.queries import requests as reading
from app.returns.queries.requests import REQUESTS, RequestRow
from app.returns.rules import new_request as rules
from app.returns.rules.new_request import Content, Known
from app.returns.rules.references import draw_reference
from app.returns.rules.stages import ENQUIRY
from app.web.access import Principal


@dataclass(frozen=True)
class Arrival:
    """How a request arrived: `new`, `same` or `different`; None where another one has its id."""

    arrival: str
    request: RequestRow | None


@dataclass(frozen=True)
class Second:
    """A consultation has a request already: this one."""

    request: RequestRow


def open_request(
    session: Session, by: Principal, desk: DeskRow, content: Content, known: Known
) -> Arrival | Second | list[FieldError]:
    """Opens a request at a desk of the account; all problems at once where anything is wrong.

    `known` is what its consultation says: a child who is alone there is alone here, whatever was sent.
    """
    meant = replace(content, child_alone=content.child_alone or known.is_child_alone)
    problems = [FieldError(*one) for one in rules.wrong_answers(meant)]
    today = clock.today_at(desk.time_zone)
    if not is_open(desk.opened_on, closes_with_country(desk.country, desk.closed_on), today):
        problems.append(FieldError("desk", "desk_not_open"))
    known_one = reading.find_arrival(session, UUID(meant.id))
    if known_one is not None:
        return _known(by, known_one, meant)
    if problems:
        return problems
    if not _insert(session, _row(by, desk, meant)):
        return _met(session, by, meant)
    return Arrival(idempotency.NEW, _begin(session, by, meant))


def _begin(session: Session, by: Principal, content: Content) -> RequestRow:
    opened = reading.find_arrival(session, UUID(content.id))
    assert opened is not None  # noqa: S101 - it was inserted in this transaction
    said = {"child_alone": opened.is_child_alone}
    write_step(session, by, opened, (opened.version, ENQUIRY, said))
    record_audit(by.account_id, "return_opened", f"return:{opened.shown}", opened.country)
    return opened


def _row(by: Principal, desk: DeskRow, content: Content) -> dict[str, Any]:
    now = clock.now()
    plain = ("country_of_departure", "country_of_return", "nationality", "party", "is_child_alone")
    return {name: getattr(content, name) for name in plain} | {
        "id": UUID(content.id),
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": by.account_id,
        "consultation_id": UUID(content.consultation) if content.consultation else None,
        "persons": [[one.sex, one.age_band, one.n] for one in content.persons],
        "arrival_digest": rules.digest(content),
        "stage": ENQUIRY,
        "version": 1,
        "opened_at": now,
        "opened_month": int(Month.of(clock.day_at(now, desk.time_zone))),
        "moved_at": now,
        "is_stopped": False,
        "transport_mode": "",
        "departed": [],
        "closing_reason": "",
    }


def _insert(session: Session, row: dict[str, Any]) -> bool:
    """Inserts with a reference that no request has; False where its id or its consultation has one."""

    def is_known() -> bool:
        again = reading.find_arrival(session, row["id"])
        return again is not None or _standing(session, row["consultation_id"]) is not None

    drawn = ("reference", lambda: draw_reference(secrets.randbelow))
    return idempotency.insert_with_random_code(session, REQUESTS, row, drawn, is_known)


def _standing(session: Session, consultation_id: UUID | None) -> RequestRow | None:
    return reading.find_standing(session, consultation_id) if consultation_id else None


def _met(session: Session, by: Principal, content: Content) -> Arrival | Second:
    again = reading.find_arrival(session, UUID(content.id))
    if again is not None:
        return _known(by, again, content)
    other = _standing(session, UUID(content.consultation))
    assert other is not None  # noqa: S101 - it kept this one from being inserted
    return Second(other)


def _known(by: Principal, known: RequestRow, content: Content) -> Arrival:
    is_own = known.desk_id in by.scope.desks
    same = known.arrival_digest == rules.digest(content)
    return (
        Arrival(idempotency.SAME, known)
        if same and is_own
        else Arrival(idempotency.DIFFERENT, None)
    )
