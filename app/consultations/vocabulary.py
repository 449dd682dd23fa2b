"""The closed lists of consultations: topics, outcomes, channels and others (domain.md §2)."""

from app.codelists import shared_codelists
from app.codelists.codelist import N_, Codelist, Term

TRAVEL_GROUPS = Codelist(
    "travel_group",
    Term("alone_adult", N_("Adult alone")),
    Term("family_with_children", N_("Family with children")),
    Term("family_no_children", N_("Family or couple, no children")),
    Term("single_caregiver", N_("Single caregiver with children")),
    Term("uasc", N_("Unaccompanied or separated child")),
    Term("friends_group", N_("Non-family group")),
    Term("not_stated", N_("Travel group not stated")),
)
CHANNELS = Codelist(
    "channel",
    Term("desk_in_person", N_("In person at the desk")),
    Term("mobile_desk", N_("Mobile desk")),
    Term("community_visit", N_("Community visit")),
    Term("shelter_visit", N_("Visit at a shelter")),
    Term("border_point", N_("Border point")),
    Term("phone", N_("Phone")),
    Term("whatsapp", N_("WhatsApp")),
    Term("social_media", N_("Social media")),
    Term("email", N_("E-mail")),
    Term("event_fair", N_("Fair or event")),
    Term("other", N_("Other channel")),
)
MODALITIES = shared_codelists.MODALITIES
FLAGS_A = Codelist(
    "profile_flag",
    Term("pregnant_lactating", N_("Pregnant or lactating")),
    Term("older_person", N_("Older person")),
    Term("disability", N_("Disability")),
    Term("single_caregiver", N_("Single caregiver")),
    Term("language_barrier", N_("Language barrier")),
    Term("stranded_no_resources", N_("Stranded / no means")),
    Term("none", N_("None of these")),
)
FLAGS_B = frozenset({"health_condition", "uasc", "indigenous_afro", "lgbtiq", "protection_concern"})
TOPICS = Codelist(
    "topic",
    Term("regularisation", N_("Regularisation / residence")),
    Term("entry_visa_transit", N_("Entry, visa and transit rules")),
    Term("identity_documents", N_("Identity documents and civil registration")),
    Term("consular", N_("Consular services")),
    Term("asylum", N_("Asylum / international protection")),
    Term("work_permit_employment", N_("Employment and work permits")),
    Term("labour_rights", N_("Labour rights")),
    Term("labour_migration_programmes", N_("Labour migration programmes")),
    Term("shelter", N_("Shelter / accommodation")),
    Term("food_nfi", N_("Food and basic items")),
    Term("health", N_("Health")),
    Term("mhpss", N_("Mental health and psychosocial support")),
    Term("education", N_("Education and recognition of studies")),
    Term("child_protection", N_("Child protection")),
    Term("family_contact", N_("Family contact and reunification")),
    Term("gbv", N_("Gender-based violence")),
    Term("trafficking", N_("Trafficking in persons")),
    Term("smuggling_crime", N_("Smuggling, extortion or other crime")),
    Term("migration_risks", N_("Risks of irregular migration")),
    Term("rights_general", N_("Migrants' rights")),
    Term("legal_aid", N_("Legal aid")),
    Term("voluntary_return", N_("Assisted voluntary return")),
    Term("reintegration", N_("Reintegration after return")),
    Term("transport", N_("Transport")),
    Term("cash_remittances", N_("Remittances and cash assistance")),
    Term("social_protection", N_("Social programmes and municipal services")),
    Term("disability_services", N_("Disability services")),
    Term("digital_scams", N_("Scams and false information")),
    Term("migapp_help", N_("Help using MigApp / Migrantinfo")),
    Term("other", N_("Other topic")),
)
SHORT_TOPICS = {
    "regularisation": N_("Residence papers"),
    "entry_visa_transit": N_("Visa and transit"),
    "identity_documents": N_("Documents"),
    "consular": N_("Consulate"),
    "asylum": N_("Asylum"),
    "work_permit_employment": N_("Work"),
    "labour_migration_programmes": N_("Work abroad"),
    "shelter": N_("Shelter"),
    "food_nfi": N_("Food, basics"),
    "mhpss": N_("Psychosocial"),
    "education": N_("School, studies"),
    "family_contact": N_("Family contact"),
    "gbv": N_("Gender violence"),
    "trafficking": N_("Trafficking"),
    "smuggling_crime": N_("Crime suffered"),
    "migration_risks": N_("Route and risks"),
    "rights_general": N_("Rights"),
    "child_protection": N_("Children"),
    "voluntary_return": N_("Voluntary return"),
    "reintegration": N_("Reintegration"),
    "transport": N_("Getting around"),
    "cash_remittances": N_("Money"),
    "social_protection": N_("Social services"),
    "disability_services": N_("Disability help"),
    "digital_scams": N_("Scams"),
    "migapp_help": N_("MigApp help"),
}
USUAL_TOPICS = (
    "regularisation", "asylum", "identity_documents", "shelter", "voluntary_return",
    "health", "work_permit_employment", "migration_risks", "entry_visa_transit", "legal_aid",
)  # fmt: skip
OUTCOMES = Codelist(
    "outcome",
    Term("information_given", N_("Information given")),
    Term("material_given", N_("Material handed out")),
    Term("document_help", N_("Help with form or documents")),
    Term("appointment_booked", N_("Appointment booked")),
    Term("referral_made", N_("Referral made")),
    Term("return_request_opened", N_("Return request opened")),
    Term("follow_up_agreed", N_("Follow-up agreed")),
    Term("service_not_available", N_("Service not available")),
    Term("person_left", N_("Person left")),
    Term("person_declined_record", N_("Declined recording (tally only)")),
)
DECLINED = "person_declined_record"
RETURN_TOPIC, RETURN_OUTCOME = "voluntary_return", "return_request_opened"
"""Either of them means that the people ask about returning."""
QUALIFYING_OUTCOMES = frozenset(OUTCOMES.codes[:6])
CHANGE_REASONS = Codelist(
    "change_reason",
    Term("slip", N_("Tapped by mistake")),
    Term("person_corrected", N_("The person corrected it")),
    Term("duplicate", N_("Recorded twice")),
    Term("other", N_("Another reason")),
    Term("undo", N_("Undone at once")),
)
LIVE, VOID = "live", "void"
RESTRICTED_TOPICS = frozenset(
    {"gbv", "trafficking", "smuggling_crime", "asylum", "child_protection"}
)
"""Topics that no list shows for a single record (counting.md, restricted topics)."""
