"""Errors of referrals, shelters and beds."""

from app.codelists.codelist import N_, Term

REFERRAL_ERRORS = (
    Term(
        "no_consent", N_("Without the person's consent nothing is sent. Tick it, or send nothing.")
    ),
    Term(
        "too_many_to_refer",
        N_("At most 50 people in one referral. Send the others in another one."),
    ),
    Term("shelter_or_service", N_("Choose shelters or one other service, not both.")),
    Term("child_alone", N_("A child alone goes to the child-protection authority, always.")),
    Term(
        "consulate_after_asylum",
        N_(
            "Somebody who needs protection could be in danger at their consulate. Confirm that they "
            "ask for it themselves."
        ),
    ),
    Term("unknown_shelter", N_("There is no such shelter here. Choose one of the list.")),
    Term("too_many_shelters", N_("At most three shelters at once.")),
    Term(
        "sex_not_admitted",
        N_("This shelter does not take everybody of this group: it admits other sexes only."),
    ),
    Term("no_children_here", N_("This shelter does not take children.")),
    Term("no_groups_here", N_("This shelter does not take groups of women and men together.")),
    Term(
        "age_not_admitted",
        N_("This shelter does not take everybody of this group: there is an age limit."),
    ),
    Term("no_fitting_beds", N_("This shelter has no beds for this group.")),
    Term("no_places", N_("There are not enough free places for the whole group any more.")),
    Term("not_accepting", N_("This shelter takes nobody in at present.")),
    Term("no_such_category", N_("This shelter has no such beds.")),
    Term("not_a_bed_number", N_("Between 0 and 9,999.")),
    Term("needs_bed_reason", N_("More people than places: give the reason.")),
    Term("already_answered", N_("This was answered already.")),
    Term("taken_by_another", N_("Another shelter has accepted this group.")),
    Term("deadline_passed", N_("The time to answer is over.")),
    Term("was_cancelled", N_("The desk has cancelled this.")),
    Term("hold_over", N_("The places are no longer held. Accept again first, if they are free.")),
    Term("too_late_to_undo", N_("It is too late to undo this. Change it in the list.")),
    Term("not_in_this_state", N_("This cannot be done with the referral as it stands now.")),
    Term("unknown_consultation", N_("There is no such consultation at your desk.")),
    Term("not_degrees", N_("Degrees with a point: −90 to 90 for north, −180 to 180 for east.")),
    Term("both_or_none", N_("Answer both or leave both empty.")),
    Term("not_a_clock_time", N_("Write hours and minutes. Example: 18:30.")),
    Term("not_a_phone", N_("Write digits, spaces, + and - only.")),
    Term("not_a_mailbox", N_("This is not a valid e-mail address.")),
    Term("not_an_age", N_("Between 0 and 120 years.")),
    Term("ages_crossed", N_("The youngest is older than the oldest.")),
    Term("not_minutes", N_("Between 5 and 2,880 minutes.")),
    Term("not_days", N_("Between 1 and 3,650 days.")),
    Term("must_be_protected", N_("The place of a refuge is never shown. Tick it as protected.")),
    Term("stays_protected", N_("What was protected stays protected. Open another shelter.")),
    Term("no_way_to_meet", N_("Give a meeting point or a phone: a desk learns nothing else.")),
    Term(
        "no_next_shelter",
        N_("No other shelter takes this group at present. Call one, or choose another service."),
    ),
)
