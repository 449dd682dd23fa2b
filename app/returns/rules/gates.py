"""The gates of a request: conditions that block its steps until they are met (domain.md §2.23)."""

from datetime import date, timedelta

from app.composition import is_child_alone
from app.returns.rules.request_state import RequestState
from app.returns.rules.stages import (
    BEST_INTERESTS,
    CHECK,
    CONSENT,
    FIT_TO_TRAVEL,
    TRAVEL_ARRANGED,
    YES,
    is_after,
)

ONE_DAY = timedelta(days=1)


def open_gates(state: RequestState, day: date) -> list[str]:
    """Return every gate not passed yet on a day, in workflow order; none after departure or closing."""
    if state.has_departed or state.is_closed:
        return []
    return [gate for gate, is_open in _gates(state, day) if is_open]


def _gates(state: RequestState, day: date) -> list[tuple[str, bool]]:
    has_any_consent = bool(state.consent_days)
    needs_decision = state.is_child_alone and state.best_interests != YES
    return [
        ("supervisor_decision", state.is_stopped),
        ("consent", not has_any_consent),
        ("consent_expired", has_any_consent and not state.has_consent_on(day)),
        ("voluntariness", not state.is_voluntary),
        ("best_interests", needs_decision),
        ("fit_to_travel", state.fit_to_travel != YES),
        ("reconfirmation", not is_reconfirmed_for(state, day)),
    ]


_AFTER = {
    "consent": CONSENT,
    "consent_expired": CONSENT,
    "voluntariness": CHECK,
    "best_interests": BEST_INTERESTS,
    "fit_to_travel": FIT_TO_TRAVEL,
    "reconfirmation": TRAVEL_ARRANGED,
}
"""The stage after which each gate stands; the gate of a stop stands before every step."""


def is_reconfirmed_for(state: RequestState, day: date) -> bool:
    """Whether the person confirmed on that day or the day before that they still want to go."""
    confirmed_on = state.reconfirmed_on
    return confirmed_on is not None and confirmed_on <= day <= confirmed_on + ONE_DAY


def blocking_gate(state: RequestState, stage: str, day: date) -> str:
    """Return the first gate that blocks a stage on a day; empty if none does."""
    for gate, is_open in _gates(state, day):
        if is_open and (gate not in _AFTER or is_after(stage, _AFTER[gate])):
            return gate
    return ""


def gate_broken_by_departure(state: RequestState) -> str:
    """Return the gate that a recorded or corrected departure breaks; empty if the departure is lawful."""
    day = state.departed_on
    if day is None:
        return ""
    if is_child_alone(state.departed_persons) and state.best_interests != YES:
        return "best_interests"  # the adults of the group stayed behind
    return next((gate for gate, is_open in _gates(state, day) if is_open), "")
