"""Issues visitor cards, finds one by its code, and replaces a lost one; no code is ever stored."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Never

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import insert_rows
from app.field_errors import FieldError
from app.month import Month
from app.people.actions.previous_contacts import merge_card_groups
from app.people.queries.cards import (
    CARDS,
    CardRow,
    find_cards_by_digest,
    get_card,
    lock_card_groups,
)
from app.people.rules.card_codes import (
    digest_card_code,
    find_reporting_year,
    format_card_code,
    generate_card_code,
    parse_card_code,
)
from app.places.queries import DeskRow, find_desk
from app.places.rules import closes_with_country, is_open
from app.settings import current_settings
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Invalid, Outcome
from app.web.security_events import report_event

INSERT_CARDS = insert(CARDS)
MAX_CARDS = 200
"""The most cards that are printed at a time."""


@dataclass(frozen=True)
class CardSheet:
    """The codes of new cards as printed, and their reporting year."""

    codes: list[str]
    year: int


def order(
    session: Session, principal: Principal, desk_code: str, n: int, errors: Collection[FieldError]
) -> Outcome[CardSheet, Never]:
    """Issue n cards for a desk within the account's scope; `errors` are those of fields that could not be read."""
    desk = find_desk(session, principal.scope, desk_code) if desk_code else None
    rule_errors = issue_errors(desk, n)
    if desk is None:
        rule_errors.append(FieldError("desk", "not_your_desk"))
    fields = {error.field for error in errors}
    errors = [*errors, *(error for error in rule_errors if error.field not in fields)]
    if desk is None or errors:
        return Invalid([*errors])
    year = current_reporting_year(desk)
    return Accepted(CardSheet(issue(session, principal.account_id, desk, n, year), year))


def issue(session: Session, account_id: int, desk: DeskRow, n: int, year: int) -> list[str]:
    """Create n cards of a reporting year that has a key; return their codes as printed.

    Nothing can return the codes later: only their digests are stored.
    """
    key = _keys()[year]
    codes = [generate_card_code(year, secrets.randbelow) for _ in range(n)]
    # In the order of the digests, so that the rows do not disclose the order on the printed sheet.
    digests = sorted(digest_card_code(code, key) for code in codes)
    insert_rows(session, INSERT_CARDS, [_row(year, digest) for digest in digests])
    record_audit(account_id, "cards_printed", f"desk:{desk.code}", desk.country)
    return [format_card_code(code) for code in codes]


def issue_errors(desk: DeskRow | None, n: int) -> list[FieldError]:
    """Return why n cards cannot be printed at a desk today; None stands for a desk whose error is reported already."""
    errors = [] if 1 <= n <= MAX_CARDS else [FieldError("n", "how_many_cards")]
    if desk is not None and not is_open_today(desk):
        errors.append(FieldError("desk", "desk_not_open"))
    elif desk is not None and current_reporting_year(desk) not in _keys():
        errors.append(FieldError("desk", "no_card_key"))
    return errors


def is_open_today(desk: DeskRow) -> bool:
    """Whether a desk is open today."""
    last = closes_with_country(desk.country, desk.closed_on)
    return is_open(desk.opened_on, last, clock.today_at(desk.time_zone))


def current_reporting_year(desk: DeskRow) -> int:
    """Return the calendar year in which the reporting year of today at a desk began."""
    start = current_settings().reporting_year_start
    return Month.containing(clock.today_at(desk.time_zone)).reporting_year_start(start).year


def find_cards_by_code(session: Session, codes: Collection[str]) -> dict[str, CardRow | str]:
    """Return the card of each code of rules.card_codes.parse_card_code; a code of FIELD_ERRORS if it cannot be used."""
    digests = {code: _digest(code) for code in codes}
    usable = {digest for digest in digests.values() if digest}
    cards = find_cards_by_digest(session, usable) if usable else {}
    return {
        code: cards.get(digest, "card_unknown") if digest else "card_year_closed"
        for code, digest in digests.items()
    }


def _digest(code: str) -> str:
    """Return what is stored of a code; empty if the key of its year has been removed."""
    keys = _keys()
    year = find_reporting_year(code, keys.keys())
    return "" if year is None else digest_card_code(code, keys[year])


def find_card_by_code(session: Session, code: str) -> CardRow | str:
    """Return the card of one code, or a code of FIELD_ERRORS; report an unknown code to the security log."""
    card = find_cards_by_code(session, [code])[code]
    if card == "card_unknown":
        report_event("card_refused")
    return card


def find_typed_card(session: Session, typed: str) -> CardRow | str:
    """Return the card of a typed code; a code of FIELD_ERRORS if it cannot be used."""
    code = parse_card_code(typed)
    return "card_mistyped" if code is None else find_card_by_code(session, code)


def replace(session: Session, principal: Principal, codes: Mapping[str, str]) -> Outcome[None, str]:
    """Join the people of the card `lost` with those of its `replacement`; `codes` holds both as typed.

    A conflict is the code of FIELD_ERRORS for the state of the cards that does not allow it.
    """
    cards = {name: find_typed_card(session, codes[name]) for name in ("lost", "replacement")}
    lost, replacement = cards["lost"], cards["replacement"]
    if isinstance(lost, str) or isinstance(replacement, str):
        unusable = {name: card for name, card in cards.items() if isinstance(card, str)}
        return Invalid([FieldError(name, code) for name, code in unusable.items()])
    lock_card_groups(session, (lost, replacement))
    if get_card(session, lost.id).is_replaced:  # read again: from now on nobody else can replace it
        return Conflict("card_replaced")
    if not merge_card_groups(session, lost, replacement):
        return Conflict("cards_are_one")
    record_audit(
        principal.account_id,
        "card_replaced",
        f"card:{replacement.id}",
        principal.scope.home_country,
    )
    return Accepted(None)


def _row(year: int, digest: str) -> dict[str, object]:
    return {"year": year, "digest": digest, "root_id": None, "is_replaced": False}


def _keys() -> Mapping[int, bytes]:
    keys: Mapping[int, bytes] = current_settings().card_keys
    return keys
