"""What a consultation's content becomes: its row, and what the person lines must know of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app import clock
from app.consultations.rules.consultation_data import ConsultationData, content_digest
from app.consultations.vocabulary import LIVE
from app.people.actions.lines import ConsultationContext, ProfileCount
from app.people.queries.cards import CardRow
from app.places.queries import DeskRow


def new_row(content: ConsultationData, desk: DeskRow, author_id: int) -> dict[str, Any]:
    """The row of a consultation that is recorded now."""
    now = clock.now()
    return content_columns(content, desk) | {
        "id": UUID(content.id),
        "state": LIVE,
        "version": 1,
        "arrival_digest": content_digest(content),
        "author_id": author_id,
        "received_at": now,
        "changed_by": author_id,
        "changed_at": now,
    }


def content_columns(content: ConsultationData, desk: DeskRow) -> dict[str, Any]:
    """The columns of a row that its content decides."""
    plain = ("held_on", "channel", "modality", "travel_group", "language")
    sets = ("topics", "main_topic", "outcomes", "flags", "persons", "is_tally")
    return {name: getattr(content, name) for name in (*plain, *sets)} | {
        "desk_id": desk.id,
        "country": desk.country,
        "month": int(content.month),
        "qualifying": content.qualifies,
    }


def consultation_context(row: Mapping[str, Any], card: CardRow | None) -> ConsultationContext:
    """What the person lines must know of their consultation, from its columns."""
    plain = ("desk_id", "country", "held_on", "topics", "main_topic", "outcomes", "qualifying")
    sums = ("is_tally", "persons", "received_at")
    facts = {name: row[name] for name in (*plain, *sums)}
    return ConsultationContext(consultation_id=row["id"], card=card, **facts)


def profile_counts(content: ConsultationData) -> list[ProfileCount]:
    """The people of a consultation, one entry per group, sex and age band."""
    return [
        ProfileCount(
            place,
            some.sex,
            some.age_band,
            group.nationality,
            group.situation,
            group.repeat_contact,
            some.n,
        )
        for place, group in enumerate(content.groups)
        for some in group.persons
    ]
