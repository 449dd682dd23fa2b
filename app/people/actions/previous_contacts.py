"""Recomputes the previous contacts of a card group's people when a contact is added, removed or changed.

The group's root card is locked meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, or_, update
from sqlalchemy.orm import Session

from app.db.session import connection_of
from app.people.actions.aggregates import LineColumns, apply_delta
from app.people.queries.cards import CARDS, CardRow, get_card, lock_card_groups
from app.people.queries.lines import LINES, list_contacts_of_groups, list_lines_of_groups
from app.people.rules.aggregates import AggregateDelta
from app.people.rules.reach import PersonContact, PreviousContact, compute_previous_contacts

SET_PREVIOUS = (
    update(LINES)
    .where(LINES.c.id == bindparam("line_id"))
    .values(
        is_known=bindparam("known"),
        previous_in_country=bindparam("in_country"),
        previous_in_programme=bindparam("in_programme"),
    )
)


def recompute_previous_contacts(
    session: Session,
    delta: AggregateDelta,
    roots: Mapping[int, int],
    new_lines: Sequence[LineColumns],
) -> None:
    """Set the previous contacts of new lines, and update those stored lines of their people that change.

    `roots` are the ids of the locked root cards by card id. The changes of stored lines are added to `delta`.
    """
    rows = list_lines_of_groups(session, sorted(set(roots.values())))
    stored = [(row._asdict(), row.root) for row in rows]
    new = [(line, roots[line["card_id"]]) for line in new_lines if line["qualifying"]]
    previous = compute_previous_contacts(
        _person_contact(line, root) for line, root in (*stored, *new)
    )
    changes = [
        _change(delta, line, previous[_person_contact(line, root)])
        for line, root in stored
        if _previous(line) != previous[_person_contact(line, root)]
    ]
    if changes:
        connection_of(session).execute(SET_PREVIOUS, changes)
    for line, root in new:
        _set(line, previous[_person_contact(line, root)])


def merge_card_groups(session: Session, lost: CardRow, replacement: CardRow) -> bool:
    """Merge the replacement's card group into the lost card's; return False if they are the same group already."""
    roots = lock_card_groups(session, (lost, replacement))
    root, merged_root = roots[lost.id], roots[replacement.id]
    if root == merged_root:
        return False
    merged = update(CARDS).where(or_(CARDS.c.id == merged_root, CARDS.c.root_id == merged_root))
    session.execute(merged.values(root_id=root))
    session.execute(update(CARDS).where(CARDS.c.id == lost.id).values(is_replaced=True))
    delta = AggregateDelta()
    recompute_previous_contacts(session, delta, {lost.id: root, replacement.id: root}, ())
    apply_delta(session, delta)
    return True


def _person_contact(line: LineColumns, root: int) -> PersonContact:
    profile = (line["sex"], line["age_band"], line["nationality"], line["ordinal"])
    day, id_ = line["held_on"], line["consultation_id"]
    return PersonContact((root, *profile), day, id_, line["country"], line["repeat_contact"])


def _previous(line: LineColumns) -> PreviousContact:
    return PreviousContact(
        bool(line["is_known"]), line["previous_in_country"], line["previous_in_programme"]
    )


def _set(line: LineColumns, previous: PreviousContact) -> None:
    line["is_known"] = previous.is_known
    line["previous_in_country"] = previous.in_country
    line["previous_in_programme"] = previous.in_programme


def _change(
    delta: AggregateDelta, line: LineColumns, previous: PreviousContact
) -> dict[str, object]:
    delta.add_line(line, -1)
    _set(line, previous)
    delta.add_line(line, +1)
    return {
        "line_id": line["id"],
        "known": previous.is_known,
        "in_country": previous.in_country,
        "in_programme": previous.in_programme,
    }


def repair_card_group(session: Session, root_id: int) -> None:
    """Correct the stored previous contacts of a card group's people."""
    delta, card = AggregateDelta(), get_card(session, root_id)
    recompute_previous_contacts(session, delta, lock_card_groups(session, [card]), ())
    apply_delta(session, delta)


def list_inconsistent_groups(session: Session, roots: Collection[int]) -> list[int]:
    """Return the root cards among these whose stored previous contacts are not those of the rules."""
    rows = list_contacts_of_groups(session, roots)
    contacts = [PersonContact((root, *profile), *contact) for root, profile, contact, _ in rows]
    expected = compute_previous_contacts(contacts)
    pairs = zip(rows, contacts, strict=True)
    return sorted({row[0] for row, contact in pairs if row[3] != expected[contact]})
