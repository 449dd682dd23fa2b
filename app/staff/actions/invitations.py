"""Inviting people: an account with its scope, and the one-time link with which it sets its password."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Never, TypeAlias

from sqlalchemy.orm import Session

from app.field_errors import FieldError
from app.places.queries import ALL_DESKS, find_desk
from app.places.vocabulary import programme
from app.staff import queries, rules
from app.staff.actions import accounts
from app.staff.vocabulary import ROLES
from app.web.access import Principal, Scope
from app.web.outcomes import Accepted, Invalid, Outcome


@dataclass(frozen=True)
class InvitationLink:
    """The account that was invited, and the token of its one-time link."""

    username: str
    token: str


InvitationOutcome: TypeAlias = Outcome[InvitationLink, Never]


def invite_within(
    session: Session, principal: Principal, account: dict[str, str], scope: dict[str, list[str]]
) -> InvitationOutcome:
    """Invite as `invite` does, within the principal's own rights; `scope` holds codes of `desks` and `countries`."""
    if not rules.may_invite(principal.role, account["role"]):
        return Invalid([FieldError("role", "unknown_code")])
    within = ALL_DESKS if principal.role == "admin" else Scope(countries=principal.scope.countries)
    desks = [find_desk(session, within, code) for code in scope["desks"]]
    if None in desks:
        return Invalid([FieldError("desks", "unknown_code")])
    desk_ids = [desk.id for desk in desks if desk]
    return invite(session, principal.account_id, account, desk_ids, scope["countries"])


def invite(
    session: Session,
    inviter_id: int | None,
    account: dict[str, str],
    desks: Collection[int] = (),
    countries: Collection[str] = (),
) -> InvitationOutcome:
    """Create an account (`username`, `role`, `locale`) with its one-time link.

    `inviter_id` is None if a command invites.
    """
    errors = _invitation_errors(session, account, desks, countries)
    if errors:
        return Invalid(errors)
    scope_kind = rules.scope_kind(account["role"])
    account_id = accounts.insert_account(
        session,
        account,
        desks if scope_kind == "desks" else (),
        countries if scope_kind == "countries" else (),
    )
    accounts.record_account_audit(session, inviter_id, "invited", account["username"])
    return Accepted(InvitationLink(account["username"], accounts.create_link(session, account_id)))


def _invitation_errors(
    session: Session, account: dict[str, str], desks: Collection[int], countries: Collection[str]
) -> list[FieldError]:
    errors = []
    if not rules.is_username(account["username"]):
        errors.append(FieldError("username", "not_a_username"))
    elif queries.find_account(session, account["username"]):
        errors.append(FieldError("username", "taken"))
    if account["role"] not in ROLES:
        return [*errors, FieldError("role", "unknown_code")]
    return errors + _scope_errors(rules.scope_kind(account["role"]), desks, countries)


def _scope_errors(
    scope_kind: str, desks: Collection[int], countries: Collection[str]
) -> list[FieldError]:
    if any(code not in programme() for code in countries):
        return [FieldError("countries", "unknown_code")]
    missing = (scope_kind == "desks" and not desks) or (scope_kind == "countries" and not countries)
    return [FieldError(scope_kind, "required")] if missing else []
