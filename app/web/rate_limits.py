"""Rate limits, counted in the database: the only store that all workers and nodes share."""

import hmac
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

from flask import g
from limits.storage import Storage
from sqlalchemy import CheckConstraint, Index, Integer, String, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.db.session import Base, Session, connection_of, db, independent_transaction
from app.db.types import UtcDateTime
from app.privacy.columns import OPEN, SENSITIVE
from app.settings import current_settings

SCHEME = "database"
DELETE_BATCH_SIZE = 100
MAX_EXHAUSTED_KEYS = 10_000


class RateLimit(Base):
    """Requests of one kind from one address in the window that ends at `ends_at`; stored as a keyed digest only."""

    __tablename__ = "rate_limit"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True, info=SENSITIVE)
    hits: Mapped[int] = mapped_column(Integer, info=OPEN)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (
        CheckConstraint("hits > 0", name="hits_positive"),
        Index("ix_rate_limit_ends_at", "ends_at"),
    )


LIMITS = RateLimit.__table__


class _Exhausted:
    """Keys of this process whose limit is exhausted: further requests are refused without a query."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ends: OrderedDict[str, datetime] = OrderedDict()

    def add(self, digest: str, ends_at: datetime) -> None:
        with self._lock:
            self._ends[digest] = ends_at
            while len(self._ends) > MAX_EXHAUSTED_KEYS:
                self._ends.popitem(last=False)

    def find(self, digest: str, now: datetime) -> datetime | None:
        with self._lock:
            ends_at = self._ends.get(digest)
            return ends_at if ends_at is not None and now < ends_at else None

    def clear(self) -> None:
        with self._lock:
            self._ends.clear()


class DatabaseStorage(Storage):
    """Flask-Limiter's counters in the table `rate_limit`: one statement in one short transaction per request.

    The transaction is independent of that of the view and precedes it. If the database fails, the error is raised and
    the response is 503, as for any other request that needs the database.
    """

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: object) -> None:
        super().__init__(uri, wrap_exceptions)
        self._exhausted = _Exhausted()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return DBAPIError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to the window of a key and return its count; an exhausted key is not counted any more."""
        digest, now, limit = _digest(key), clock.now(), _limit_of(key)
        ends_at = self._exhausted.find(digest, now)
        if ends_at is not None:
            _cache_count(digest, limit + 1, ends_at)
            return limit + 1
        with independent_transaction():
            hits, ends_at = _add(db.session(), digest, amount, now + timedelta(seconds=expiry))
            if hits == amount:
                _delete_expired(db.session(), now)
        if hits > limit:
            self._exhausted.add(digest, ends_at)
        _cache_count(digest, hits, ends_at)
        return hits

    def get(self, key: str) -> int:
        """Return the count of a key's window."""
        return _find(key)[0]

    def get_expiry(self, key: str) -> float:
        """Return when a key's window ends, in seconds since 1970."""
        return _find(key)[1].timestamp()

    def check(self) -> bool:
        """Whether the database responds."""
        return db.session.scalar(select(1)) == 1

    def reset(self) -> int:
        """Delete all counts and return how many there were."""
        self._exhausted.clear()
        with independent_transaction():
            return int(connection_of(db.session()).execute(delete(LIMITS)).rowcount)

    def clear(self, key: str) -> None:
        """Delete the count of a key."""
        self._exhausted.clear()
        with independent_transaction():
            db.session.execute(delete(LIMITS).where(LIMITS.c.digest == _digest(key)))


def _digest(key: str) -> str:
    """Return the stored form of a key: an HMAC, since the key contains an address."""
    secret = current_settings().secret_key
    return hmac.new(secret.encode(), f"rate\x1f{key}".encode(), sha256).hexdigest()


def _limit_of(key: str) -> int:
    """Return how many requests a window allows: RateLimitItem.key_for ends in number, multiple and unit."""
    return int(key.split("/")[-3])


def _add(
    session: Session, digest: str, amount: int, would_end_at: datetime
) -> tuple[int, datetime]:
    connection = connection_of(session)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(LIMITS).values(digest=digest, hits=amount, ends_at=would_end_at)
    is_over = LIMITS.c.ends_at <= clock.now()
    counted = {
        "hits": case((is_over, new.excluded.hits), else_=LIMITS.c.hits + new.excluded.hits),
        "ends_at": case((is_over, new.excluded.ends_at), else_=LIMITS.c.ends_at),
    }
    upsert = new.on_conflict_do_update(index_elements=[LIMITS.c.digest], set_=counted)
    row = connection.execute(upsert.returning(LIMITS.c.hits, LIMITS.c.ends_at)).one()
    return row.hits, row.ends_at


def _delete_expired(session: Session, now: datetime) -> None:
    """Delete expired windows; rows locked by other transactions are skipped, so that no deadlock is possible."""
    over = select(LIMITS.c.digest).where(LIMITS.c.ends_at <= now).order_by(LIMITS.c.ends_at)
    free = over.limit(DELETE_BATCH_SIZE).with_for_update(skip_locked=True)
    session.execute(delete(LIMITS).where(LIMITS.c.digest.in_(free)))


def _cache_count(digest: str, hits: int, ends_at: datetime) -> None:
    """Cache a count for the headers of this request's response."""
    g.setdefault("rate_limits", {})[digest] = (hits, ends_at)


def _find(key: str) -> tuple[int, datetime]:
    digest, now = _digest(key), clock.now()
    cached: tuple[int, datetime] | None = g.get("rate_limits", {}).get(digest)
    if cached is not None:
        return cached
    row = db.session.execute(select(LIMITS).where(LIMITS.c.digest == digest)).first()
    return (row.hits, row.ends_at) if row is not None and row.ends_at > now else (0, now)
