"""The closed lists of voluntary return (`lists`) and the versioned texts that are read to people (`texts`)."""

from app.returns.vocabulary.lists import (
    ANSWERS,
    AUTHORITIES,
    CLOSING_REASONS,
    EXPLAINED,
    GROUNDS,
    PROGRESS,
    SIGNS,
    STAGES,
    TRANSPORT_MODES,
    TURNS,
    WAITS,
)

__all__ = [
    "ANSWERS",
    "AUTHORITIES",
    "CLOSING_REASONS",
    "EXPLAINED",
    "GROUNDS",
    "PROGRESS",
    "SIGNS",
    "STAGES",
    "TRANSPORT_MODES",
    "TURNS",
    "WAITS",
]
