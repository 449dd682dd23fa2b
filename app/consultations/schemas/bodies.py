"""Schemas of consultations: what records, corrects and voids one, by JSON, form, tablet or spreadsheet."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from pydantic_core import core_schema

from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import REPEAT_CONTACTS, SITUATIONS, languages, nationalities
from app.consultations.rules.checks import is_restricted
from app.consultations.rules.consultation_data import (
    ATTACHED,
    Change,
    ConsultationData,
    Group,
    ParsedConsultation,
)
from app.consultations.vocabulary import (
    CHANGE_REASONS,
    CHANNELS,
    DECLINED,
    FLAGS_A,
    MODALITIES,
    OUTCOMES,
    TOPICS,
    TRAVEL_GROUPS,
)
from app.people.schemas.bodies import CARD_SCHEMA, CardCode, read_card
from app.web.schemas.body import Body, Parsed, parse
from app.web.schemas.errors import FieldErrorCode, error_of
from app.web.schemas.fields import (
    ClientUuid,
    CodeOf,
    Day,
    OptionalVersion,
    ReadBy,
    RequiredText,
    Version,
    WholeNumber,
)
from app.web.schemas.lists import PERSONS, CodesOf, ListOf

PLACEHOLDER_DAY = date(1900, 1, 1)
"""Stands for a day that could not be read; no rule is applied to it."""
TELEMETRY = ("taps", "milliseconds", "sequence", "device")
MAX_GROUPS = 8
_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_GROUPS = ListOf(
    Group,
    {
        "nationality": CodeOf(nationalities()),
        "situation": CodeOf(SITUATIONS.codes, "unknown"),
        "repeat_contact": CodeOf(REPEAT_CONTACTS.codes),
        "persons": PERSONS,
    },
    empty="no_people",
    most=MAX_GROUPS,
    too_many="too_many_groups",
)


def _flag_error(code: Any) -> str:
    return "restricted_flag" if is_restricted("flags", code) else "unknown_code"


def _read_device(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and _DEVICE.fullmatch(value)):
        raise error_of("unreadable")
    return value


def _read_card_or_attached(value: Any) -> str | None:
    return ATTACHED if value == ATTACHED else read_card(value)


class RecordBody(Body):
    """What every record of a contact has."""

    held_on: Day
    id: ClientUuid
    desk: RequiredText


class TallyBody(RecordBody):
    """A refusal to be recorded: its day and desk, nothing else."""

    outcomes: Annotated[tuple[str, ...], CodesOf(Codelist("outcome", OUTCOMES[DECLINED]))]


class ConsultationBody(RecordBody):
    """A consultation; `main_topic` is the first topic, and `language` the desk's first, if they are left out."""

    channel: Annotated[str, CodeOf(CHANNELS.codes, "desk_in_person")]
    modality: Annotated[str, CodeOf(MODALITIES.codes, "informational")]
    travel_group: Annotated[str, CodeOf(TRAVEL_GROUPS.codes, "not_stated")]
    language: Annotated[str, CodeOf(languages(), "")]
    groups: Annotated[tuple[Group, ...], _GROUPS]
    topics: Annotated[tuple[str, ...], CodesOf(TOPICS)]
    outcomes: Annotated[tuple[str, ...], CodesOf(OUTCOMES)]
    flags: Annotated[tuple[str, ...], CodesOf(FLAGS_A, optional=True, code_error=_flag_error)]
    main_topic: Annotated[str, CodeOf(TOPICS.codes, "")]
    card: CardCode
    taps: Annotated[int | None, WholeNumber(0, 10_000, "not_a_number", optional=True)]
    milliseconds: Annotated[int | None, WholeNumber(0, 86_400_000, "not_a_number", optional=True)]
    sequence: Annotated[int | None, WholeNumber(0, 2_000_000_000, "not_a_number", optional=True)]
    device: Annotated[
        str | None,
        ReadBy(_read_device, core_schema.str_schema(pattern=f"^{_DEVICE.pattern}$"), optional=True),
    ]


class CorrectionBody(ConsultationBody):
    """The whole consultation as it should be; `card` may be `attached`: the record keeps its card."""

    card: Annotated[str | None, ReadBy(_read_card_or_attached, CARD_SCHEMA, optional=True)]
    version: Version
    reason: Annotated[str, CodeOf(CHANGE_REASONS.codes)]


class TallyCorrectionBody(TallyBody):
    """A consultation that becomes, or stays, a refusal to be recorded."""

    version: Version
    reason: Annotated[str, CodeOf(CHANGE_REASONS.codes)]


class VoidBody(Body):
    """Why a consultation is removed from the figures, and the version that was looked at, if any."""

    version: OptionalVersion
    reason: Annotated[str, CodeOf(CHANGE_REASONS.codes)]


def parse_consultation(raw: Mapping[str, Any]) -> ParsedConsultation:
    """Parse a new consultation, or a refusal to be recorded."""
    if raw.get("outcomes") == [DECLINED]:
        return _parsed_tally(parse(TallyBody, raw))
    return _parsed(parse(ConsultationBody, raw))


def parse_correction(raw: Mapping[str, Any]) -> ParsedConsultation:
    """Parse the whole consultation that replaces a version."""
    if raw.get("outcomes") == [DECLINED]:
        tally = parse(TallyCorrectionBody, raw)
        change = Change(tally.body.version, tally.body.reason)
        return replace(_parsed_tally(tally), change=change)
    parsed = parse(CorrectionBody, raw)
    change = Change(parsed.body.version, parsed.body.reason)
    return replace(_parsed(parsed), change=change)


def parse_void(raw: Mapping[str, Any]) -> Change:
    """Parse why a consultation is voided."""
    parsed = parse(VoidBody, raw)
    return Change(parsed.body.version, parsed.body.reason, parsed.errors)


def _parsed_tally(parsed: Parsed[Any]) -> ParsedConsultation:
    body: TallyBody = parsed.body
    errors = tuple(_tally_error(*error) for error in parsed.errors)
    data = ConsultationData(body.id, body.desk, body.held_on or PLACEHOLDER_DAY)
    return ParsedConsultation(data, errors, body.held_on, dict.fromkeys(TELEMETRY))


def _tally_error(field: str, code: str) -> FieldErrorCode:
    is_answer = code == "unknown_field" and field in ConsultationBody.model_fields
    return field, "only_a_tally" if is_answer else code


def _parsed(parsed: Parsed[Any]) -> ParsedConsultation:
    body: ConsultationBody = parsed.body
    errors, outcomes = parsed.errors, body.outcomes
    if DECLINED in outcomes:
        errors, outcomes = (*errors, ("outcomes", "only_a_tally")), ()
    data = ConsultationData(
        id=body.id,
        desk=body.desk,
        held_on=body.held_on or PLACEHOLDER_DAY,
        channel=body.channel,
        modality=body.modality,
        travel_group=body.travel_group,
        language=body.language,
        groups=body.groups,
        topics=body.topics,
        main_topic=body.main_topic or "".join(body.topics[:1]),
        outcomes=outcomes,
        flags=body.flags,
    )
    telemetry = {name: getattr(body, name) for name in TELEMETRY}
    return ParsedConsultation(data, errors, body.held_on, telemetry, body.card)
