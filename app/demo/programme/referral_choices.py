"""The consultations of the demo that lead to a referral: to a shelter or which service, and with which priority."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from app.composition import PersonCount, count_persons, is_child_alone
from app.consultations.rules.consultation_data import ConsultationData
from app.demo.programme.consultations import DemoConsultation
from app.demo.programme.distributions import Distribution
from app.referrals.rules.referral_data import (
    ReferralOrigin,
    must_go_to_child_authority,
    needs_consulate_confirmation,
)
from app.referrals.vocabulary import CHILD_AUTHORITY, CONSULATE, FLAGS, SHELTER

REFERRED = "referral_made"
SHARE = 0.5
"""Share of the consultations with that outcome; about 6 in 100 of all. The others only got information."""
LARGEST = 12
TO_SHELTER = 0.8
"""Share of people in these situations, for every topic."""
TRAVELLING = ("in_transit", "stranded", "returnee", "internally_displaced")
SERVICES = {
    "shelter": SHELTER, "food_nfi": "food_nfi", "health": "health", "mhpss": "mhpss",
    "gbv": "gbv_services", "asylum": "asylum_authority", "trafficking": "anti_trafficking",
    "child_protection": CHILD_AUTHORITY, "consular": CONSULATE, "legal_aid": "legal_aid",
    "identity_documents": "civil_registry", "labour_rights": "labour_authority",
    "work_permit_employment": "labour_authority", "education": "education",
    "regularisation": "migration_authority", "family_contact": "family_tracing",
    "voluntary_return": "avrr_unit", "transport": "transport",
}  # fmt: skip
PRIORITIES = Distribution({"tonight": 48, "emergency_24h": 26, "urgent_72h": 18, "normal_14d": 8})
SERVICE_PRIORITIES = Distribution({"urgent_72h": 40, "normal_14d": 60})


@dataclass(frozen=True)
class ReferralPlan:
    """A referral to be made: people, service and priority; `consultation` is the id of its consultation or empty."""

    consultation: str
    persons: tuple[PersonCount, ...]
    flags: tuple[str, ...]
    language: str
    service: str
    priority: str

    @property
    def person_count(self) -> int:
        return count_persons(self.persons)


def plan_referral(consultation: DemoConsultation, rng: Random) -> ReferralPlan | None:
    """Return the referral that follows a consultation; None if there is none."""
    content = consultation.content
    persons = merge_persons(content)
    if rng.random() >= SHARE or count_persons(persons) > LARGEST:
        return None
    flags = tuple(code for code in content.flags if code in FLAGS)
    service = _service(content, persons, flags, rng)
    mix = PRIORITIES if service == SHELTER else SERVICE_PRIORITIES
    return ReferralPlan(content.id, persons, flags, content.language, service, mix.draw(rng))


def leads_to_referral(consultation: DemoConsultation) -> bool:
    """Whether a consultation has a referral among its outcomes and is not void."""
    return REFERRED in consultation.content.outcomes and not consultation.is_void


def merge_persons(content: ConsultationData) -> tuple[PersonCount, ...]:
    """Return the persons of a consultation of all nationalities."""
    sums: Counter[tuple[str, str]] = Counter()
    for group in content.groups:
        for count in group.persons:
            sums[count.sex, count.age_band] += count.n
    return tuple(PersonCount(*profile, n) for profile, n in sorted(sums.items()))


def _service(
    content: ConsultationData, persons: tuple[PersonCount, ...], flags: tuple[str, ...], rng: Random
) -> str:
    context = ReferralOrigin(
        frozenset(content.topics), content.travel_group == "uasc" or is_child_alone(persons)
    )
    if must_go_to_child_authority(persons, flags, context):
        return CHILD_AUTHORITY
    situation = content.groups[0].situation
    if "shelter" in content.topics or (situation in TRAVELLING and rng.random() < TO_SHELTER):
        return SHELTER
    service = SERVICES.get(content.main_topic, "other")
    return (
        "asylum_authority"
        if service == CONSULATE and needs_consulate_confirmation(context, flags)
        else service
    )


@dataclass(frozen=True)
class OpenReferral:
    """A referral that is open in a shelter's inbox when the demo ends: how long ago it was sent, seen and accepted.

    `seen_ago` and `accepted_ago` are None if it was not.
    """

    sent_ago: timedelta
    plan: ReferralPlan
    seen_ago: timedelta | None = None
    accepted_ago: timedelta | None = None


def _minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def open_cases(language: str) -> tuple[OpenReferral, ...]:
    """Return the open referrals at a country's main shelter: a group on its way, a referral seen, one just sent."""
    woman, man = PersonCount("female", "age_25_59", 1), PersonCount("male", "age_18_24", 1)
    child = PersonCount("female", "age_5_11", 2)

    def to_shelter(persons: tuple[PersonCount, ...], priority: str, *flags: str) -> ReferralPlan:
        return ReferralPlan("", persons, flags, language, SHELTER, priority)

    return (
        OpenReferral(_minutes(33), to_shelter((man,), "tonight"), _minutes(29), _minutes(21)),
        OpenReferral(
            _minutes(14),
            to_shelter((woman, child), "urgent_72h", "single_caregiver"),
            _minutes(9),
        ),
        OpenReferral(_minutes(4), to_shelter((woman,), "tonight", "pregnant_lactating")),
    )
