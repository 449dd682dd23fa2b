"""Reads the trail with the names of people and desks in the place of their numbers and codes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from app.audit.queries import as_entry, list_latest
from app.audit.rules import Entry
from app.db.session import Session
from app.places.queries import EVERYWHERE, list_desks
from app.staff.queries.accounts import list_usernames


@dataclass(frozen=True)
class TrailLine:
    """One line of the trail in words: when, who (empty: a command), what, and about what (`kind` and its name)."""

    number: int
    at: datetime
    username: str
    act: str
    kind: str
    name: str
    country: str


def list_trail(
    session: Session, countries: Collection[str] | None, before: int | None, limit: int
) -> list[TrailLine]:
    """The newest lines of the trail, with names in the place of numbers; of these countries, or all where None."""
    own = None if countries is None else sorted(countries)
    rows = [as_entry(row) for row in list_latest(session, own, before, limit)]
    subjects = {entry.subject.partition(":")[::2] for _, _, entry, _ in rows}
    about = {int(name) for kind, name in subjects if kind == "account"}
    who = {entry.account_id for _, _, entry, _ in rows if entry.account_id is not None}
    people = list_usernames(session, who | about)
    desks = {desk.code: desk.name for desk in list_desks(session, EVERYWHERE)}
    names = {("account", str(number)): name for number, name in people.items()}
    names |= {("desk", code): name for code, name in desks.items()}
    return [_trail_line(number, entry, people, names) for number, _, entry, _ in rows]


def _trail_line(
    number: int, entry: Entry, people: dict[int, str], names: dict[tuple[str, str], str]
) -> TrailLine:
    kind, _, code = entry.subject.partition(":")
    name = names.get((kind, code), code[:8] if kind == "consultation" else code)
    who = people.get(entry.account_id or 0, "")
    return TrailLine(number, entry.at, who, entry.act, kind, name, entry.country)
