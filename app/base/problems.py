"""A problem: what is wrong with which field, told as one sentence; expected failures are lists of these."""

from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify
from flask_babel import gettext

from app.base.identifiers import IDENTIFIERS
from app.base.words import N_, Term, Terms

PROBLEMS = Terms(
    "problem",
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
    Term("card_mistyped", N_("A sign of this code is wrong. Look at the card again.")),
    Term("card_unknown", N_("This is not a card of this programme. Look at the card again.")),
    Term(
        "card_year_closed",
        N_("This card is of a year whose figures are closed. Give the person a new card."),
    ),
    Term("card_replaced", N_("Another card took the place of this one already.")),
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
    Term("wrong_password", N_("The password is not right.")),
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
        N_("3 to 40 small letters, digits, dots or dashes. Begin with a letter or digit."),
    ),
    Term("own_account", N_("You cannot close your own account.")),
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
    Term("needs_bed_reason", N_("More people than places: say why.")),
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
    Term("not_a_phone", N_("Write digits, blanks, + and - only.")),
    Term("not_a_mailbox", N_("This is no e-mail address that a letter can go to.")),
    Term("not_an_age", N_("Between 0 and 120 years.")),
    Term("ages_crossed", N_("The youngest is older than the oldest.")),
    Term("not_minutes", N_("Between 5 and 2,880 minutes.")),
    Term("not_days", N_("Between 1 and 3,650 days.")),
    Term("must_be_protected", N_("The place of a refuge is never shown. Tick it as protected.")),
    Term("stays_protected", N_("What was protected stays protected. Open another shelter.")),
    Term("no_way_to_meet", N_("Say a meeting point or a phone: a desk learns nothing else.")),
    Term(
        "no_next_shelter",
        N_("No other shelter takes this group at present. Call one, or choose another service."),
    ),
    *(Term(f"note_{rule.code}", rule.label) for rule in IDENTIFIERS),
)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field: its path (`groups.0.persons.1.n`) and the code of the sentence."""

    field: str
    code: str

    def as_json(self) -> dict[str, Any]:
        """The promise of 422 answers: field, code, message in the reader's language."""
        return {"field": self.field, "code": self.code, "message": self.sentence}

    @property
    def sentence(self) -> str:
        return str(gettext(PROBLEMS[self.code].label))


MOST = 100
"""So many problems are told at once: an answer must not grow much larger than what was sent."""


def refuse(problems: list[Problem]) -> Response:
    """The 422 answer that carries all problems at once."""
    answer = jsonify({"problems": [problem.as_json() for problem in problems[:MOST]]})
    answer.status_code = 422
    return answer
