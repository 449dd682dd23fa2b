"""The table of the benchmark, and the statements of the baseline routes."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Integer, MetaData, String, Table, Text, Uuid, insert, text

from app.db.types import UtcDateTime

BASELINE = Table(
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
INSERT = insert(BASELINE)
RAW = text(
    "INSERT INTO bench_bare (id, account_id, received_at, held_on, channel, modality, content)"
    " VALUES (:id, 1, :at, :held_on, 'desk_in_person', 'informational', :content)"
)


def baseline_row(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the row of one INSERT as a plain form would store it."""
    return {
        "id": UUID(payload["id"]),
        "account_id": payload["account_id"],
        "received_at": payload["received_at"],
        "held_on": date.fromisoformat(payload["held_on"]),
        "channel": payload.get("channel", "desk_in_person"),
        "modality": payload.get("modality", "informational"),
        "content": str(payload["groups"]),
    }


def raw_row(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of the raw INSERT."""
    key = payload["id"].replace("-", "")
    day = payload["held_on"]
    return {"id": key, "at": f"{day} 12:00:00", "held_on": day, "content": str(payload["groups"])}
