"""Topics, outcomes, flags, channels and modalities of the consultations of the demo."""

from random import Random

from app.codelists.shared_codelists import CHILDREN
from app.consultations.vocabulary import QUALIFYING_OUTCOMES
from app.demo.programme.distributions import Distribution
from app.demo.programme.travel_groups import Party
from app.places.vocabulary import programme

NOT_HELPED = 0.03
ASKS_TO_RETURN = 0.85
"""Share of those who come for voluntary return; about 2 in 100 of all."""
IN_TRANSIT = Distribution(
    {
        "entry_visa_transit": 20, "migration_risks": 17, "shelter": 13, "asylum": 10,
        "transport": 8, "food_nfi": 8, "health": 8, "rights_general": 4, "smuggling_crime": 3,
        "voluntary_return": 3, "family_contact": 2, "migapp_help": 2, "gbv": 1, "mhpss": 1,
    }
)  # fmt: skip
STAYING = Distribution(
    {
        "regularisation": 30, "work_permit_employment": 15, "identity_documents": 14,
        "education": 8, "health": 7, "asylum": 6, "labour_rights": 5, "consular": 4, "legal_aid": 4,
        "social_protection": 3, "rights_general": 2, "disability_services": 1, "gbv": 1,
    }
)  # fmt: skip
AT_HOME = Distribution(
    {
        "labour_migration_programmes": 22, "identity_documents": 14, "reintegration": 14,
        "migration_risks": 12, "digital_scams": 8, "social_protection": 8, "consular": 6,
        "education": 4, "mhpss": 4, "cash_remittances": 3, "family_contact": 3, "trafficking": 1,
        "child_protection": 1,
    }
)  # fmt: skip
STRANDED = Distribution(
    {
        "voluntary_return": 30, "shelter": 22, "food_nfi": 14, "health": 8, "transport": 8,
        "consular": 6, "family_contact": 5, "mhpss": 4, "legal_aid": 3,
    }
)  # fmt: skip
TOPICS = {
    "in_transit": IN_TRANSIT,
    "pendular": STAYING,
    "in_destination": STAYING,
    "stranded": STRANDED,
    "unknown": IN_TRANSIT,
    "internally_displaced": STRANDED,
}
NUMBER_OF_TOPICS = Distribution({"1": 58, "2": 31, "3": 11})
FURTHER_OUTCOMES = {
    "material_given": 0.28,
    "document_help": 0.14,
    "appointment_booked": 0.08,
    "referral_made": 0.12,
    "follow_up_agreed": 0.05,
}
WITHOUT_HELP = Distribution(
    {"service_not_available": 55, "person_left": 30, "follow_up_agreed": 15}
)
CHANNELS = Distribution(
    {
        "desk_in_person": 78, "phone": 7, "whatsapp": 6, "border_point": 4, "shelter_visit": 2,
        "community_visit": 1.5, "mobile_desk": 1, "social_media": 0.5,
    }
)  # fmt: skip


def draw_topics(party: Party, rng: Random) -> tuple[str, ...]:
    """Return one to three topics, the main one first."""
    return TOPICS.get(party.situation, AT_HOME).draw_distinct(rng, int(NUMBER_OF_TOPICS.draw(rng)))


def draw_outcomes(topics: tuple[str, ...], rng: Random) -> tuple[str, ...]:
    """Return the outcomes; in three of a hundred consultations none that counts as having reached somebody."""
    if rng.random() < NOT_HELPED:
        return (WITHOUT_HELP.draw(rng),)
    codes = ["information_given"] if rng.random() < 0.88 else []
    codes += [code for code, share in FURTHER_OUTCOMES.items() if rng.random() < share]
    if topics[0] == "voluntary_return" and rng.random() < ASKS_TO_RETURN:
        codes.append("return_request_opened")
    is_qualifying = not QUALIFYING_OUTCOMES.isdisjoint(codes)
    return tuple(codes) if is_qualifying else ("information_given", *codes)


def draw_flags(party: Party, country: str, rng: Random) -> tuple[str, ...]:
    """Return the flags of kind A of the party; "none" if the desk checked and there are none."""
    ages = {age for _, age in party.people}
    women = any(sex == "female" and age not in CHILDREN for sex, age in party.people)
    foreign = party.language not in programme()[country].languages
    likely = {
        "pregnant_lactating": 0.07 if women else 0,
        "older_person": 0.9 if "age_60_plus" in ages else 0,
        "disability": 0.02,
        "single_caregiver": 0.75 if party.travel_group == "single_caregiver" else 0,
        "language_barrier": 0.5 if foreign else 0,
        "stranded_no_resources": 0.6 if party.situation == "stranded" else 0.04,
    }
    drawn = tuple(code for code, share in likely.items() if share and rng.random() < share)
    return drawn or (("none",) if rng.random() < 0.4 else ())


def draw_modality(desk_modality: str, topics: tuple[str, ...], rng: Random) -> str:
    """Return the modality of a consultation: mostly that of the desk."""
    if topics[0] in ("regularisation", "legal_aid") and rng.random() < 0.12:
        return "accompaniment"
    return desk_modality if rng.random() < 0.8 else "informational"
