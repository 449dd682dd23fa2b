"""Who comes for the first time: people alone, families, groups."""

from collections.abc import Callable
from random import Random

from app.demo.programme.distributions import Mix
from app.demo.programme.places import comers, spoken_by
from app.demo.programme.travel_groups import CHILD_AGES, CHILD_SEXES, Band, Party, Profile
from app.places.vocabulary import programme

TAKES_CARD = 0.6
SECOND_NATIONALITY = 0.06
TRAVEL = Mix(
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
ADULT_SEXES = Mix({"male": 57, "female": 42, "other": 1})
ADULT_AGES = Mix({"age_25_59": 70, "age_18_24": 23, "age_60_plus": 5, "unknown_adult": 2})
VAGUE_SEXES = Mix({"female": 40, "male": 45, "not_stated": 15})
VAGUE_AGES = Mix({"age_25_59": 55, "age_18_24": 20, "unknown_adult": 15, "unknown": 10})


def new_party(country: str, chance: Random) -> Party:
    """People who were never at a desk before."""
    mix = comers(country)
    nationality, travel_group = mix.nationalities.draw(chance), TRAVEL.draw(chance)
    home = nationality == country
    situation = (mix.nationals if home else mix.situations).draw(chance)
    spoken = programme()[country].languages if home else spoken_by(nationality)
    language = spoken[0] if chance.random() < 0.85 else chance.choice(spoken)
    adults, children = MAKERS[travel_group](chance)
    bands = [Band(nationality, adults + children, {})]
    if len(bands[0].people) > 1 and chance.random() < SECOND_NATIONALITY:
        bands = _of_two(mix.nationalities.draw(chance), bands[0], adults, children)
    takes_card = chance.random() < TAKES_CARD
    return Party(travel_group, language, situation, bands, country, takes_card)


def _of_two(second: str, all_: Band, adults: list[Profile], children: list[Profile]) -> list[Band]:
    """The children, or all adults but one, of a second nationality; they came together."""
    if second == all_.nationality:
        return [all_]
    rest, apart = (adults, children) if children else (adults[:1], adults[1:])
    return [Band(all_.nationality, rest, all_.came), Band(second, apart, all_.came)]


People = tuple[list[Profile], list[Profile]]


def _adult(chance: Random) -> Profile:
    return ADULT_SEXES.draw(chance), ADULT_AGES.draw(chance)


def _children(chance: Random) -> list[Profile]:
    many = 1 + int(3.2 * chance.random() ** 1.7)
    return [(CHILD_SEXES.draw(chance), CHILD_AGES.draw(chance)) for _ in range(many)]


def _alone(chance: Random) -> People:
    return [_adult(chance)], []


def _couple(chance: Random) -> list[Profile]:
    return [("female", ADULT_AGES.draw(chance)), ("male", ADULT_AGES.draw(chance))]


def _family(chance: Random) -> People:
    return _couple(chance), _children(chance)


def _caregiver(chance: Random) -> People:
    sex = "female" if chance.random() < 0.86 else "male"
    return [(sex, ADULT_AGES.draw(chance))], _children(chance)


def _on_their_own(chance: Random) -> People:
    age = "age_12_17" if chance.random() < 0.85 else "age_5_11"
    return [], [(CHILD_SEXES.draw(chance), age)]


def _friends(chance: Random) -> People:
    many = 2 + int(4 * chance.random() ** 2)
    if chance.random() < 0.03:
        many = chance.randint(8, 24)
    return [_adult(chance) for _ in range(many)], []


def _vague(chance: Random) -> People:
    return [(VAGUE_SEXES.draw(chance), VAGUE_AGES.draw(chance))], []


MAKERS: dict[str, Callable[[Random], People]] = {
    "alone_adult": _alone,
    "family_with_children": _family,
    "family_no_children": lambda chance: (_couple(chance), []),
    "single_caregiver": _caregiver,
    "uasc": _on_their_own,
    "friends_group": _friends,
    "not_stated": _vague,
}
