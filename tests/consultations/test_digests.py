"""The digests of recorded consultations are stored: the same content must have them for ever."""

from typing import Any

import pytest

from app.consultations.rules.consultation_data import canonical_json, content_digest
from app.consultations.schemas.bodies import parse_consultation

WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
BOY = {"sex": "male", "age_band": "age_5_11", "n": 12}
PLAIN: dict[str, Any] = {
    "id": "3F2B8C1E-1111-4111-8111-111111111111",
    "desk": "HND-01",
    "held_on": "2026-03-14",
    "groups": [{"nationality": "HND", "repeat_contact": "unknown", "persons": [WOMAN]}],
    "topics": ["health", "asylum"],
    "outcomes": ["information_given"],
}
FULL: dict[str, Any] = {
    **PLAIN,
    "channel": "phone",
    "modality": "accompaniment",
    "travel_group": "family_with_children",
    "language": "hat",
    "groups": [
        {
            "nationality": "VEN",
            "situation": "stranded",
            "repeat_contact": "first_this_year",
            "persons": [BOY, WOMAN],
        },
        *PLAIN["groups"],
    ],
    "main_topic": "asylum",
    "outcomes": ["material_given", "information_given"],
    "flags": ["older_person", "disability"],
    "taps": 3,
    "device": "tablet-1",
}
TALLY = {name: PLAIN[name] for name in ("id", "desk", "held_on")}
TALLY |= {"outcomes": ["person_declined_record"]}
DIGESTS = {
    "plain": (PLAIN, "060a25eb28ba0ad1f27ce416ce4bf90f7b50aec5ab84a75db6319fdd49b1170d"),
    "full": (FULL, "f48770ab550e14b4ad46734ab2e48c15171d82761844b31724aed1e8995731e3"),
    "tally": (TALLY, "afb491e828652cbdf8b2c1a01d41fe5496aca8d31388857c94a0de7feb32ebbf"),
}


@pytest.mark.parametrize(("content", "digest"), DIGESTS.values(), ids=DIGESTS.keys())
def test_a_digest_never_changes(content: dict[str, Any], digest: str) -> None:
    data = parse_consultation(content).data
    assert data is not None
    assert content_digest(data) == digest, canonical_json(data)
