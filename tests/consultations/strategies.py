"""Random valid consultations."""

from typing import Any

from hypothesis import strategies as st

from app.codelists.shared_codelists import (
    AGE_BANDS,
    REPEAT_CONTACTS,
    SEXES,
    SITUATIONS,
    languages,
    nationalities,
)
from app.consultations.vocabulary import (
    CHANNELS,
    DECLINED,
    FLAGS_A,
    MODALITIES,
    OUTCOMES,
    TOPICS,
    TRAVEL_GROUPS,
)

CELLS = [(sex, band) for sex in SEXES.codes for band in AGE_BANDS.codes]
REAL_OUTCOMES = [code for code in OUTCOMES.codes if code != DECLINED]
FLAGS = [code for code in FLAGS_A.codes if code != "none"]


def subset_of(codes: Any, least: int = 0, most: int = 5) -> Any:
    """Return a list of different codes."""
    return st.lists(st.sampled_from(list(codes)), min_size=least, max_size=most, unique=True)


@st.composite
def groups(draw: Any) -> dict[str, Any]:
    """Return one group; its people stand in any order."""
    cells = draw(subset_of(CELLS, 1, 4))
    group = {
        "nationality": draw(st.sampled_from(sorted(nationalities()))),
        "repeat_contact": draw(st.sampled_from(REPEAT_CONTACTS.codes)),
        "persons": [{"sex": s, "age_band": b, "n": draw(st.integers(1, 6))} for s, b in cells],
    }
    if draw(st.booleans()):
        group["situation"] = draw(st.sampled_from(SITUATIONS.codes))
    return group


@st.composite
def contents(draw: Any, days: Any) -> dict[str, Any]:
    """Return a valid consultation's JSON without `id` and `desk`; `days` are ISO dates to choose from."""
    held_on = draw(st.sampled_from(list(days)))
    if draw(st.integers(0, 9)) == 0:
        return {"held_on": held_on, "outcomes": [DECLINED]}
    content = {
        "held_on": held_on,
        "groups": draw(st.lists(groups(), min_size=1, max_size=8)),
        "topics": draw(subset_of(TOPICS.codes, 1)),
        "outcomes": draw(subset_of(REAL_OUTCOMES, 1)),
    }
    optional = {
        "channel": st.sampled_from(CHANNELS.codes),
        "modality": st.sampled_from(MODALITIES.codes),
        "travel_group": st.sampled_from(TRAVEL_GROUPS.codes),
        "language": st.sampled_from(sorted(languages())),
        "main_topic": st.sampled_from(content["topics"]),
        "flags": subset_of(FLAGS) | st.just(["none"]),
    }
    for name, values in optional.items():
        if draw(st.booleans()):
            content[name] = draw(values)
    if held_on[5:7] == "01":
        for group in content["groups"]:
            if group["repeat_contact"] == "first_this_month":
                group["repeat_contact"] = "unknown"
    return content
