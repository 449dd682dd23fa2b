"""The gates of a request, and which of them keeps a step from being taken (domain.md §2.23)."""

from datetime import date, timedelta

from app.composition import is_child_alone
from app.returns.rules.request_state import Standing
from app.returns.rules.stages import ARRANGED, BEST_INTERESTS, CHECK, CONSENT, FIT, YES, is_past

EVE = timedelta(days=1)


def open_gates(standing: Standing, day: date) -> list[str]:
    """Every gate that is not passed yet on a day, in the order of the way; empty once they have departed."""
    if standing.has_departed or standing.is_closed:
        return []
    return [gate for gate, is_open in _gates(standing, day) if is_open]


def _gates(standing: Standing, day: date) -> list[tuple[str, bool]]:
    has_any = bool(standing.consents)
    waits = standing.is_child_alone and standing.best_interests != YES
    return [
        ("supervisor_decision", standing.is_stopped),
        ("consent", not has_any),
        ("consent_expired", has_any and not standing.has_consent_on(day)),
        ("voluntariness", not standing.is_voluntary),
        ("best_interests", waits),
        ("fit_to_travel", standing.fit != YES),
        ("reconfirmation", not is_reconfirmed_for(standing, day)),
    ]


_AFTER = {
    "consent": CONSENT,
    "consent_expired": CONSENT,
    "voluntariness": CHECK,
    "best_interests": BEST_INTERESTS,
    "fit_to_travel": FIT,
    "reconfirmation": ARRANGED,
}
"""The stage behind which each gate stands; a stop stands before every step."""


def is_reconfirmed_for(standing: Standing, day: date) -> bool:
    """Whether the person said on that day or its eve that they still want to go."""
    said = standing.reconfirmed_on
    return said is not None and said <= day <= said + EVE


def gate_before(standing: Standing, stage: str, day: date) -> str:
    """The first gate that keeps a stage from being recorded for a day; empty where none does."""
    for gate, is_open in _gates(standing, day):
        if is_open and (gate not in _AFTER or is_past(stage, _AFTER[gate])):
            return gate
    return ""


def refused_departure(standing: Standing) -> str:
    """The gate that a departure broke, once one was recorded or corrected; empty where it is lawful."""
    day = standing.departed_on
    if day is None:
        return ""
    if is_child_alone(standing.those_departed) and standing.best_interests != YES:
        return "best_interests"  # the adults of the group stayed behind
    return next((gate for gate, is_open in _gates(standing, day) if is_open), "")
