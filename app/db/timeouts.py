"""How long is waited for the database; every number with its reason."""

from dataclasses import dataclass

CONNECT_SECONDS = 3
"""For each host of the address: a host that is gone answers nothing, and a request has better things to wait for."""
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A host that dies without a word is noticed within half a minute, not after the two hours of the system."""


@dataclass(frozen=True)
class Timeouts:
    """Milliseconds; 0 is for ever."""

    lock: int
    statement: int
    idle_in_transaction: int

    @property
    def as_options(self) -> str:
        """The settings of a PostgreSQL connection, sent with its first message: no statement of their own."""
        return (
            f"-c lock_timeout={self.lock} -c statement_timeout={self.statement} "
            f"-c idle_in_transaction_session_timeout={self.idle_in_transaction}"
        )


FOR_REQUESTS = Timeouts(lock=5_000, statement=20_000, idle_in_transaction=60_000)
"""All of a request ends well below the 70 seconds after which the proxy gives up: a person waits 5 seconds for somebody
else's lock, then reads one sentence; the slowest figure takes less than 2 seconds; a worker that stops in the middle of
a transaction releases what it locked. SQLite's write lock is waited for as long as any lock."""
FOR_COMMANDS = Timeouts(lock=60_000, statement=0, idle_in_transaction=0)
"""An import or a rebuild takes as long as it takes; it waits longer than any request may hold a lock."""
FOR_READINESS = Timeouts(lock=1_000, statement=2_000, idle_in_transaction=60_000)
"""A monitor wants its answer within two or three seconds."""
