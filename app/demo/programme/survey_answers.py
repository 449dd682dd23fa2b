"""What people ask at the desks of the demo, what is done about it, and how they reach the desk."""

from random import Random

from app.codelists.shared_codelists import CHILDREN
from app.consultations.vocabulary import QUALIFYING_OUTCOMES
from app.demo.programme.distributions import Mix
from app.demo.programme.travel_groups import Party
from app.places.vocabulary import programme

EMPTY_HANDED = 0.03
ASKS_TO_RETURN = 0.85
"""Of those who come for voluntary return: about 2 of 100 of all."""
PASSING = Mix(
    {
        "entry_visa_transit": 20, "migration_risks": 17, "shelter": 13, "asylum": 10,
        "transport": 8, "food_nfi": 8, "health": 8, "rights_general": 4, "smuggling_crime": 3,
        "voluntary_return": 3, "family_contact": 2, "migapp_help": 2, "gbv": 1, "mhpss": 1,
    }
)  # fmt: skip
STAYING = Mix(
    {
        "regularisation": 30, "work_permit_employment": 15, "identity_documents": 14,
        "education": 8, "health": 7, "asylum": 6, "labour_rights": 5, "consular": 4, "legal_aid": 4,
        "social_protection": 3, "rights_general": 2, "disability_services": 1, "gbv": 1,
    }
)  # fmt: skip
AT_HOME = Mix(
    {
        "labour_migration_programmes": 22, "identity_documents": 14, "reintegration": 14,
        "migration_risks": 12, "digital_scams": 8, "social_protection": 8, "consular": 6,
        "education": 4, "mhpss": 4, "cash_remittances": 3, "family_contact": 3, "trafficking": 1,
        "child_protection": 1,
    }
)  # fmt: skip
STUCK = Mix(
    {
        "voluntary_return": 30, "shelter": 22, "food_nfi": 14, "health": 8, "transport": 8,
        "consular": 6, "family_contact": 5, "mhpss": 4, "legal_aid": 3,
    }
)  # fmt: skip
TOPICS = {
    "in_transit": PASSING,
    "pendular": STAYING,
    "in_destination": STAYING,
    "stranded": STUCK,
    "unknown": PASSING,
    "internally_displaced": STUCK,
}
HOW_MANY = Mix({"1": 58, "2": 31, "3": 11})
FURTHER = {
    "material_given": 0.28,
    "document_help": 0.14,
    "appointment_booked": 0.08,
    "referral_made": 0.12,
    "follow_up_agreed": 0.05,
}
LEFT_WITHOUT = Mix({"service_not_available": 55, "person_left": 30, "follow_up_agreed": 15})
CHANNELS = Mix(
    {
        "desk_in_person": 78, "phone": 7, "whatsapp": 6, "border_point": 4, "shelter_visit": 2,
        "community_visit": 1.5, "mobile_desk": 1, "social_media": 0.5,
    }
)  # fmt: skip


def topics(party: Party, chance: Random) -> tuple[str, ...]:
    """One to three topics, the main one first."""
    return TOPICS.get(party.situation, AT_HOME).draw_some(chance, int(HOW_MANY.draw(chance)))


def outcomes(asked: tuple[str, ...], chance: Random) -> tuple[str, ...]:
    """What the desk did; in three of a hundred nothing that counts as having reached somebody."""
    if chance.random() < EMPTY_HANDED:
        return (LEFT_WITHOUT.draw(chance),)
    done = ["information_given"] if chance.random() < 0.88 else []
    done += [code for code, share in FURTHER.items() if chance.random() < share]
    if asked[0] == "voluntary_return" and chance.random() < ASKS_TO_RETURN:
        done.append("return_request_opened")
    helped = not QUALIFYING_OUTCOMES.isdisjoint(done)
    return tuple(done) if helped else ("information_given", *done)


def flags(party: Party, country: str, chance: Random) -> tuple[str, ...]:
    """Conditions of kind A in the party; "none" where somebody looked and found none."""
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
    found = tuple(code for code, share in likely.items() if share and chance.random() < share)
    return found or (("none",) if chance.random() < 0.4 else ())


def modality(of_desk: str, asked: tuple[str, ...], chance: Random) -> str:
    """The modality of one service: mostly that of the desk."""
    if asked[0] in ("regularisation", "legal_aid") and chance.random() < 0.12:
        return "accompaniment"
    return of_desk if chance.random() < 0.8 else "informational"
