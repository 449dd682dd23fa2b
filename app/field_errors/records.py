"""Errors of consultations, cards, desks and accounts."""

from app.codelists.codelist import N_, Term

RECORD_ERRORS = (
    Term("required", N_("Please answer this.")),
    Term("unknown_code", N_("This is not in the list. Choose one of the answers shown.")),
    Term(
        "unknown_field",
        N_("This field does not exist here. Nothing about a person's identity is taken."),
    ),
    Term("unreadable", N_("This could not be read.")),
    Term("not_a_uuid", N_("The record number is not complete. Reload the page and try again.")),
    Term("not_a_date", N_("Write the date as day, month and year.")),
    Term("in_future", N_("The date is in the future. Choose today or an earlier day.")),
    Term("before_opening", N_("The desk was not open yet on that day.")),
    Term("desk_closed", N_("The desk was already closed on that day.")),
    Term("not_your_desk", N_("Choose one of your own desks.")),
    Term("no_people", N_("Tap who came: at least one person.")),
    Term("not_a_number", N_("Write a whole number.")),
    Term("out_of_range", N_("Between 1 and 99 people in each box.")),
    Term(
        "too_many_people",
        N_("At most 200 people in one consultation. Record the rest in another one."),
    ),
    Term("too_many_groups", N_("At most eight nationalities in one consultation.")),
    Term("duplicate", N_("This is marked twice.")),
    Term("not_a_topic_marked", N_("The main topic must be one of the topics marked.")),
    Term(
        "impossible_answer",
        N_("In the first month of the year nobody came in an earlier month of it."),
    ),
    Term("only_a_tally", N_("A refusal is a tally only: it takes no other answer.")),
    Term("restricted_flag", N_("This condition is not recorded in a consultation.")),
    Term("excludes_others", N_("“None” cannot be marked together with another answer.")),
    Term("card_mistyped", N_("A character of this code is wrong. Look at the card again.")),
    Term("card_unknown", N_("This is not a card of this programme. Look at the card again.")),
    Term(
        "card_year_closed",
        N_("This card is of a year whose figures are closed. Give the person a new card."),
    ),
    Term("card_replaced", N_("This card was already replaced by another one.")),
    Term("cards_are_one", N_("Both cards belong to the same person or group already.")),
    Term("how_many_cards", N_("Between 1 and 200 cards at a time.")),
    Term("no_card_key", N_("There is no key for this year's cards yet. Ask the administration.")),
    Term("desk_not_open", N_("This desk is not open today. Choose another one.")),
    Term(
        "not_this_record",
        N_("The number is that of another record. Reload the page and try again."),
    ),
    Term("stale", N_("Somebody changed this meanwhile. Look at both versions and decide.")),
    Term("too_long", N_("This is too long.")),
    Term("taken", N_("This one is already in use.")),
    Term("too_short", N_("At least 12 characters.")),
    Term("too_common", N_("This password is too easy to guess.")),
    Term("wrong_password", N_("The password is wrong.")),
    Term("must_wait", N_("Too many failed attempts. Please wait a quarter of an hour.")),
    Term("not_the_same", N_("The two passwords are not the same.")),
    Term("closes_before_opening", N_("A desk cannot close before it opens.")),
    Term(
        "identifier", N_("This looks like a phone, a document or an e-mail address. Leave it out.")
    ),
    Term(
        "not_in_country", N_("This area lies in another country. Choose one of the country's own.")
    ),
    Term("not_a_time_zone", N_("There is no such time zone. Example: America/Tegucigalpa.")),
    Term(
        "not_a_desk_code",
        N_("Use capital letters, digits and dashes, at most 20. Example: HND-03."),
    ),
    Term(
        "not_a_username",
        N_("3 to 40 lower-case letters, digits, dots or dashes. Begin with a letter or digit."),
    ),
    Term("not_a_pin", N_("A PIN is six digits.")),
    Term("pin_too_easy", N_("This PIN is too easy to guess. Do not count or repeat digits.")),
    Term("not_the_same_pin", N_("The two PINs are not the same.")),
    Term(
        "too_long_ago",
        N_("That day is more than 60 days ago. Choose a later day, or ask the supervisor."),
    ),
    Term("own_account", N_("You cannot close your own account.")),
    Term("different", N_("Another record has this number and different content.")),
    Term("no_envelope", N_("There is no such record among those that you may resolve.")),
    Term("not_there", N_("The record that it voids is not there or is not yours to void.")),
)
