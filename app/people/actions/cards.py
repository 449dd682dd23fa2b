"""Prints visitor cards, finds one by its code, and puts one in the place of a lost one; no code is ever stored."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import insert_rows
from app.field_errors import FieldError
from app.month import Month
from app.people.actions.previous_contacts import merge
from app.people.queries.cards import CARDS, Card, find_cards, get_card, lock_roots
from app.people.rules.card_codes import digest_of, make_code, read_code, shown, year_of
from app.places.queries import DeskRow
from app.places.rules import closes_with_country, is_open
from app.settings import current_settings
from app.web.access import Principal
from app.web.security_events import report_event

NEW = insert(CARDS)
MOST = 200
"""So many cards are printed at a time."""


@dataclass(frozen=True)
class Refused:
    """Why a lost card cannot be replaced as things stand: a code of FIELD_ERRORS."""

    code: str


def issue(session: Session, by: int, desk: DeskRow, n: int, year: int) -> list[str]:
    """The codes, as printed, of n new cards of a reporting year that has a key: the only time they are known."""
    key = _keys()[year]
    codes = [make_code(year, secrets.randbelow) for _ in range(n)]
    # In the order of the digests, so that the rows do not tell the order on the sheet.
    digests = sorted(digest_of(code, key) for code in codes)
    insert_rows(session, NEW, [_row(year, digest) for digest in digests])
    record_audit(by, "cards_printed", f"desk:{desk.code}", desk.country)
    return [shown(code) for code in codes]


def may_issue(desk: DeskRow | None, n: int) -> list[FieldError]:
    """What speaks against printing n cards at a desk today; a desk of None was told already."""
    problems = [] if 1 <= n <= MOST else [FieldError("n", "how_many_cards")]
    if desk is not None and not is_open_today(desk):
        problems.append(FieldError("desk", "desk_not_open"))
    elif desk is not None and year_at(desk) not in _keys():
        problems.append(FieldError("desk", "no_card_key"))
    return problems


def is_open_today(desk: DeskRow) -> bool:
    """Whether a desk is open today."""
    last = closes_with_country(desk.country, desk.closed_on)
    return is_open(desk.opened_on, last, clock.today_at(desk.time_zone))


def year_at(desk: DeskRow) -> int:
    """The calendar year in which the reporting year of today at a desk began."""
    start = current_settings().reporting_year_start
    return Month.of(clock.today_at(desk.time_zone)).reporting_year_start(start).year


def find_all(session: Session, codes: Collection[str]) -> dict[str, Card | str]:
    """The card of each code that people.rules.codes.read_code gave; a code of FIELD_ERRORS where it cannot be used."""
    digests = {code: _digest(code) for code in codes}
    known = {digest for digest in digests.values() if digest}
    cards = find_cards(session, known) if known else {}
    return {
        code: cards.get(digest, "card_unknown") if digest else "card_year_closed"
        for code, digest in digests.items()
    }


def _digest(code: str) -> str:
    """What is stored of a code; empty where the key of its year is gone."""
    keys = _keys()
    year = year_of(code, keys.keys())
    return "" if year is None else digest_of(code, keys[year])


def find(session: Session, code: str) -> Card | str:
    """The same of one code; one that no card has stands in the security log."""
    card = find_all(session, [code])[code]
    if card == "card_unknown":
        report_event("card_refused")
    return card


def find_typed(session: Session, typed: str) -> Card | str:
    """The card of a code as somebody typed it; a code of FIELD_ERRORS where it cannot be used."""
    code = read_code(typed)
    return "card_mistyped" if code is None else find(session, code)


def replace(
    session: Session, by: Principal, said: Mapping[str, str]
) -> list[FieldError] | Refused | None:
    """Joins the people of the card `lost` with those of its `replacement`, both as typed; None where it is done."""
    cards = {name: find_typed(session, said[name]) for name in ("lost", "replacement")}
    lost, replacement = cards["lost"], cards["replacement"]
    if isinstance(lost, str) or isinstance(replacement, str):
        return [FieldError(name, found) for name, found in cards.items() if isinstance(found, str)]
    lock_roots(session, (lost, replacement))
    if get_card(session, lost.id).is_replaced:  # asked again: now nobody else replaces it
        return Refused("card_replaced")
    if not merge(session, lost, replacement):
        return Refused("cards_are_one")
    record_audit(by.account_id, "card_replaced", f"card:{replacement.id}", by.scope.home)
    return None


def _row(year: int, digest: str) -> dict[str, object]:
    return {"year": year, "digest": digest, "root_id": None, "is_replaced": False}


def _keys() -> Mapping[int, bytes]:
    keys: Mapping[int, bytes] = current_settings().card_keys
    return keys
