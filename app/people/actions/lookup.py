"""Looks up a visitor card at a desk: what it held last, for confirmation, and what it knows of contacts before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.db.session import Record
from app.month import Month
from app.people.actions.cards import find_typed_card
from app.people.queries.compositions import find_last_month, list_last_composition
from app.people.rules.repeat_contact import suggest_repeat_contact
from app.places.queries import DeskRow
from app.settings import current_settings
from app.web.access import Principal


@dataclass(frozen=True)
class CardLookup:
    """What a card says at a desk: the answer to "did they come before?", if any, and who came last time."""

    repeat_contact: str | None
    groups: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """The same in the words of the outside; neither a place nor a date nor a topic."""
        return {"before": self.repeat_contact, "groups": self.groups}


def look_up_card(
    session: Session, principal: Principal, desk: DeskRow, typed: str, until: date
) -> CardLookup | str:
    """What a card says at a desk of contacts up to a day; a code of FIELD_ERRORS where it is none of ours."""
    card = find_typed_card(session, typed)
    if isinstance(card, str):
        return card
    start = current_settings().reporting_year_start
    last = find_last_month(session, card, desk.country, until)
    record_audit(principal.account_id, "card_read", f"desk:{desk.code}", desk.country)
    before = suggest_repeat_contact(last, Month.of(until), start)
    return CardLookup(before, _groups(list_last_composition(session, card, until)))


def _groups(lines: Sequence[Record]) -> list[dict[str, Any]]:
    groups = []
    for _, some in groupby(lines, key=lambda line: line.place):
        own = list(some)
        persons = [{"sex": line.sex, "age_band": line.age_band, "n": int(line.n)} for line in own]
        shared = {"nationality": own[0].nationality, "situation": own[0].situation}
        groups.append({**shared, "persons": persons})
    return groups
