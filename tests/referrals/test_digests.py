"""The digests of sent referrals are stored: the same content must have them for ever."""

from typing import Any

import pytest

from app.referrals.rules.referral_data import content_digest
from app.referrals.schemas.bodies import parse_referral

WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
BOY = {"sex": "male", "age_band": "age_5_11", "n": 12}
PLAIN: dict[str, Any] = {
    "id": "3F2B8C1E-1111-4111-8111-111111111111",
    "desk": "HND-01",
    "shelters": ["HND-S1"],
    "priority": "tonight",
    "persons": [WOMAN],
    "consent": True,
}
FULL: dict[str, Any] = {
    **PLAIN,
    "from_consultation": "3F2B8C1E222241118111222222222222",
    "after": "urn:uuid:3f2b8c1e-3333-4111-8111-333333333333",
    "shelters": ["HND-S2", "HND-S1"],
    "service": "shelter",
    "bed_category": "families",
    "persons": [WOMAN, BOY],
    "flags": ["older_person", "disability"],
    "language": "hat",
    "note": " They come\nby  bus ",
    "confirmed": True,
}
SERVICE: dict[str, Any] = {**PLAIN, "shelters": [], "service": "health", "priority": "normal_14d"}
DIGESTS = {
    "plain": (PLAIN, "2bf6ee7443e5b10a8ae652622344fe0d160a8d9a03010f2222253ee7871b745c"),
    "full": (FULL, "c8841a44d0e1929c6b6bf606173cedfffbb95789fcb96a3fcf8d5eb94284cef9"),
    "service": (SERVICE, "040231c13e86df9de1086cbe7693007b06a0d21b914a84cb9cfaa0ec43c3768a"),
}


@pytest.mark.parametrize(("content", "digest"), DIGESTS.values(), ids=DIGESTS.keys())
def test_a_digest_never_changes(content: dict[str, Any], digest: str) -> None:
    data, errors = parse_referral(content)
    assert (errors, content_digest(data)) == ([], digest)
