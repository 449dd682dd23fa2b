"""The stored codes are promises: other programs and earlier records rely on them."""

import importlib
import pkgutil

import app
from app.codelists.codelist import Codelist
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
    FLAGS_A,
    FLAGS_B,
    MODALITIES,
    OUTCOMES,
    QUALIFYING_OUTCOMES,
    RESTRICTED_TOPICS,
    SHORT_TOPICS,
    TOPICS,
    TRAVEL_GROUPS,
)
from app.places.vocabulary import programme
from app.staff.vocabulary import ROLES

PROMISED = {
    SEXES: "female male other not_stated",
    AGE_BANDS: "age_0_4 age_5_11 age_12_17 age_18_24 age_25_59 age_60_plus "
    "unknown_child unknown_adult unknown",
    SITUATIONS: "in_transit in_destination pendular returnee potential_migrant host_community "
    "internally_displaced stranded family_of_migrant unknown",
    REPEAT_CONTACTS: "first_this_year first_this_month repeat_this_month unknown",
    MODALITIES: "informational transactional accompaniment",
    CHANNELS: "desk_in_person mobile_desk community_visit shelter_visit border_point phone "
    "whatsapp social_media email event_fair other",
    FLAGS_A: "pregnant_lactating older_person disability single_caregiver language_barrier "
    "stranded_no_resources none",
    OUTCOMES: "information_given material_given document_help appointment_booked referral_made "
    "return_request_opened follow_up_agreed service_not_available person_left "
    "person_declined_record",
    TOPICS: "regularisation entry_visa_transit identity_documents consular asylum "
    "work_permit_employment labour_rights labour_migration_programmes shelter food_nfi health "
    "mhpss education child_protection family_contact gbv trafficking smuggling_crime "
    "migration_risks rights_general legal_aid voluntary_return reintegration transport "
    "cash_remittances social_protection disability_services digital_scams migapp_help other",
    TRAVEL_GROUPS: "alone_adult family_with_children family_no_children single_caregiver uasc "
    "friends_group not_stated",
    ROLES: "desk_staff shelter_coordinator supervisor regional admin",
}
NUMBERS = (4, 9, 10, 4, 3, 11, 7, 10, 30, 7, 5)


def test_every_list_holds_exactly_the_promised_codes_in_their_order():
    for terms, codes in PROMISED.items():
        assert terms.codes == tuple(codes.split()), terms.name
    assert tuple(len(terms) for terms in PROMISED) == NUMBERS


def test_flags_of_kind_b_are_known_and_never_offered():
    kind_b = {"health_condition", "uasc", "indigenous_afro", "lgbtiq", "protection_concern"}
    assert kind_b == FLAGS_B
    assert FLAGS_B.isdisjoint(FLAGS_A.codes)


def test_six_outcomes_make_a_person_reached():
    assert set(OUTCOMES.codes[:6]) == QUALIFYING_OUTCOMES
    assert "follow_up_agreed" not in QUALIFYING_OUTCOMES


def test_sets_of_codes_name_only_codes_that_exist():
    assert set(TOPICS.codes) >= RESTRICTED_TOPICS
    assert set(TOPICS.codes) >= set(SHORT_TOPICS)


def test_the_programme_has_twelve_countries_with_codes_of_nationalities():
    assert len(programme()) == 12
    assert all(code in nationalities() for code in programme())


def test_nationalities_are_those_of_the_world_with_stateless_and_unspecified():
    assert len(nationalities()) == 251
    assert {"XXA", "XXX"} <= nationalities()
    assert all(len(code) == 3 for code in languages())


def test_no_list_holds_a_code_or_a_label_twice():
    for terms in _every_list():
        assert len({term.code for term in terms}) == len(terms), terms.name
        assert all(len(term.code) <= 40 and term.label for term in terms), terms.name


def _every_list() -> list[Codelist]:
    starting = (
        "tests.benchmarks.baseline_app",
        "tests.benchmarks.without_aggregates",
    )  # these start a server
    names = [m.name for m in pkgutil.walk_packages(app.__path__, "app.") if m.name not in starting]
    modules = [importlib.import_module(name) for name in names]
    codelists = {
        id(v): v for module in modules for v in vars(module).values() if isinstance(v, Codelist)
    }
    assert len(codelists) >= len(PROMISED)
    return list(codelists.values())
