"""People who travel together: who they are, where and when they came, and what card they carry."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from random import Random

from app.composition import PersonCount
from app.consultations.rules.consultation_data import Group
from app.demo.programme.cards import Held
from app.demo.programme.distributions import Mix
from app.demo.programme.places import comers
from app.month import Month

Profile = tuple[str, str]
"""Sex and age band."""
CHILD_SEXES = Mix({"female": 49, "male": 51})
CHILD_AGES = Mix({"age_0_4": 36, "age_5_11": 40, "age_12_17": 23, "unknown_child": 1})
WITH_CHILDREN = ("family_with_children", "single_caregiver")


@dataclass(slots=True)
class Band:
    """People of one nationality in a party who were at the same consultations.

    `came` holds the month of the last one that counts, by country; the bands of a party's first day share it.
    """

    nationality: str
    people: list[Profile]
    came: dict[str, Month]


@dataclass(slots=True)
class Party:
    """People who travel together: what stays the same of them, where they are, and when they last came.

    `desk` is the code of the desk whose pool they are in, empty where they are in none.
    """

    travel_group: str
    language: str
    situation: str
    bands: list[Band]
    country: str
    takes_card: bool
    desk: str = ""
    last_day: date = date.min
    held: Held | None = None

    @property
    def people(self) -> list[Profile]:
        """Everybody's sex and age band."""
        return [profile for band in self.bands for profile in band.people]

    def groups(self, month: Month, year_start: Month, *, forgot: bool) -> tuple[Group, ...]:
        """The party as a consultation says it: one group per nationality and truthful answer to "first time?".

        Who joined last stands last, so that the ordinals of the others stay theirs.
        """
        said: dict[tuple[str, str], list[Profile]] = {}
        for band in self.bands:
            last = band.came.get(self.country)
            answer = "unknown" if forgot else truth(last, month, year_start)
            said.setdefault((band.nationality, answer), []).extend(band.people)
        return tuple(
            Group(nationality, self.situation, answer, _counted(people))
            for (nationality, answer), people in said.items()
        )

    def came_in(self, month: Month) -> None:
        """Remembers a consultation that counts, in the country where they are."""
        for band in self.bands:
            band.came[self.country] = month

    def move_to(self, country: str, chance: Random) -> None:
        """Arrives in a country; in another one they are in another situation."""
        if country != self.country:
            mix = comers(country)
            home = self.bands[0].nationality == country
            self.situation = (mix.nationals if home else mix.situations).draw(chance)
            self.country = country

    def grow(self, chance: Random) -> None:
        """A child joins a family, once: only that one is new."""
        if self.travel_group in WITH_CHILDREN and self.bands[-1].came is self.bands[0].came:
            child = (CHILD_SEXES.draw(chance), CHILD_AGES.draw(chance))
            self.bands.append(Band(self.bands[-1].nationality, [child], {}))


def truth(last: Month | None, month: Month, year_start: Month) -> str:
    """The truthful answer to "first time?" of somebody who last came in a month, or never."""
    if last == month:
        return "repeat_this_month"
    return "first_this_month" if last is not None and last >= year_start else "first_this_year"


def _counted(people: list[Profile]) -> tuple[PersonCount, ...]:
    if len(people) == 1:
        return (PersonCount(*people[0], 1),)
    return tuple(PersonCount(*profile, n) for profile, n in sorted(Counter(people).items()))
