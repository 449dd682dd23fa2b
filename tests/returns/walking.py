"""The way of a request as programs send it: what goes with each step, and whose it is."""

from datetime import date
from typing import Any
from uuid import uuid4

from app.returns.vocabulary import texts

READ = {"language": "spa", "text_version": texts.current()}
DESK, SUPERVISOR = "desk", "supervisor"


def new_request(desk: str, country: str, **said: Any) -> dict[str, Any]:
    """The JSON of one woman's request to return; `said` replaces fields."""
    return {
        "id": str(uuid4()),
        "desk": desk,
        "country_of_departure": country,
        "country_of_return": "HTI",
        "nationality": "HTI",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
        **said,
    }


def way(today: date) -> list[tuple[str, str, dict[str, Any]]]:
    """Every step of an adult's way in order: whose it is, the stage, its fields."""
    told = {"options_explained": True, "own_decision": True, "may_withdraw": True}
    free = {"free_choice": "yes", "informed_decision": "yes", "signs": []}
    travel = {"transport_mode": "air", "reconfirmed_on": today.isoformat()}
    return [
        (DESK, "counselling", {"explained": ["asylum"], **READ}),
        (DESK, "consent_recorded", {**told, **READ}),
        (
            DESK,
            "voluntariness_vulnerability_check",
            {**free, "text_version": READ["text_version"]},
        ),
        (DESK, "handed_to_iom", {}),
        (SUPERVISOR, "approved", {}),
        (SUPERVISOR, "travel_documents", {}),
        (SUPERVISOR, "fit_to_travel", {"fit": "yes"}),
        (SUPERVISOR, "travel_arranged", travel),
        (SUPERVISOR, "departed", {}),
        (SUPERVISOR, "arrived", {}),
    ]


STAGES = tuple(stage for _, stage, _ in way(date(2026, 1, 1)))
BEFORE_DEPARTURE = ("enquiry", *STAGES[: STAGES.index("departed")])


def way_to(stage: str, today: date) -> list[tuple[str, str, dict[str, Any]]]:
    """The steps up to a stage, with the version that each one sees."""
    if stage == "enquiry":
        return []
    steps = way(today)[: STAGES.index(stage) + 1]
    return [
        (side, act, {**said, "version": seen}) for seen, (side, act, said) in enumerate(steps, 1)
    ]
