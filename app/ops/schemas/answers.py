"""What monitors get."""

from typing import Literal

from app.web.openapi.answers import Answer


class HealthAnswer(Answer):
    """The process is alive."""

    status: Literal["alive"]


class ReadinessAnswer(Answer):
    """Whether the app can work, and what is in its way."""

    status: Literal["ready", "not_ready"]
    database: str
    writable: bool
    migrations: str
    disk_free_mb: int | None
    sqlite_journal_mode: str | None
    problems: list[str]
