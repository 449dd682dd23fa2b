"""Takes the notice of a referral that was written on a tablet without the network: nothing was promised before."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import clock
from app.cases.actions.referrals import refer
from app.cases.rules import why_not_delivered
from app.field_errors import FieldError
from app.referrals.forms.referral import parse_referral
from app.referrals.queries.referrals import find_referral_unscoped
from app.shelters.queries.shelters import lock_shelters
from app.sync.actions.handlers import AuthoredPayload, RecordHandler, IntakeLock, IntakeOutcome, outcome_of_insert, invalid_outcome
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import QUARANTINED, REFERRAL
from app.web.access import Principal

MOST_SHELTERS = 10
"""More than a referral may name: what names more is set aside anyway."""
ABOUT_THE_TABLET = frozenset({"device", "sequence", "written_at"})


def take_notice(session: Session, author: Principal, opened: Payload) -> IntakeOutcome:
    """Sends the referral in its author's name: the same form and action as the page's; every deadline begins now."""
    if not author.may("send_referrals"):
        return IntakeOutcome(QUARANTINED, "foreign_author")
    content, problems = parse_referral(_without(opened.data, ABOUT_THE_TABLET))
    written_at = clock.read_moment(opened.data.get("written_at"))
    if written_at is None:
        problems.append(FieldError("written_at", "unreadable"))
    if problems or written_at is None:
        return invalid_outcome(problems)
    late = why_not_delivered(written_at, clock.now())
    if late and find_referral_unscoped(session, UUID(content.id)) is None:
        return IntakeOutcome(QUARANTINED, late)
    sent = refer(session, author, content)
    return invalid_outcome(sent) if isinstance(sent, list) else outcome_of_insert(sent.outcome)


def lock_receivers(session: Session, asked: Sequence[AuthoredPayload]) -> None:
    """The shelters that the notices of a batch name: each notice would lock its own, in the order of its arrival."""
    codes = {code for _, opened in asked for code in _codes(opened.data.get("shelters"))}
    if codes:
        lock_shelters(session, codes)


def _codes(said: Any) -> list[str]:
    some = said if isinstance(said, list) else []
    return [one for one in some[:MOST_SHELTERS] if isinstance(one, str) and one.isprintable()]


def _without(said: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in names}


HANDLERS = (RecordHandler(REFERRAL, take_notice),)
LOCKS = (IntakeLock(frozenset({REFERRAL}), lock_receivers),)
