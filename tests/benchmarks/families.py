"""Generates families with a visitor card who come one to four times in three years: millions of rows by arithmetic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.month import Month
from app.people.rules.reach import PersonContact, compute_previous_contacts

PERSONS = 5
PROFILES = tuple(
    (sex, band)
    for band in ("age_25_59", "age_18_24", "age_5_11", "age_12_17", "age_0_4", "age_60_plus")
    for sex in ("female", "male")
)
NATIONALITIES = ("HND", "VEN", "GTM", "SLV", "HTI", "CUB", "NIC", "COL", "ECU", "MEX", "XXA", "DOM")
SITUATIONS = ("in_transit", "in_destination", "returnee", "stranded", "pendular")
TOPICS = ("asylum", "shelter", "health", "transport", "regularisation", "consular", "education")
Row = tuple[object, ...]


@dataclass(frozen=True)
class DeskPlace:
    """A desk and its country."""

    desk_id: int
    country: str


@dataclass(frozen=True)
class Visit:
    """One consultation of a family and the lines of its people, as columns."""

    consultation: Row
    lines: list[Row]


LINE = (
    "consultation_id", "desk_id", "country", "held_on", "month", "group_index", "sex", "age_band",
    "nationality", "situation", "n", "repeat_contact", "topics", "main_topic", "qualifying",
    "is_void", "is_known", "previous_in_country", "previous_in_programme", "card_id", "ordinal",
)  # fmt: skip
CONSULTATION = (
    "id", "desk_id", "country", "held_on", "month", "is_tally", "channel", "modality",
    "travel_group", "language", "topics", "main_topic", "outcomes", "flags", "persons",
    "qualifying", "state", "version", "content_digest", "author_id", "received_at", "changed_by",
    "changed_at",
)  # fmt: skip


def visits(family: int, months: Sequence[Month], desks: Sequence[DeskPlace]) -> Iterator[Visit]:
    """Yield the visits of one family, in the order of their days, with truthful answers."""
    digest = family * 2654435761 % 2**32
    step, n_visits = digest // 144 % 3, 1 + digest // 36 % 4
    first, moves = digest % len(months), digest >> 13 & 7 == 0
    anywhere, in_country = 0, dict[str, int]()
    for n in range(n_visits):
        if first + n * step >= len(months):
            return
        month = months[first + n * step]
        at = desks[((digest >> 7) + (n * 5 if moves else 0)) % len(desks)]
        day = date(month.year, month.number, 1 + digest % 7 + 6 * n)
        previous = in_country.get(at.country, 0)
        answer = _answer(previous, month)
        previous_contact = _previous_contact(previous, anywhere, answer, month)
        anywhere = in_country[at.country] = int(month)
        yield _visit(family, n, at, day, (answer, *previous_contact))


def _answer(previous: int, month: Month) -> str:
    if previous == int(month):
        return "repeat_this_month"
    return "first_this_month" if previous >= month.year * 100 + 1 else "first_this_year"


def _previous_contact(previous: int, anywhere: int, answer: str, month: Month) -> tuple[int, int]:
    answered = {"repeat_this_month": int(month), "first_this_month": int(month.plus(-1))}.get(
        answer, 0
    )
    return max(previous, answered), max(anywhere, answered)


def _visit(
    family: int, n: int, at: DeskPlace, day: date, previous_contact: tuple[str, int, int]
) -> Visit:
    digest = family * 2654435761 % 2**32
    key = f"{(family * 4 + n + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
    month, topic = day.year * 100 + day.month, TOPICS[(digest >> 5) % 7]
    topics = ",".join(sorted({topic, TOPICS[(digest >> 9) % 7]}))
    nationality = NATIONALITIES[(digest >> 11) % 12]
    situation, start = SITUATIONS[(digest >> 15) % 5], digest >> 17
    answer, in_country, in_programme = previous_contact
    place = (at.desk_id, at.country, str(day), month)
    moment = f"{day} 18:00:00.000000"
    lines: list[Row] = [
        (key, *place, 0, *PROFILES[(start + k) % 12], nationality, situation, 1, answer, topics,
         topic, 1, 0, 1, in_country, in_programme, family + 1, 1)
        for k in range(PERSONS)
    ]  # fmt: skip
    return Visit(
        (key, *place, 0, "desk_in_person", "informational", "family_with_children", "spa", topics,
         topic, "information_given", "", PERSONS, 1, "live", 1, key * 2, 1, moment, 1, moment),
        lines,
    )  # fmt: skip


def agrees_with_rule(
    months: Sequence[Month], desks: Sequence[DeskPlace], families: int = 200
) -> bool:
    """Return whether the previous contacts of the first families agree with the counting rule."""
    for family in range(families):
        family_visits = list(visits(family, months, desks))
        contacts = [_contact(visit.lines[0]) for visit in family_visits]
        expected = compute_previous_contacts(contacts)
        for contact, visit in zip(contacts, family_visits, strict=True):
            previous_contact = expected[contact]
            if (previous_contact.in_country, previous_contact.in_programme) != visit.lines[0][
                17:19
            ]:
                return False
    return True


def _contact(line: Row) -> PersonContact:
    return PersonContact(
        (line[19], *line[6:9], line[20]),
        date.fromisoformat(str(line[3])),
        UUID(str(line[0])),
        str(line[2]),
        str(line[11]),
    )
