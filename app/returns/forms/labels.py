"""Says in words what a step asks and what was recorded with it, and fills its fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.codelists.codelist import N_, Term
from app.i18n import language
from app.returns.forms.fields import Choice, Field, OneDay, People, Several, Spoken, TextRead, Tick
from app.returns.forms.steps import STEPS
from app.returns.queries.requests import StepRow
from app.returns.rules import closing, stages
from app.returns.rules.request_state import Standing
from app.returns.vocabulary import CLOSING_REASONS, STAGES, TURNS

KINDS: dict[type, str] = {
    Tick: "tick",
    Choice: "choice",
    Several: "several",
    OneDay: "day",
    Spoken: "spoken",
    TextRead: "version",
    People: "people",
}
WITHDRAWING = N_(
    "They may withdraw now, without giving a reason. What was prepared is cancelled. "
    "The help at this desk goes on."
)
LEADS: dict[str, str] = {
    stages.BEST_INTERESTS: N_(
        "The authority decides, not the desk. Without its yes it goes no further."
    ),
    stages.HANDED: N_(
        "Only the reference goes across. Names and documents are kept in the return programme's "
        "own system, never here."
    ),
    stages.APPROVED: N_("The return programme told you that it takes this request."),
    stages.DOCUMENTS: N_("No number and no copy of a document is kept here."),
    stages.FIT: N_(
        "Only yes, no or not known yet. Nothing about anybody's health is written down."
    ),
    stages.ARRANGED: N_(
        "Ask them once more on the eve or the day of travel, and write the day here."
    ),
    stages.DEPARTED: N_("Who left, and on which day at the desk. Who stayed is not counted."),
    stages.ARRIVED: N_("The return programme told you that they arrived."),
    stages.REINTEGRATION: N_("Only where a programme takes them. This step may be left out."),
    stages.FOLLOW_UP: N_("The return programme spoke with them. What they said is kept there."),
    stages.STOP: N_("Nothing goes on until the supervisor decides. The help at this desk goes on."),
    stages.CLOSE: N_("A removal by an authority closes it too; it never counts as a return."),
    stages.WITHDRAW: WITHDRAWING,
}
"""One plain sentence for a step that reads no text."""
BUTTONS: dict[str, str] = {
    stages.HANDED: N_("It was handed over"),
    stages.STOP: N_("Stop it here"),
    stages.RESUME: N_("It may go on"),
    stages.CLOSE: N_("Close it"),
    stages.WITHDRAW: N_("They withdraw now"),
}
USUAL_BUTTON = N_("Save and go on")


@dataclass(frozen=True)
class Shown:
    """One field of a page: its kind, what can be chosen, and what stands in it."""

    kind: str
    name: str
    label: str
    options: tuple[Term, ...] = ()
    value: Any = None


@dataclass(frozen=True)
class Line:
    """One thing that was said with a step: what was asked, and the answer in words or people by sex and age."""

    label: str
    text: str = ""
    persons: tuple[tuple[str, str, int], ...] = ()


def shown_fields(act: str, known: Mapping[str, Any], standing: Standing) -> list[Shown]:
    """The fields of a step's page; `known` is what stands in each of them, by its name."""
    return [_shown(one, known.get(one.name), standing) for one in STEPS[act].fields]


def _shown(field: Field, value: Any, standing: Standing) -> Shown:
    options: tuple[Term, ...] = ()
    if isinstance(field, Choice):
        fitting = closing.reasons_now(standing) if field.terms is CLOSING_REASONS else field.codes
        options = tuple(field.terms[code] for code in fitting)
    if isinstance(field, Several):
        options = tuple(field.terms)
    return Shown(KINDS[type(field)], field.name, field.label, options, value)


def usual(standing: Standing, steps: Iterable[StepRow], today: date) -> dict[str, Any]:
    """What stands in the fields of a step that is opened: facts that are known, never an answer of the person."""
    spoken = [one.said["language"] for one in steps if one.said.get("language")]
    return {
        "language": spoken[-1] if spoken else "",
        "transport_mode": standing.transport_mode,
        "travel_on": standing.travel_on,
        "reconfirmed_on": standing.reconfirmed_on,
        "departed_on": standing.departed_on or today,
        "arrived_on": standing.arrived_on or today,
        "persons": {f"{sex}-{band}": n for sex, band, n in standing.departed},
    }


def typed(act: str, form: MultiDict[str, str]) -> dict[str, Any]:
    """What was sent from a step's page, as it stood in its fields."""
    several = {one.name for one in STEPS[act].fields if isinstance(one, Several)}
    said: dict[str, Any] = {
        name: form.getlist(name) if name in several else form[name] for name in form
    }
    return {
        **said,
        "persons": {name[8:]: form[name] for name in form if name.startswith("persons-")},
    }


def act_in_words(act: str) -> str:
    """What was recorded: a stage or a turn."""
    terms = TURNS if act in TURNS else STAGES
    return str(gettext(terms[act].label))


def said_in_words(step: StepRow) -> list[Line]:
    """Everything that was said with a step, in the order in which it was asked."""
    if step.act == stages.ENQUIRY:
        return [Line(gettext("A child alone"))] if step.said.get("child_alone") else []
    asked = [one for one in STEPS[step.act].fields if step.said.get(one.name)]
    return [_line(one, step.said[one.name]) for one in asked]


def _line(field: Field, value: Any) -> Line:
    label = str(gettext(field.label))
    if isinstance(field, People):
        return Line(label, persons=tuple((sex, band, n) for sex, band, n in value))
    return Line(label, "" if isinstance(field, Tick) else _answer(field, value))


def _answer(field: Field, value: Any) -> str:
    if isinstance(field, OneDay):
        return language.day(date.fromisoformat(value))
    if isinstance(field, Spoken):
        return language.language(value)
    if isinstance(field, Choice | Several):
        codes = value if isinstance(field, Several) else [value]
        return " · ".join(str(gettext(field.terms[code].label)) for code in codes)
    return str(value)
