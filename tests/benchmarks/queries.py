"""The scratch table of the benchmark, and the statements of the routes compared with ours."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Integer, MetaData, String, Table, Text, Uuid, insert, text

from app.db.session import UtcDateTime

BARE = Table(
    "bench_bare",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("modality", String(20), nullable=False),
    Column("content", Text, nullable=False),
)
INSERT = insert(BARE)
RAW = text(
    "INSERT INTO bench_bare (id, account_id, received_at, held_on, channel, modality, content)"
    " VALUES (:id, 1, :at, :held_on, 'desk_in_person', 'informational', :content)"
)


def flat(sent: dict[str, Any]) -> dict[str, Any]:
    """The row of one INSERT as a plain form would store it."""
    return {
        "id": UUID(sent["id"]),
        "account_id": sent["account_id"],
        "received_at": sent["received_at"],
        "held_on": date.fromisoformat(sent["held_on"]),
        "channel": sent.get("channel", "desk_in_person"),
        "modality": sent.get("modality", "informational"),
        "content": str(sent["groups"]),
    }


def raw(sent: dict[str, Any]) -> dict[str, Any]:
    """The same for the raw INSERT."""
    key = sent["id"].replace("-", "")
    day = sent["held_on"]
    return {"id": key, "at": f"{day} 12:00:00", "held_on": day, "content": str(sent["groups"])}
