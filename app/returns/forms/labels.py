"""Labels of actions and answers, and the state of the fields on a step's page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.codelists.codelist import N_, Term
from app.i18n import language
from app.returns.forms.fields import (
    ChoiceField,
    DayField,
    LanguageField,
    MultiChoiceField,
    PersonsField,
    StepField,
    TextVersionField,
    TickField,
)
from app.returns.forms.steps import STEP_FORMS
from app.returns.queries.requests import StepRow
from app.returns.rules import closing, stages
from app.returns.rules.request_state import RequestState
from app.returns.vocabulary import CLOSING_REASONS, OTHER_ACTIONS, STAGES

KINDS: dict[type, str] = {
    TickField: "tick",
    ChoiceField: "choice",
    MultiChoiceField: "several",
    DayField: "day",
    LanguageField: "spoken",
    TextVersionField: "version",
    PersonsField: "people",
}
WITHDRAWAL_LEAD = N_(
    "They may withdraw now, without giving a reason. What was prepared is cancelled. The help at this desk continues."
)
LEADS: dict[str, str] = {
    stages.BEST_INTERESTS: N_(
        "The authority decides, not the desk. Without its approval the request goes no further."
    ),
    stages.HANDED_OVER: N_(
        "Only the reference goes across. Names and documents are kept in the return programme's "
        "own system, never here."
    ),
    stages.APPROVED: N_("The return programme informed you that it takes this request."),
    stages.DOCUMENTS: N_("No number and no copy of a document is kept here."),
    stages.FIT_TO_TRAVEL: N_(
        "Only yes, no or not known yet. Nothing about anybody's health is written down."
    ),
    stages.TRAVEL_ARRANGED: N_(
        "Ask them again the day before travel or on the day of travel, and enter that day here."
    ),
    stages.DEPARTED: N_(
        "Who left, and on which day at the desk. Those who stayed are not counted."
    ),
    stages.ARRIVED: N_("The return programme informed you that they arrived."),
    stages.REINTEGRATION: N_("Only if a programme takes them. This step may be left out."),
    stages.FOLLOW_UP: N_("The return programme spoke with them. What they said is kept there."),
    stages.STOP: N_(
        "The request waits until the supervisor decides. The help at this desk continues."
    ),
    stages.CLOSE: N_("A removal by an authority closes it too; it never counts as a return."),
    stages.WITHDRAW: WITHDRAWAL_LEAD,
}
"""One sentence of introduction for each step without a text to read aloud."""
BUTTONS: dict[str, str] = {
    stages.HANDED_OVER: N_("It was handed over"),
    stages.STOP: N_("Stop it here"),
    stages.RESUME: N_("It may continue"),
    stages.CLOSE: N_("Close it"),
    stages.WITHDRAW: N_("They withdraw now"),
}
DEFAULT_BUTTON = N_("Save and continue")


@dataclass(frozen=True)
class StepFieldState:
    """One field on a step's page: its kind (of KINDS), its options, and its present value."""

    kind: str
    name: str
    label: str
    options: tuple[Term, ...] = ()
    value: object = None


@dataclass(frozen=True)
class AnswerLine:
    """One recorded answer: the field's label, and the answer as text or as (sex, age band, n)."""

    label: str
    text: str = ""
    persons: tuple[tuple[str, str, int], ...] = ()


def field_states(
    action: str, values: Mapping[str, object], state: RequestState
) -> list[StepFieldState]:
    """Return the fields of a step's page, filled with `values` by field name."""
    fields = STEP_FORMS[action].fields
    return [_field_state(field, values.get(field.name), state) for field in fields]


def _field_state(field: StepField, value: object, state: RequestState) -> StepFieldState:
    options: tuple[Term, ...] = ()
    if isinstance(field, ChoiceField):
        is_reason = field.terms is CLOSING_REASONS
        codes = closing.available_reasons(state) if is_reason else field.codes
        options = tuple(field.terms[code] for code in codes)
    if isinstance(field, MultiChoiceField):
        options = tuple(field.terms)
    return StepFieldState(KINDS[type(field)], field.name, field.label, options, value)


def default_values(state: RequestState, steps: Iterable[StepRow], today: date) -> dict[str, object]:
    """Return the values, by field name, that a step's page opens with.

    They are recorded facts; an answer of the person is never filled in beforehand.
    """
    spoken = [step.answers["language"] for step in steps if step.answers.get("language")]
    return {
        "language": spoken[-1] if spoken else "",
        "transport_mode": state.transport_mode,
        "travel_on": state.travel_on,
        "reconfirmed_on": state.reconfirmed_on,
        "departed_on": state.departed_on or today,
        "arrived_on": state.arrived_on or today,
        "persons": {f"{sex}-{band}": n for sex, band, n in state.departed_rows},
    }


def values_from_form(action: str, form: MultiDict[str, str]) -> dict[str, object]:
    """Return the values sent from a step's page as they were typed, by field name."""
    fields = STEP_FORMS[action].fields
    with_many = {field.name for field in fields if isinstance(field, MultiChoiceField)}
    values: dict[str, object] = {
        name: form.getlist(name) if name in with_many else form[name] for name in form
    }
    return {
        **values,
        "persons": {name[8:]: form[name] for name in form if name.startswith("persons-")},
    }


def action_label(action: str) -> str:
    """Return the translated label of a stage or other action."""
    terms = OTHER_ACTIONS if action in OTHER_ACTIONS else STAGES
    return str(gettext(terms[action].label))


def answer_lines(step: StepRow) -> list[AnswerLine]:
    """Return the recorded answers of a step, in the order of its fields."""
    if step.action == stages.ENQUIRY:
        return [AnswerLine(gettext("A child alone"))] if step.answers.get("child_alone") else []
    answers = step.answers
    fields = [field for field in STEP_FORMS[step.action].fields if answers.get(field.name)]
    return [_answer_line(field, answers[field.name]) for field in fields]


def _answer_line(field: StepField, value: Any) -> AnswerLine:
    label = str(gettext(field.label))
    if isinstance(field, PersonsField):
        return AnswerLine(label, persons=tuple((sex, band, n) for sex, band, n in value))
    return AnswerLine(label, "" if isinstance(field, TickField) else _answer_text(field, value))


def _answer_text(field: StepField, value: Any) -> str:
    if isinstance(field, DayField):
        return language.format_day(date.fromisoformat(value))
    if isinstance(field, LanguageField):
        return language.language_name(value)
    if isinstance(field, ChoiceField | MultiChoiceField):
        codes = value if isinstance(field, MultiChoiceField) else [value]
        return " · ".join(str(gettext(field.terms[code].label)) for code in codes)
    return str(value)
