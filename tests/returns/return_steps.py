"""The steps of a request as programs send them: the fields of each, and whose step it is."""

from datetime import date
from typing import Any
from uuid import uuid4

from app.returns.vocabulary import texts

READ_TEXT = {"language": "spa", "text_version": texts.current()}
DESK, SUPERVISOR = "desk", "supervisor"


def new_request(desk: str, country: str, **fields: Any) -> dict[str, Any]:
    """Return the JSON of one woman's request to return; `fields` replace the defaults."""
    return {
        "id": str(uuid4()),
        "desk": desk,
        "country_of_departure": country,
        "country_of_return": "HTI",
        "nationality": "HTI",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
        **fields,
    }


def all_steps(today: date) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every step of an adult's request in order: whose it is, the stage, its fields."""
    ticks = {"options_explained": True, "own_decision": True, "may_withdraw": True}
    check = {"free_choice": "yes", "informed_decision": "yes", "signs": []}
    travel = {"transport_mode": "air", "reconfirmed_on": today.isoformat()}
    return [
        (DESK, "counselling", {"explained": ["asylum"], **READ_TEXT}),
        (DESK, "consent_recorded", {**ticks, **READ_TEXT}),
        (
            DESK,
            "voluntariness_vulnerability_check",
            {**check, "text_version": READ_TEXT["text_version"]},
        ),
        (DESK, "handed_to_iom", {}),
        (SUPERVISOR, "approved", {}),
        (SUPERVISOR, "travel_documents", {}),
        (SUPERVISOR, "fit_to_travel", {"fit": "yes"}),
        (SUPERVISOR, "travel_arranged", travel),
        (SUPERVISOR, "departed", {}),
        (SUPERVISOR, "arrived", {}),
    ]


STAGES = tuple(stage for _, stage, _ in all_steps(date(2026, 1, 1)))
BEFORE_DEPARTURE = ("enquiry", *STAGES[: STAGES.index("departed")])


def steps_to(stage: str, today: date) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the steps up to a stage, each with the version that it changes."""
    if stage == "enquiry":
        return []
    steps = all_steps(today)[: STAGES.index(stage) + 1]
    return [
        (actor, action, {**fields, "version": version})
        for version, (actor, action, fields) in enumerate(steps, 1)
    ]
