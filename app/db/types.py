"""Column types: UTC timestamps, sets of codes, 64-bit keys."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Integer, String
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

# SQLite numbers rows by itself only for a key of type INTEGER, which has 64 bits there.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A timestamp in UTC; both databases return it with its time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class CodeSet(TypeDecorator[tuple[str, ...]]):
    """Codes of a codelist, sorted, stored as one comma-separated text so that rows can be grouped by it."""

    impl = String(1000)
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        return ",".join(sorted(value or ()))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value.split(",")) if value else ()
