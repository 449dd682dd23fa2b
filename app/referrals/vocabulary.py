"""Closed lists of referrals: services, priorities, states, reasons, questions and answers (domain.md §2.10 to 2.13)."""

from app.codelists.codelist import N_, Codelist, Term

SERVICES = Codelist(
    "referral_service",
    Term("shelter", N_("Shelter")),
    Term("food_nfi", N_("Food and basic items")),
    Term("health", N_("Health")),
    Term("mhpss", N_("Psychosocial support")),
    Term("gbv_services", N_("GBV services")),
    Term("child_protection_authority", N_("Child-protection authority")),
    Term("anti_trafficking", N_("Anti-trafficking body")),
    Term("asylum_authority", N_("Asylum authority / UNHCR")),
    Term("migration_authority", N_("Migration authority")),
    Term("consulate", N_("Consulate")),
    Term("civil_registry", N_("Civil registry")),
    Term("legal_aid", N_("Legal aid / ombudsperson")),
    Term("labour_authority", N_("Labour authority")),
    Term("education", N_("Education")),
    Term("family_tracing", N_("Family tracing")),
    Term("avrr_unit", N_("IOM return unit")),
    Term("transport", N_("Humanitarian transport")),
    Term("other_desk", N_("Another desk")),
    Term("other", N_("Other service")),
)
SHELTER, CONSULATE, CHILD_AUTHORITY = "shelter", "consulate", "child_protection_authority"
RESTRICTED_SERVICES = frozenset(
    {"gbv_services", CHILD_AUTHORITY, "anti_trafficking", "asylum_authority"}
)
"""Services whose name would reveal why somebody came: no list shows them (domain.md §2.10)."""
PRIORITIES = Codelist(
    "referral_priority",
    Term("tonight", N_("Tonight")),
    Term("emergency_24h", N_("Emergency (24 hours)")),
    Term("urgent_72h", N_("Urgent (72 hours)")),
    Term("normal_14d", N_("Normal (2 weeks)")),
)
STATES = Codelist(
    "referral_state",
    Term("draft", N_("Draft")),
    Term("sent", N_("Sent")),
    Term("seen", N_("Seen by receiver")),
    Term("info_requested", N_("More information requested")),
    Term("accepted", N_("Accepted")),
    Term("waitlisted", N_("Waitlisted")),
    Term("declined", N_("Declined")),
    Term("arrived", N_("Person arrived")),
    Term("no_show", N_("Did not arrive")),
    Term("completed", N_("Service provided")),
    Term("cancelled", N_("Cancelled")),
    Term("expired", N_("Expired, no answer")),
)
DECLINE_REASONS = Codelist(
    "decline_reason",
    Term("no_capacity", N_("No capacity")),
    Term("profile_not_admitted", N_("Profile not admitted here")),
    Term("no_suitable_bed", N_("No suitable bed")),
    Term("needs_specialised_care", N_("Needs specialised care")),
    Term("child_protection_route", N_("Must go through child protection")),
    Term("safety_risk", N_("Safety risk at the shelter")),
    Term("outside_hours", N_("Outside intake hours")),
    Term("stay_limit_reached", N_("Stay limit reached")),
    Term("service_suspended", N_("Service suspended")),
    Term("duplicate", N_("Duplicate referral")),
    Term("other", N_("Another reason")),
)
NO_CAPACITY = "no_capacity"
FLAGS = Codelist(
    "referral_flag",
    Term("pregnant_lactating", N_("Pregnant or lactating")),
    Term("older_person", N_("Older person")),
    Term("disability", N_("Disability")),
    Term("single_caregiver", N_("Single caregiver")),
    Term("language_barrier", N_("Language barrier")),
    Term("stranded_no_resources", N_("Stranded / no means")),
    Term("health_condition", N_("Health condition needing care")),
    Term("uasc", N_("Unaccompanied or separated child")),
    Term("indigenous_afro", N_("Indigenous or Afro-descendant (self-identified)")),
    Term("lgbtiq", N_("LGBTIQ+ (only if the person asks)")),
    Term("protection_concern", N_("Protection concern (no detail)")),
)
"""Conditions of kinds A and B; B only here, because placement needs them, and in no list or figure."""
QUESTIONS = Codelist(
    "referral_question",
    Term("stairs", N_("Can everybody climb stairs?")),
    Term("lower_bed", N_("Does anybody need a lower bed?")),
    Term("cot", N_("Is there a baby who needs a cot?")),
    Term("diet", N_("Does anybody need a special diet?")),
    Term("cold_medicine", N_("Does anybody need a medicine kept cold?")),
    Term("animal", N_("Do they travel with an animal?")),
    Term("arrives_late", N_("Will they arrive after the intake hours?")),
    Term("share_room", N_("May they share a room with others?")),
    Term("speaks_spanish", N_("Does anybody speak the shelter's language?")),
    Term("stayed_before", N_("Did they stay here before?")),
)
ANSWERS = Codelist(
    "referral_answer",
    Term("yes", N_("Yes")),
    Term("no", N_("No")),
    Term("unknown", N_("Nobody knows")),
)
# Questions and answers are closed lists: the note is the only free text between desk and shelter.
