"""Errors of return requests, and the gates that block their next stage."""

from app.codelists.codelist import N_, Term

RETURN_ERRORS = (
    Term("same_country", N_("Departure and return are the same country.")),
    Term("already_requested", N_("This consultation has a return request already.")),
    Term(
        "too_many_to_travel",
        N_("At most 99 people travel in one request. Open another one for the others."),
    ),
    Term("reference_mistyped", N_("A character of this reference is wrong. Look at it again.")),
    Term("unknown_request", N_("There is no such return request at your desks.")),
    Term(
        "not_this_request",
        N_("The number is that of another request. Nothing was changed; start again."),
    ),
    Term("tick_needed", N_("Without this it cannot continue. Tick it, or stop here.")),
    Term("text_outdated", N_("This text has a newer version. Read that one to the person.")),
    Term("only_who_asked", N_("More people than asked to return. Correct the numbers.")),
    Term("not_before", N_("This is before the step that comes first. Look at the date again.")),
    Term("stage_skipped", N_("A step comes before this one.")),
    Term("already_recorded", N_("This step is recorded already.")),
    Term("request_closed", N_("This request is closed.")),
    Term("has_departed", N_("They have departed: nothing before that changes any more.")),
    Term("not_departed", N_("They have not departed.")),
    Term(
        "after_hand_over",
        N_("Handed over: from here the supervisor records. A desk may still withdraw it."),
    ),
    Term("before_hand_over", N_("Until the hand-over the desk records this.")),
    Term("reason_not_now", N_("This reason does not fit the step that the request has reached.")),
    Term("not_stopped", N_("This request is not stopped.")),
    Term("not_a_child_alone", N_("Nobody in this request is a child alone.")),
    Term("consent", N_("Informed consent is not recorded.")),
    Term("consent_expired", N_("The consent has expired. Ask the person again.")),
    Term("voluntariness", N_("A free choice and an informed decision are not both established.")),
    Term(
        "supervisor_decision",
        N_("A warning sign was seen: the request waits until the supervisor decides."),
    ),
    Term("best_interests", N_("A child alone: the child-protection authority decides first.")),
    Term("fit_to_travel", N_("Not everybody is known to be fit to travel.")),
    Term(
        "reconfirmation",
        N_(
            "Ask again the day before travel or on the day of travel whether they still want to go."
        ),
    ),
)
