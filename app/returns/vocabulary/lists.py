"""Closed lists of return requests: stages, closing reasons, warning signs, answers (domain.md §2.16 to 2.18, 2.23)."""

from app.codelists.codelist import N_, Codelist, Term

STAGES = Codelist(
    "return_stage",
    Term("enquiry", N_("Enquiry")),
    Term("counselling", N_("Return counselling")),
    Term("consent_recorded", N_("Informed consent recorded")),
    Term("voluntariness_vulnerability_check", N_("Voluntariness and vulnerability check")),
    Term("best_interests_process", N_("Best-interests procedure")),
    Term("handed_to_iom", N_("Handed over to IOM / authority")),
    Term("approved", N_("Approved")),
    Term("travel_documents", N_("Travel documents")),
    Term("fit_to_travel", N_("Fit to travel")),
    Term("travel_arranged", N_("Travel arranged")),
    Term("departed", N_("Departed")),
    Term("arrived", N_("Arrived")),
    Term("reintegration_referred", N_("Referred to reintegration")),
    Term("follow_up_done", N_("Post-return follow-up")),
    Term("closed", N_("Closed")),
)
CLOSING_REASONS = Codelist(
    "return_closing_reason",
    Term("returned", N_("Return completed")),
    Term("withdrew", N_("Person withdrew")),
    Term("not_voluntary", N_("Voluntariness not established")),
    Term("not_in_best_interests", N_("Not in the child's best interests")),
    Term("unsafe_return", N_("Return unsafe")),
    Term("asylum_route", N_("Chose asylum route")),
    Term("local_regularisation", N_("Chose regularisation")),
    Term("not_eligible", N_("Not eligible")),
    Term("no_funds", N_("No programme funds")),
    Term("documents_not_obtained", N_("Documents not obtained")),
    Term("not_fit_to_travel", N_("Not fit to travel")),
    Term("lost_contact", N_("Lost contact")),
    Term("left_by_own_means", N_("Left by own means")),
    Term("removed_by_authority", N_("Removed by authority")),
    Term("duplicate", N_("Duplicate request")),
    Term("other", N_("Another reason")),
)
TRANSPORT_MODES = Codelist(
    "transport_mode",
    Term("land", N_("Over land")),
    Term("air", N_("By air")),
    Term("sea", N_("By sea")),
    Term("mixed", N_("By several means")),
)
WARNING_SIGNS = Codelist(
    "return_sign",
    Term("pressure", N_("Somebody pressures them or promises something")),
    Term("detention", N_("They are held, or threatened with detention")),
    Term("trafficking", N_("A sign of trafficking or exploitation")),
    Term("asylum_pending", N_("They have asked for asylum and wait for an answer")),
    Term("child_without_family", N_("A child travels without their family")),
    Term("doubt_of_capacity", N_("Doubt whether they can decide for themselves")),
)
"""Any of them stops the request until a supervisor decides; no legal status is stored (domain.md §2.23)."""
ANSWERS = Codelist(
    "return_answer",
    Term("yes", N_("Yes")),
    Term("no", N_("No")),
    Term("refer", N_("Not sure: ask the supervisor")),
    Term("pending", N_("Not known yet")),
)
EXPLAINED_TOPICS = Codelist(
    "return_explained",
    Term("asylum", N_("Asylum and other protection")),
    Term("regularisation", N_("Ways to regularise the stay here")),
    Term("other_help", N_("Help that exists here and on the way")),
    Term("situation_at_home", N_("The situation in the country of return")),
    Term("limits", N_("What the return programme gives and what it does not")),
)
AUTHORITIES = Codelist(
    "return_authority",
    Term("child_protection_authority", N_("Child-protection authority")),
    Term("family_court", N_("Family or children's court")),
    Term("appointed_guardian", N_("Guardian named by an authority")),
)
RESUME_GROUNDS = Codelist(
    "return_ground",
    Term("spoken_alone", N_("Spoke with them alone: they decide freely")),
    Term("sign_mistaken", N_("The warning sign was marked by mistake")),
    Term("protection_declined", N_("Protection was offered; they declined it freely")),
    Term("claim_ended", N_("They ended their asylum claim freely, with advice")),
    Term("authority_informed", N_("The competent authority knows and agrees")),
)
"""Why a supervisor resumes a stopped request."""
WAITING_PARTIES = Codelist(
    "return_waits",
    Term("desk", N_("the desk")),
    Term("supervisor", N_("the supervisor")),
    Term("child_protection_authority", N_("the child-protection authority")),
    Term("return_programme", N_("the return programme")),
    Term("person", N_("the person")),
    Term("nobody", N_("nobody")),
)
OTHER_ACTIONS = Codelist(
    "return_turn",
    Term("stop", N_("Stopped: a warning sign was seen")),
    Term("resume", N_("The supervisor lets it continue")),
    Term("withdraw", N_("The person withdrew")),
    Term("close", N_("Closed")),
)
"""Actions on a request that are not stages."""
PROGRESS = Codelist(
    "return_progress",
    Term("enquiry", N_("Asks")),
    Term("counselling", N_("Counselling")),
    Term("consent_recorded", N_("Consent")),
    Term("voluntariness_vulnerability_check", N_("Free choice")),
    Term("handed_to_iom", N_("Hand-over")),
    Term("travel_arranged", N_("Travel")),
    Term("departed", N_("Departs")),
    Term("arrived", N_("Arrives")),
)
"""The eight steps of the progress bar, each by the stage that completes it."""
