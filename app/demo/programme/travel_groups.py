"""People who travel together: their profiles, where and when they came, and their card."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from random import Random

from app.composition import PersonCount
from app.consultations.rules.consultation_data import Group
from app.demo.programme.cards import HeldCard
from app.demo.programme.distributions import Distribution
from app.demo.programme.places import visitor_distributions
from app.month import Month

Profile = tuple[str, str]
"""Sex and age subgroup."""
CHILD_SEXES = Distribution({"female": 49, "male": 51})
CHILD_AGES = Distribution({"age_0_4": 36, "age_5_11": 40, "age_12_17": 23, "unknown_child": 1})
WITH_CHILDREN = ("family_with_children", "single_caregiver")


@dataclass(slots=True)
class Subgroup:
    """People of one nationality in a party who were at the same consultations.

    `last_months` holds the month of the last consultation that counts, by country; the subgroups of a party's first
    day share it.
    """

    nationality: str
    people: list[Profile]
    last_months: dict[str, Month]


@dataclass(slots=True)
class Party:
    """People who travel together: their constant attributes, their country, and the day when they last came.

    `desk` is the code of the desk whose pool they are in, empty if they are in none.
    """

    travel_group: str
    language: str
    situation: str
    subgroups: list[Subgroup]
    country: str
    takes_card: bool
    desk: str = ""
    last_day: date = date.min
    held_card: HeldCard | None = None

    @property
    def people(self) -> list[Profile]:
        """Everybody's sex and age subgroup."""
        return [profile for subgroup in self.subgroups for profile in subgroup.people]

    def groups(self, month: Month, year_start: Month, *, forgot: bool) -> tuple[Group, ...]:
        """Return the groups of a consultation: one per nationality and truthful answer to "first time?".

        A person who joined last is last, so that the ordinals of the others do not change.
        """
        people: dict[tuple[str, str], list[Profile]] = {}
        for subgroup in self.subgroups:
            last = subgroup.last_months.get(self.country)
            answer = "unknown" if forgot else truthful_answer(last, month, year_start)
            people.setdefault((subgroup.nationality, answer), []).extend(subgroup.people)
        return tuple(
            Group(nationality, self.situation, answer, _counted(profiles))
            for (nationality, answer), profiles in people.items()
        )

    def remember_month(self, month: Month) -> None:
        """Remember the month of a consultation that counts, in their present country."""
        for subgroup in self.subgroups:
            subgroup.last_months[self.country] = month

    def move_to(self, country: str, rng: Random) -> None:
        """Move to a country; the situation changes if it is another one."""
        if country != self.country:
            mix = visitor_distributions(country)
            home = self.subgroups[0].nationality == country
            self.situation = (mix.nationals if home else mix.situations).draw(rng)
            self.country = country

    def grow(self, rng: Random) -> None:
        """Add a child to a family, once: only the child is new."""
        if (
            self.travel_group in WITH_CHILDREN
            and self.subgroups[-1].last_months is self.subgroups[0].last_months
        ):
            child = (CHILD_SEXES.draw(rng), CHILD_AGES.draw(rng))
            self.subgroups.append(Subgroup(self.subgroups[-1].nationality, [child], {}))


def truthful_answer(last: Month | None, month: Month, year_start: Month) -> str:
    """Return the truthful answer to "first time?" of a person who last came in month `last`, or never."""
    if last == month:
        return "repeat_this_month"
    return "first_this_month" if last is not None and last >= year_start else "first_this_year"


def _counted(people: list[Profile]) -> tuple[PersonCount, ...]:
    if len(people) == 1:
        return (PersonCount(*people[0], 1),)
    return tuple(PersonCount(*profile, n) for profile, n in sorted(Counter(people).items()))
