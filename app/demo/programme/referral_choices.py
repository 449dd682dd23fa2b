"""Which consultations of the demo send somebody on: to a shelter or to which service, and how soon."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from app.composition import PersonCount, is_child_alone, count_persons
from app.consultations.rules.consultation_data import ConsultationData
from app.demo.programme.consultations import Telling
from app.demo.programme.distributions import Mix
from app.referrals.rules.referral_data import ConsultationContext, needs_consulate_confirmation, must_go_to_child_authority
from app.referrals.vocabulary import CHILD_AUTHORITY, CONSULATE, FLAGS, SHELTER

REFERRED = "referral_made"
SHARE = 0.5
"""Of the consultations with that outcome: about 6 of 100 of all. The others were only told where to go."""
LARGEST = 12
TO_SHELTER = 0.8
"""Of those on the way, whatever they asked for."""
ON_THE_WAY = ("in_transit", "stranded", "returnee", "internally_displaced")
SERVICES = {
    "shelter": SHELTER, "food_nfi": "food_nfi", "health": "health", "mhpss": "mhpss",
    "gbv": "gbv_services", "asylum": "asylum_authority", "trafficking": "anti_trafficking",
    "child_protection": CHILD_AUTHORITY, "consular": CONSULATE, "legal_aid": "legal_aid",
    "identity_documents": "civil_registry", "labour_rights": "labour_authority",
    "work_permit_employment": "labour_authority", "education": "education",
    "regularisation": "migration_authority", "family_contact": "family_tracing",
    "voluntary_return": "avrr_unit", "transport": "transport",
}  # fmt: skip
PRIORITIES = Mix({"tonight": 48, "emergency_24h": 26, "urgent_72h": 18, "normal_14d": 8})
SOME_TIME = Mix({"urgent_72h": 40, "normal_14d": 60})


@dataclass(frozen=True)
class Wanted:
    """Who is sent where, how soon, after which consultation (its id, empty where after none)."""

    consultation: str
    persons: tuple[PersonCount, ...]
    flags: tuple[str, ...]
    language: str
    service: str
    priority: str

    @property
    def party(self) -> int:
        return count_persons(self.persons)


def wanted_by(telling: Telling, chance: Random) -> Wanted | None:
    """Who is sent on after a consultation, None where nobody is."""
    content = telling.content
    persons = together(content)
    if chance.random() >= SHARE or count_persons(persons) > LARGEST:
        return None
    flags = tuple(code for code in content.flags if code in FLAGS)
    service = _service(content, persons, flags, chance)
    mix = PRIORITIES if service == SHELTER else SOME_TIME
    return Wanted(content.id, persons, flags, content.language, service, mix.draw(chance))


def may_send(telling: Telling) -> bool:
    """Whether a consultation's outcome is that somebody was sent on; one taken out has none."""
    return REFERRED in telling.content.outcomes and not telling.is_void


def together(content: ConsultationData) -> tuple[PersonCount, ...]:
    """Everybody in a consultation, whatever their nationality."""
    sums: Counter[tuple[str, str]] = Counter()
    for group in content.groups:
        for some in group.persons:
            sums[some.sex, some.age_band] += some.n
    return tuple(PersonCount(*profile, n) for profile, n in sorted(sums.items()))


def _service(
    content: ConsultationData, persons: tuple[PersonCount, ...], flags: tuple[str, ...], chance: Random
) -> str:
    known = ConsultationContext(
        frozenset(content.topics), content.travel_group == "uasc" or is_child_alone(persons)
    )
    if must_go_to_child_authority(persons, flags, known):
        return CHILD_AUTHORITY
    situation = content.groups[0].situation
    if "shelter" in content.topics or (situation in ON_THE_WAY and chance.random() < TO_SHELTER):
        return SHELTER
    service = SERVICES.get(content.main_topic, "other")
    return "asylum_authority" if service == CONSULATE and needs_consulate_confirmation(known, flags) else service


@dataclass(frozen=True)
class Living:
    """A referral that waits in a shelter's inbox when the demo was just built: how long ago it was sent, and answered.

    `seen` and `accepted` are how long ago, None where it was not.
    """

    sent: timedelta
    wanted: Wanted
    seen: timedelta | None = None
    accepted: timedelta | None = None


def _minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def living(language: str) -> tuple[Living, ...]:
    """What waits at the main shelter of a country: one group on its way, one referral seen, one just sent."""
    woman, man = PersonCount("female", "age_25_59", 1), PersonCount("male", "age_18_24", 1)
    child = PersonCount("female", "age_5_11", 2)

    def sent(persons: tuple[PersonCount, ...], priority: str, *flags: str) -> Wanted:
        return Wanted("", persons, flags, language, SHELTER, priority)

    return (
        Living(_minutes(33), sent((man,), "tonight"), _minutes(29), _minutes(21)),
        Living(
            _minutes(14),
            sent((woman, child), "urgent_72h", "single_caregiver"),
            _minutes(9),
        ),
        Living(_minutes(4), sent((woman,), "tonight", "pregnant_lactating")),
    )
