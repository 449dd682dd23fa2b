"""Parties that come for the first time: people alone, families, groups."""

from collections.abc import Callable
from random import Random

from app.demo.programme.distributions import Distribution
from app.demo.programme.places import languages_of, visitor_distributions
from app.demo.programme.travel_groups import CHILD_AGES, CHILD_SEXES, Party, Profile, Subgroup
from app.places.vocabulary import programme

TAKES_CARD = 0.6
SECOND_NATIONALITY = 0.06
TRAVEL = Distribution(
    {
        "alone_adult": 50,
        "family_with_children": 18,
        "family_no_children": 8,
        "single_caregiver": 9,
        "uasc": 1.5,
        "friends_group": 10,
        "not_stated": 3.5,
    }
)
ADULT_SEXES = Distribution({"male": 57, "female": 42, "other": 1})
ADULT_AGES = Distribution({"age_25_59": 70, "age_18_24": 23, "age_60_plus": 5, "unknown_adult": 2})
NOT_STATED_SEXES = Distribution({"female": 40, "male": 45, "not_stated": 15})
NOT_STATED_AGES = Distribution(
    {"age_25_59": 55, "age_18_24": 20, "unknown_adult": 15, "unknown": 10}
)


def new_party(country: str, rng: Random) -> Party:
    """Return a party that was never at a desk before."""
    mix = visitor_distributions(country)
    nationality, travel_group = mix.nationalities.draw(rng), TRAVEL.draw(rng)
    home = nationality == country
    situation = (mix.nationals if home else mix.situations).draw(rng)
    spoken = programme()[country].languages if home else languages_of(nationality)
    language = spoken[0] if rng.random() < 0.85 else rng.choice(spoken)
    adults, children = PARTY_BUILDERS[travel_group](rng)
    subgroups = [Subgroup(nationality, adults + children, {})]
    if len(subgroups[0].people) > 1 and rng.random() < SECOND_NATIONALITY:
        subgroups = _split_by_nationality(
            mix.nationalities.draw(rng), subgroups[0], adults, children
        )
    takes_card = rng.random() < TAKES_CARD
    return Party(travel_group, language, situation, subgroups, country, takes_card)


def _split_by_nationality(
    second: str, whole: Subgroup, adults: list[Profile], children: list[Profile]
) -> list[Subgroup]:
    """Split a party in two nationalities: the children, or all adults but one, have the second; they came together."""
    if second == whole.nationality:
        return [whole]
    rest, second_group = (adults, children) if children else (adults[:1], adults[1:])
    return [
        Subgroup(whole.nationality, rest, whole.last_months),
        Subgroup(second, second_group, whole.last_months),
    ]


People = tuple[list[Profile], list[Profile]]


def _adult(rng: Random) -> Profile:
    return ADULT_SEXES.draw(rng), ADULT_AGES.draw(rng)


def _children(rng: Random) -> list[Profile]:
    n = 1 + int(3.2 * rng.random() ** 1.7)
    return [(CHILD_SEXES.draw(rng), CHILD_AGES.draw(rng)) for _ in range(n)]


def _alone(rng: Random) -> People:
    return [_adult(rng)], []


def _couple(rng: Random) -> list[Profile]:
    return [("female", ADULT_AGES.draw(rng)), ("male", ADULT_AGES.draw(rng))]


def _family(rng: Random) -> People:
    return _couple(rng), _children(rng)


def _caregiver(rng: Random) -> People:
    sex = "female" if rng.random() < 0.86 else "male"
    return [(sex, ADULT_AGES.draw(rng))], _children(rng)


def _on_their_own(rng: Random) -> People:
    age = "age_12_17" if rng.random() < 0.85 else "age_5_11"
    return [], [(CHILD_SEXES.draw(rng), age)]


def _friends(rng: Random) -> People:
    n = 2 + int(4 * rng.random() ** 2)
    if rng.random() < 0.03:
        n = rng.randint(8, 24)
    return [_adult(rng) for _ in range(n)], []


def _not_stated(rng: Random) -> People:
    return [(NOT_STATED_SEXES.draw(rng), NOT_STATED_AGES.draw(rng))], []


PARTY_BUILDERS: dict[str, Callable[[Random], People]] = {
    "alone_adult": _alone,
    "family_with_children": _family,
    "family_no_children": lambda rng: (_couple(rng), []),
    "single_caregiver": _caregiver,
    "uasc": _on_their_own,
    "friends_group": _friends,
    "not_stated": _not_stated,
}
