"""Closed lists of voluntary return (`lists`), and the versioned texts that are read to people (`texts`)."""

from app.returns.vocabulary.lists import (
    ANSWERS,
    AUTHORITIES,
    CLOSING_REASONS,
    EXPLAINED_TOPICS,
    OTHER_ACTIONS,
    PROGRESS,
    RESUME_GROUNDS,
    STAGES,
    TRANSPORT_MODES,
    WAITING_PARTIES,
    WARNING_SIGNS,
)

__all__ = [
    "ANSWERS",
    "AUTHORITIES",
    "CLOSING_REASONS",
    "EXPLAINED_TOPICS",
    "OTHER_ACTIONS",
    "PROGRESS",
    "RESUME_GROUNDS",
    "STAGES",
    "TRANSPORT_MODES",
    "WAITING_PARTIES",
    "WARNING_SIGNS",
]
