"""Schemas of the actions on a referral, each with the fields that its action takes."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import TypeAdapter
from pydantic_core import CoreSchema, core_schema

from app.codelists.codelist import Codelist
from app.composition import PersonCount
from app.field_errors import FieldError
from app.referrals.actions.action_context import ActionInput
from app.referrals.vocabulary import ANSWERS, DECLINE_REASONS, QUESTIONS
from app.shelters.vocabulary import BED_REASONS
from app.web.schemas.body import Body, parse
from app.web.schemas.errors import error_of, errors_at
from app.web.schemas.fields import NUMBER, OptionalNumber, ReadBy, read_number
from app.web.schemas.lists import Persons

MAX_CODE_LENGTH = 80
_PERSONS: TypeAdapter[tuple[PersonCount, ...]] = TypeAdapter(Persons)


def _read_code(value: Any) -> str:
    """Return an optional code; the action looks it up once the referral is locked."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_CODE_LENGTH:
        raise error_of("unreadable")
    return value


def _read_over_capacity(value: Any) -> str:
    if not isinstance(value, dict):
        return _read_code(value)
    reason = value.get("reason")
    if reason is not None and (not isinstance(reason, str) or len(reason) > MAX_CODE_LENGTH):
        raise errors_at([(("reason",), "unreadable", reason)])
    return reason or ""


def _read_questions(value: Any) -> tuple[str, ...]:
    codes = value or []
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise error_of("unreadable")
    return tuple(dict.fromkeys(codes))


def _read_answers(value: Any) -> dict[str, str]:
    answers = value or {}
    if not isinstance(answers, dict) or not all(isinstance(code, str) for code in answers.values()):
        raise error_of("unreadable")
    return answers


def _read_arrived(value: Any) -> int | None:
    """Return how many people came: sent as a number, or as the corrected composition of the group."""
    if isinstance(value, list):
        counts: tuple[PersonCount, ...] = _PERSONS.validate_python(value)
        return sum(count.n for count in counts)
    return read_number(value)


def _codes(terms: Codelist) -> CoreSchema:
    return core_schema.literal_schema([*terms.codes])


_SHELTER = core_schema.str_schema(max_length=MAX_CODE_LENGTH)
_REASON_OBJECT = core_schema.typed_dict_schema(
    {"reason": core_schema.typed_dict_field(_codes(BED_REASONS))}
)
_OVER_CAPACITY = core_schema.union_schema([_REASON_OBJECT, _codes(BED_REASONS)])
_QUESTIONS = core_schema.list_schema(_codes(QUESTIONS))
_ANSWERS = core_schema.dict_schema(_codes(QUESTIONS), _codes(ANSWERS))
_ARRIVED = core_schema.union_schema([NUMBER, _PERSONS.core_schema])


class ActionBody(Body):
    """The version that was looked at, if any, and the acting shelter if the account coordinates several."""

    version: OptionalNumber
    shelter: Annotated[str, ReadBy(_read_code, _SHELTER, "", optional=True)]

    def action_input(self, shelter_id: int | None) -> ActionInput:
        """Return the input of the action, at that own shelter if one was named."""
        return ActionInput(self.version, shelter_id)


class AcceptBody(ActionBody):
    """An acceptance; over capacity only with a reason."""

    over_capacity: Annotated[str, ReadBy(_read_over_capacity, _OVER_CAPACITY, "", optional=True)]

    def action_input(self, shelter_id: int | None) -> ActionInput:
        return ActionInput(self.version, shelter_id, over_capacity=self.over_capacity)


class DeclineBody(ActionBody):
    """A refusal with its reason."""

    reason: Annotated[str, ReadBy(_read_code, _codes(DECLINE_REASONS), "", optional=True)]

    def action_input(self, shelter_id: int | None) -> ActionInput:
        return ActionInput(self.version, shelter_id, self.reason)


class QuestionsBody(ActionBody):
    """What the shelter asks the desk."""

    questions: Annotated[tuple[str, ...], ReadBy(_read_questions, _QUESTIONS, (), optional=True)]

    def action_input(self, shelter_id: int | None) -> ActionInput:
        return ActionInput(self.version, shelter_id, questions=self.questions)


class AnswersBody(ActionBody):
    """The desk's answer to each question."""

    answers: Annotated[dict[str, str], ReadBy(_read_answers, _ANSWERS, {}, optional=True)]

    def action_input(self, shelter_id: int | None) -> ActionInput:
        return ActionInput(self.version, shelter_id, answers=self.answers)


class ArrivalBody(ActionBody):
    """How many people came, or who; everybody if it is left out."""

    persons: Annotated[int | None, ReadBy(_read_arrived, _ARRIVED, optional=True)]

    def action_input(self, shelter_id: int | None) -> ActionInput:
        return ActionInput(self.version, shelter_id, arrived=self.persons)


ACTION_BODIES: dict[str, type[ActionBody]] = {
    "seen": ActionBody,
    "accept": AcceptBody,
    "undo": ActionBody,
    "decline": DeclineBody,
    "waitlist": ActionBody,
    "request-info": QuestionsBody,
    "answer-info": AnswersBody,
    "arrive": ArrivalBody,
    "no-show": ActionBody,
    "complete": ActionBody,
    "cancel": ActionBody,
}
"""The schema of each action of `states.ACTIONS`."""
FIELDS = frozenset().union(*(body.model_fields for body in ACTION_BODIES.values()))


def parse_action(
    action: str, raw: Mapping[str, Any], shelters: Mapping[str, int]
) -> tuple[ActionInput, list[FieldError]]:
    """Return the input of an action and every error; `shelters` are the ids of the account's shelters by code.

    A field of another action is ignored: clients may send one body with every action.
    """
    schema = ACTION_BODIES[action]
    others = FIELDS - schema.model_fields.keys()
    parsed = parse(schema, {name: value for name, value in raw.items() if name not in others})
    body, errors = parsed.body, parsed.field_errors
    if body.shelter and body.shelter not in shelters:
        errors.append(FieldError("shelter", "unknown_shelter"))
    return body.action_input(shelters.get(body.shelter)), errors
