"""Converts the form fields of a referral, and of an action on one, to the shape of their JSON."""

from werkzeug.datastructures import MultiDict

from app.web.person_counters import person_counts_from_form
from app.web.requests import NOT_FIELDS, RawBody

LIST_FIELDS = ("shelters", "flags")
CHECKBOX_FIELDS = ("consent", "confirmed")
TICKED = ("1", "on", "true", "yes")
ANSWER_PREFIX = "answers-"


def referral_from_form(form: MultiDict[str, str]) -> RawBody:
    """Return the fields of a new referral: `persons-female-age_25_59` = n, checkboxes, repeated lists."""
    raw: RawBody = {}
    for name in form:
        if name not in NOT_FIELDS and not name.startswith("persons-"):
            raw[name] = form.getlist(name) if name in LIST_FIELDS else form[name]
    for name in CHECKBOX_FIELDS:
        if name in raw:
            raw[name] = raw[name] in TICKED
    raw["persons"] = person_counts_from_form(form)
    return raw


def action_from_form(form: MultiDict[str, str]) -> RawBody:
    """Return the fields of an action: `answers-stairs` = yes, repeated `questions`; `next` is the page to go to."""
    raw: RawBody = {}
    answers: dict[str, str] = {}
    for name in form:
        if name.startswith(ANSWER_PREFIX):
            answers[name.removeprefix(ANSWER_PREFIX)] = form[name]
        elif name not in NOT_FIELDS and name != "next":
            raw[name] = form.getlist(name) if name == "questions" else form[name]
    return {**raw, "answers": answers} if answers else raw
