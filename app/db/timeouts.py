"""Timeouts of database connections and statements, each with its reason."""

from dataclasses import dataclass

CONNECT_SECONDS = 3
"""For each host of the URL: a host that is down does not respond, and a request should not wait for it."""
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A host that fails silently is noticed within half a minute, not after the system's default of two hours."""


@dataclass(frozen=True)
class Timeouts:
    """Milliseconds; 0 disables the timeout."""

    lock: int
    statement: int
    idle_in_transaction: int

    @property
    def as_options(self) -> str:
        """The options of a PostgreSQL connection, sent in its startup message: they cost no statement."""
        return (
            f"-c lock_timeout={self.lock} -c statement_timeout={self.statement} "
            f"-c idle_in_transaction_session_timeout={self.idle_in_transaction}"
        )


FOR_REQUESTS = Timeouts(lock=5_000, statement=20_000, idle_in_transaction=60_000)
"""Every request ends well below the 70 seconds after which the proxy gives up: a person waits 5 seconds for a lock,
then reads one sentence; the slowest figure takes less than 2 seconds; a worker that stops in the middle of a
transaction releases its locks. `lock` is also the wait for SQLite's write lock."""
FOR_COMMANDS = Timeouts(lock=60_000, statement=0, idle_in_transaction=0)
"""An import or a rebuild has no limit; it waits for a lock longer than any request may hold one."""
FOR_READINESS = Timeouts(lock=1_000, statement=2_000, idle_in_transaction=60_000)
"""A monitor expects a response within two or three seconds."""
