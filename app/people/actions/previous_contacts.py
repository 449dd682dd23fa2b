"""Links the contacts of a card's people anew where one arrives, leaves or changes; its root is held meanwhile."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, or_, update
from sqlalchemy.orm import Session

from app.db.session import connection_of
from app.people.actions.aggregates import apply_delta
from app.people.queries.cards import CARDS, CardRow, get_card, lock_card_groups
from app.people.queries.lines import LINES, list_contacts_of_groups, list_lines_of_groups
from app.people.rules.aggregates import ADD, TAKE, AggregateDelta
from app.people.rules.reach import PersonContact, PreviousContact, compute_previous_contacts

Line = dict[str, Any]
SET_PREVIOUS = (
    update(LINES)
    .where(LINES.c.id == bindparam("line_id"))
    .values(
        known=bindparam("known"),
        previous_in_country=bindparam("in_country"),
        previous_in_programme=bindparam("in_programme"),
    )
)


def recompute_previous_contacts(
    session: Session, sums: AggregateDelta, roots: Mapping[int, int], arriving: Sequence[Line]
) -> None:
    """Gives `arriving` lines their previous contacts, and every other line of their people that changes by it.

    `roots` are held: the root by card id. What changes on the others is written, and goes into `sums`.
    """
    rows = list_lines_of_groups(session, sorted(set(roots.values())))
    standing = [(row._asdict(), row.root) for row in rows]
    new = [(line, roots[line["card_id"]]) for line in arriving if line["qualifying"]]
    found = compute_previous_contacts(_seen(*one) for one in (*standing, *new))
    changed = [
        _move(sums, line, found[_seen(line, root)])
        for line, root in standing
        if _previous(line) != found[_seen(line, root)]
    ]
    if changed:
        connection_of(session).execute(SET_PREVIOUS, changed)
    for line, root in new:
        _set(line, found[_seen(line, root)])


def merge_card_groups(session: Session, lost: CardRow, replacement: CardRow) -> bool:
    """Joins the people of two cards under the lost card's root; False where they are one already."""
    roots = lock_card_groups(session, (lost, replacement))
    kept, given_up = roots[lost.id], roots[replacement.id]
    if kept == given_up:
        return False
    theirs = update(CARDS).where(or_(CARDS.c.id == given_up, CARDS.c.root_id == given_up))
    session.execute(theirs.values(root_id=kept))
    session.execute(update(CARDS).where(CARDS.c.id == lost.id).values(is_replaced=True))
    sums = AggregateDelta()
    recompute_previous_contacts(session, sums, {lost.id: kept, replacement.id: kept}, ())
    apply_delta(session, sums)
    return True


def _seen(line: Line, root: int) -> PersonContact:
    profile = (line["sex"], line["age_band"], line["nationality"], line["ordinal"])
    day, id_ = line["held_on"], line["consultation_id"]
    return PersonContact((root, *profile), day, id_, line["country"], line["repeat_contact"])


def _previous(line: Line) -> PreviousContact:
    return PreviousContact(
        bool(line["known"]), line["previous_in_country"], line["previous_in_programme"]
    )


def _set(line: Line, previous: PreviousContact) -> None:
    line["known"] = previous.is_known
    line["previous_in_country"] = previous.in_country
    line["previous_in_programme"] = previous.in_programme


def _move(sums: AggregateDelta, line: Line, previous: PreviousContact) -> dict[str, Any]:
    sums.add_line(line, TAKE)
    _set(line, previous)
    sums.add_line(line, ADD)
    return {"line_id": line["id"], **asdict(previous)}


def repair_card_group(session: Session, root_id: int) -> None:
    """Puts the previous contacts of a card's people right where they are not."""
    sums, card = AggregateDelta(), get_card(session, root_id)
    recompute_previous_contacts(session, sums, lock_card_groups(session, [card]), ())
    apply_delta(session, sums)


def list_inconsistent_groups(session: Session, roots: Collection[int]) -> list[int]:
    """Those of the root cards whose people do not hold the previous contacts that they must."""
    rows = list_contacts_of_groups(session, roots)
    seen = [PersonContact((root, *profile), *contact) for root, profile, contact, _ in rows]
    found = compute_previous_contacts(seen)
    return sorted({row[0] for row, one in zip(rows, seen, strict=True) if row[3] != found[one]})
