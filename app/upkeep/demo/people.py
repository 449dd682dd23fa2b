"""Who comes: people alone, families, groups; and who comes again and says so truthfully."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random

from app.base.month import Month
from app.consultations.rules.content import Group, Persons
from app.places.vocabulary import programme
from app.upkeep.demo.mixes import Mix
from app.upkeep.demo.places import comers, spoken_by

Profile = tuple[str, str]
"""Sex and age band."""
RETURNING = 0.3
FORGOTTEN = 0.04
POOL = 400
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
CHILD_SEXES = Mix({"female": 49, "male": 51})
ADULT_AGES = Mix({"age_25_59": 70, "age_18_24": 23, "age_60_plus": 5, "unknown_adult": 2})
CHILD_AGES = Mix({"age_0_4": 36, "age_5_11": 40, "age_12_17": 23, "unknown_child": 1})
VAGUE_SEXES = Mix({"female": 40, "male": 45, "not_stated": 15})
VAGUE_AGES = Mix({"age_25_59": 55, "age_18_24": 20, "unknown_adult": 15, "unknown": 10})


@dataclass
class Party:
    """People who travel together: what stays the same of them, and when they last came."""

    travel_group: str
    language: str
    nationality: str
    situation: str
    adults: list[Profile]
    children: list[Profile] = field(default_factory=list)
    second_nationality: str = ""
    last_came: Month | None = None

    def groups(self, answer: str) -> tuple[Group, ...]:
        """The party as a consultation says it, one group per nationality."""
        if not self.second_nationality:
            return (self._group(self.nationality, self.adults + self.children, answer),)
        apart = self.children or self.adults[1:]
        rest = self.adults if self.children else self.adults[:1]
        return (
            self._group(self.nationality, rest, answer),
            self._group(self.second_nationality, apart, answer),
        )

    def _group(self, nationality: str, people: list[Profile], answer: str) -> Group:
        counted = sorted(Counter(people).items())
        persons = tuple(Persons(sex, age, n) for (sex, age), n in counted)
        return Group(nationality, self.situation, answer, persons)

    @property
    def size(self) -> int:
        return len(self.adults) + len(self.children)


class Pool:
    """The parties known at a desk, at most POOL; the latest are more likely to come again."""

    def __init__(self, country: str, reporting_year_start: int, chance: Random) -> None:
        self.country, self.year_start, self.chance = country, reporting_year_start, chance
        self.parties: list[Party] = []
        self.oldest = 0

    def next_party(self) -> Party:
        """Who comes now: somebody known, or somebody new."""
        if self.parties and self.chance.random() < RETURNING:
            back = int(len(self.parties) * self.chance.random() ** 3)
            return self.parties[(self.oldest - 1 - back) % len(self.parties)]
        return new_party(self.country, self.chance)

    def answer(self, party: Party, day: date) -> str:
        """What the party says to "first time?"; now and then that it does not know."""
        if self.chance.random() < FORGOTTEN:
            return "unknown"
        month, last = Month.of(day), party.last_came
        if last == month:
            return "repeat_this_month"
        year = month.reporting_year_start(self.year_start)
        return "first_this_month" if last is not None and last >= year else "first_this_year"

    def remember(self, party: Party, day: date) -> None:
        """Keeps that the party came; the oldest known is forgotten where the pool is full."""
        known, party.last_came = party.last_came, Month.of(day)
        if known is not None:
            return
        if len(self.parties) < POOL:
            self.parties.append(party)
        else:
            self.parties[self.oldest % POOL] = party
        self.oldest = (self.oldest + 1) % POOL


def new_party(country: str, chance: Random) -> Party:
    """People who were never at a desk before."""
    mix = comers(country)
    nationality, travel_group = mix.nationalities.draw(chance), TRAVEL.draw(chance)
    home = nationality == country
    situation = (mix.nationals if home else mix.situations).draw(chance)
    spoken = programme()[country].languages if home else spoken_by(nationality)
    language = spoken[0] if chance.random() < 0.85 else chance.choice(spoken)
    adults, children = MAKERS[travel_group](chance)
    party = Party(travel_group, language, nationality, situation, adults, children)
    if party.size > 1 and chance.random() < 0.06:
        second = mix.nationalities.draw(chance)
        party.second_nationality = second if second != nationality else ""
    return party


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
