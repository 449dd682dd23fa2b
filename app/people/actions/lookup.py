"""Looks up a visitor card at a desk: who came with it last, to confirm, and the suggested repeat-contact answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Never

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.db.session import AnyRow
from app.field_errors import FieldError
from app.json_object import JsonObject
from app.month import Month
from app.people.actions.cards import find_typed_card
from app.people.queries.compositions import find_last_month, list_last_composition
from app.people.rules.repeat_contact import suggest_repeat_contact
from app.places.queries import DeskRow
from app.settings import current_settings
from app.web.access import Principal
from app.web.outcomes import Accepted, Invalid, Outcome


@dataclass(frozen=True)
class CardLookup:
    """The suggested answer to "did they come before?", if any, and the groups that came last time."""

    repeat_contact: str | None
    groups: list[JsonObject]

    def as_json(self) -> JsonObject:
        """Return the JSON of outside.md; it discloses no desk, no date and no topic."""
        return {"before": self.repeat_contact, "groups": self.groups}


def look_up_card(
    session: Session, principal: Principal, desk: DeskRow, typed: str, until: date
) -> Outcome[CardLookup, Never]:
    """Return what a card discloses at a desk about contacts up to a day; record the read."""
    card = find_typed_card(session, typed)
    if isinstance(card, str):
        return Invalid([FieldError("card", card)])
    start = current_settings().reporting_year_start
    last = find_last_month(session, card, desk.country, until)
    record_audit(principal.account_id, "card_read", f"desk:{desk.code}", desk.country)
    answer = suggest_repeat_contact(last, Month.containing(until), start)
    groups = _groups(list_last_composition(session, card, until))
    return Accepted(CardLookup(answer, groups))


def _groups(lines: Sequence[AnyRow]) -> list[JsonObject]:
    groups = []
    for _, group in groupby(lines, key=lambda line: line.group_index):
        rows = list(group)
        persons = [{"sex": row.sex, "age_band": row.age_band, "n": int(row.n)} for row in rows]
        shared = {"nationality": rows[0].nationality, "situation": rows[0].situation}
        groups.append({**shared, "persons": persons})
    return groups
