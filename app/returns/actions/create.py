"""Open a return request at a desk."""

import secrets
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db import idempotency
from app.field_errors import FieldError
from app.month import Month
from app.places.queries import DeskRow
from app.places.rules import closes_with_country, is_open
from app.returns.actions.append_step import insert_step
from app.returns.queries import requests as queries
from app.returns.queries.requests import REQUESTS, RequestRow
from app.returns.rules import new_request as rules
from app.returns.rules.new_request import ReturnOrigin, ReturnRequestData
from app.returns.rules.references import generate_reference
from app.returns.rules.request_state import RecordedStep
from app.returns.rules.stages import ENQUIRY
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Invalid, Outcome


@dataclass(frozen=True)
class ReturnIntake:
    """How a request arrived (`new` or `same`), and its row."""

    arrival: str
    request: RequestRow


@dataclass(frozen=True)
class ReturnConflict:
    """Why a request was not opened, a code of FIELD_ERRORS; the active request of its consultation, if there is one."""

    code: str
    existing: RequestRow | None = None


IntakeOutcome: TypeAlias = Outcome[ReturnIntake, ReturnConflict]
"""The outcome of opening a request."""


def open_request(
    session: Session,
    principal: Principal,
    desk: DeskRow,
    data: ReturnRequestData,
    origin: ReturnOrigin,
) -> IntakeOutcome:
    """Open a request at a desk of the account, or return all errors at once.

    A child who is alone in the consultation of origin is alone here, whatever the client sent.
    """
    checked = replace(data, child_alone=data.child_alone or origin.is_child_alone)
    errors = [FieldError(*error) for error in rules.validate(checked)]
    today = clock.today_at(desk.time_zone)
    if not is_open(desk.opened_on, closes_with_country(desk.country, desk.closed_on), today):
        errors.append(FieldError("desk", "desk_not_open"))
    known_request = queries.find_request_unscoped(session, UUID(checked.id))
    if known_request is not None:
        return _repeated(principal, known_request, checked)
    if errors:
        return Invalid(errors)
    if not _insert(session, _row(principal, desk, checked), checked):
        return _conflicting(session, principal, checked)
    return Accepted(ReturnIntake(idempotency.NEW, _record_enquiry(session, principal, checked)))


def _record_enquiry(session: Session, principal: Principal, data: ReturnRequestData) -> RequestRow:
    request = queries.get_request_unscoped(session, UUID(data.id))
    step = RecordedStep(ENQUIRY, {"child_alone": request.is_child_alone}, request.today)
    insert_step(session, principal, request, request.version, step)
    subject = f"return:{request.display_reference}"
    record_audit(principal.account_id, "return_opened", subject, request.country)
    return request


def _row(principal: Principal, desk: DeskRow, data: ReturnRequestData) -> dict[str, object]:
    now = clock.now()
    plain = (
        "country_of_departure",
        "country_of_return",
        "nationality",
        "person_count",
        "is_child_alone",
    )
    return {name: getattr(data, name) for name in plain} | {
        "id": UUID(data.id),
        "desk_id": desk.id,
        "country": desk.country,
        "author_id": principal.account_id,
        "consultation_id": UUID(data.consultation) if data.consultation else None,
        "persons": [[group.sex, group.age_band, group.n] for group in data.persons],
        "content_digest": rules.content_digest(data),
        "stage": ENQUIRY,
        "version": 1,
        "opened_at": now,
        "opened_month": int(Month.containing(clock.day_at(now, desk.time_zone))),
        "last_step_at": now,
        "is_stopped": False,
        "transport_mode": "",
        "departed_persons": [],
        "closing_reason": "",
    }


def _insert(session: Session, row: dict[str, object], data: ReturnRequestData) -> bool:
    """Insert the row with an unused reference; False if its id is taken or its consultation has a request."""

    def is_duplicate() -> bool:
        if queries.find_request_unscoped(session, UUID(data.id)) is not None:
            return True
        return _find_active_unscoped(session, data) is not None

    code = idempotency.RandomCode("reference", lambda: generate_reference(secrets.randbelow))
    return idempotency.insert_with_random_code(session, REQUESTS, row, code, is_duplicate)


def _find_active_unscoped(session: Session, data: ReturnRequestData) -> RequestRow | None:
    if not data.consultation:
        return None
    return queries.find_active_request_unscoped(session, UUID(data.consultation))


def _conflicting(session: Session, principal: Principal, data: ReturnRequestData) -> IntakeOutcome:
    """Return what kept the row from being inserted: the same id, else a request of the same consultation."""
    known_request = queries.find_request_unscoped(session, UUID(data.id))
    if known_request is not None:
        return _repeated(principal, known_request, data)
    active = _find_active_unscoped(session, data)
    if active is None:
        raise LookupError(f"nothing conflicts with return request {data.id}")
    return Conflict(ReturnConflict("already_requested", active))


def _repeated(
    principal: Principal, known_request: RequestRow, data: ReturnRequestData
) -> IntakeOutcome:
    is_own = known_request.desk_id in principal.scope.desks
    is_same = known_request.content_digest == rules.content_digest(data)
    if is_same and is_own:
        return Accepted(ReturnIntake(idempotency.SAME, known_request))
    return Conflict(ReturnConflict("not_this_request"))
