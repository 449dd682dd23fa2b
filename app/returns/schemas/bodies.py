"""Schemas of return requests: what opens one, and what each of its steps states, by JSON or form."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Annotated, Any
from uuid import uuid4

from app.codelists.shared_codelists import nationalities, world_countries
from app.composition import PersonCount
from app.returns.actions.record_stage import StepInput
from app.returns.rules import stages
from app.returns.rules.new_request import ParsedReturnRequest, ReturnRequestData
from app.returns.schemas.fields import (
    OpenDay,
    OptionalPersons,
    OptionalSeenVersion,
    OptionalUuid,
    OriginConsultation,
    RequiredTick,
    SeenVersion,
    SpokenLanguage,
    TextVersion,
    Tick,
    code_text,
    tick_required_with,
)
from app.returns.vocabulary import (
    AUTHORITIES,
    CLOSING_REASONS,
    EXPLAINED_TOPICS,
    RESUME_GROUNDS,
    TRANSPORT_MODES,
    WARNING_SIGNS,
)
from app.web.schemas.body import Body, parse
from app.web.schemas.fields import CodeOf, RequiredText
from app.web.schemas.lists import CodesOf, Persons

YES_NO_REFER = (stages.YES, stages.NO, stages.REFER)
YES_NO_PENDING = (stages.YES, stages.NO, stages.PENDING)
_Country = Annotated[str, code_text(frozenset(world_countries()))]
_IfInBestInterests = Annotated[bool, tick_required_with("decision", stages.YES)]


class ReturnRequestBody(Body):
    """A request to return; without an id it gets one."""

    id: OptionalUuid
    desk: RequiredText
    from_consultation: OriginConsultation
    country_of_departure: _Country
    country_of_return: _Country
    nationality: Annotated[str, code_text(nationalities())]
    persons: Persons
    child_alone: Tick


class VersionedBody(Body):
    """The version of the request that was looked at, if any: enough to withdraw it."""

    version: OptionalSeenVersion


class StepBody(VersionedBody):
    """A step that states nothing but that it was taken, and the version of the request that was looked at."""

    version: SeenVersion


class CounsellingBody(StepBody):
    """What was explained, in which language, and the version of the text that was read."""

    explained: Annotated[tuple[str, ...], CodesOf(EXPLAINED_TOPICS)]
    language: SpokenLanguage
    text_version: TextVersion


class ConsentBody(StepBody):
    """An informed consent: all three statements are true."""

    options_explained: RequiredTick
    own_decision: RequiredTick
    may_withdraw: RequiredTick
    language: SpokenLanguage
    text_version: TextVersion


class CheckBody(StepBody):
    """Whether they decide freely and informed; any sign stops the request."""

    free_choice: Annotated[str, CodeOf(YES_NO_REFER)]
    informed_decision: Annotated[str, CodeOf(YES_NO_REFER)]
    signs: Annotated[tuple[str, ...], CodesOf(WARNING_SIGNS, optional=True)]
    text_version: TextVersion


class BestInterestsBody(StepBody):
    """What the child-protection authority decided; with `yes` all three statements are true."""

    authority: Annotated[str, CodeOf(AUTHORITIES.codes)]
    decision: Annotated[str, CodeOf(YES_NO_PENDING)]
    family_assessed: _IfInBestInterests
    receiver_confirmed: _IfInBestInterests
    child_heard: _IfInBestInterests


class FitToTravelBody(StepBody):
    """Whether everybody is fit to travel."""

    fit: Annotated[str, CodeOf(YES_NO_PENDING)]


class TravelBody(StepBody):
    """How they travel, the planned day, and the day on which they said once more that they want to go."""

    transport_mode: Annotated[str, CodeOf(TRANSPORT_MODES.codes)]
    travel_on: OpenDay
    reconfirmed_on: OpenDay


class DepartureBody(StepBody):
    """Who departed and when; everybody, today if they are left out."""

    departed_on: OpenDay
    persons: OptionalPersons


class ReturnArrivalBody(StepBody):
    """The day of arrival; today if it is left out."""

    arrived_on: OpenDay


class StopBody(StepBody):
    """The signs that stop the request."""

    signs: Annotated[tuple[str, ...], CodesOf(WARNING_SIGNS)]


class ResumeBody(StepBody):
    """Why a stopped request may go on."""

    ground: Annotated[str, CodeOf(RESUME_GROUNDS.codes)]


class CloseBody(VersionedBody):
    """Why the request is closed."""

    reason: Annotated[str, CodeOf(CLOSING_REASONS.codes)]


STEP_BODIES: dict[str, type[VersionedBody]] = {
    stages.COUNSELLING: CounsellingBody,
    stages.CONSENT: ConsentBody,
    stages.CHECK: CheckBody,
    stages.BEST_INTERESTS: BestInterestsBody,
    **dict.fromkeys((stages.HANDED_OVER, stages.APPROVED, stages.DOCUMENTS), StepBody),
    stages.FIT_TO_TRAVEL: FitToTravelBody,
    stages.TRAVEL_ARRANGED: TravelBody,
    stages.DEPARTED: DepartureBody,
    stages.ARRIVED: ReturnArrivalBody,
    **dict.fromkeys((stages.REINTEGRATION, stages.FOLLOW_UP), StepBody),
    stages.STOP: StopBody,
    stages.RESUME: ResumeBody,
    stages.CLOSE: CloseBody,
    stages.WITHDRAW: VersionedBody,
}
"""The body of every stage and other action by its code, in workflow order."""


def parse_step(action: str, raw: Mapping[str, Any]) -> StepInput:
    """Parse what a step states, with the error of everything that could not be read."""
    parsed = parse(STEP_BODIES[action], raw)
    answers = {name: _stored(value) for name, value in parsed.body if name != "version"}
    return StepInput(answers, parsed.body.version, tuple(parsed.field_errors))


def _stored(value: object) -> object:
    """Return an answer as it is stored: lists of codes, people as `[sex, age band, n]`."""
    if not isinstance(value, tuple):
        return value
    return [list(astuple(item)) if isinstance(item, PersonCount) else item for item in value]


def parse_new_request(raw: Mapping[str, Any]) -> ParsedReturnRequest:
    """Parse a new request, with the error of everything that could not be read."""
    parsed = parse(ReturnRequestBody, raw)
    body = parsed.body
    data = ReturnRequestData(
        id=body.id or str(uuid4()),
        desk=body.desk,
        consultation=body.from_consultation,
        country_of_departure=body.country_of_departure,
        country_of_return=body.country_of_return,
        nationality=body.nationality,
        persons=body.persons,
        child_alone=body.child_alone,
    )
    return ParsedReturnRequest(data, parsed.errors)
