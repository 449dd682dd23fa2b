"""Maps the data of a consultation to its row, and to what person lines are built from."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app import clock
from app.consultations.rules.consultation_data import ConsultationData, content_digest
from app.consultations.vocabulary import LIVE
from app.db.session import RowValues
from app.people.actions.lines import ConsultationContext, ProfileCount
from app.people.queries.cards import CardRow
from app.places.queries import DeskRow


def new_row(data: ConsultationData, desk: DeskRow, author_id: int) -> RowValues:
    """Return the row of a consultation that is recorded now."""
    now = clock.now()
    return content_columns(data, desk) | {
        "id": UUID(data.id),
        "state": LIVE,
        "version": 1,
        "content_digest": content_digest(data),
        "author_id": author_id,
        "received_at": now,
        "changed_by": author_id,
        "changed_at": now,
    }


def content_columns(data: ConsultationData, desk: DeskRow) -> RowValues:
    """Return the columns of a row that depend on its data and desk only."""
    copied = ("held_on", "channel", "modality", "travel_group", "language")
    derived = ("topics", "main_topic", "outcomes", "flags", "persons", "is_tally")
    return {name: getattr(data, name) for name in (*copied, *derived)} | {
        "desk_id": desk.id,
        "country": desk.country,
        "month": int(data.month),
        "qualifying": data.qualifies,
    }


def consultation_context(row: Mapping[str, Any], card: CardRow | None) -> ConsultationContext:
    """Return the context of a consultation's person lines, from its columns."""
    for_lines = ("desk_id", "country", "held_on", "topics", "main_topic", "outcomes", "qualifying")
    for_aggregates = ("is_tally", "persons", "received_at")
    columns = {name: row[name] for name in (*for_lines, *for_aggregates)}
    return ConsultationContext(consultation_id=row["id"], card=card, **columns)


def profile_counts(data: ConsultationData) -> list[ProfileCount]:
    """Return the people of a consultation, one item per group, sex and age band."""
    return [
        ProfileCount(
            index,
            count.sex,
            count.age_band,
            group.nationality,
            group.situation,
            group.repeat_contact,
            count.n,
        )
        for index, group in enumerate(data.groups)
        for count in group.persons
    ]
