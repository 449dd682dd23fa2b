"""Schema of a new referral, by JSON, form or tablet."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic_core import core_schema

from app.codelists.shared_codelists import languages
from app.field_errors import FieldError
from app.privacy.identifiers import (
    MAX_NOTE_LENGTH,
    MAX_RAW_NOTE_LENGTH,
    find_identifier_in_note,
)
from app.referrals.rules.referral_data import MAX_SHELTERS, ReferralData
from app.referrals.vocabulary import FLAGS, PRIORITIES, SERVICES, SHELTER
from app.shelters.vocabulary import BED_CATEGORIES
from app.web.schemas.body import Body, parse
from app.web.schemas.errors import error_of
from app.web.schemas.fields import (
    Checkbox,
    ClientUuid,
    CodeOf,
    ReadBy,
    Reference,
    RequiredText,
)
from app.web.schemas.lists import CodesOf, Persons

SHELTER_ERRORS = frozenset({("shelters", "too_many_shelters"), ("shelters", "duplicate")})
"""Errors of shelters that were chosen nevertheless."""


def _read_shelters(value: Any) -> tuple[str, ...]:
    if value in (None, []):
        return ()
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise error_of("unreadable")
    if len(value) > MAX_SHELTERS:
        raise error_of("too_many_shelters")
    if len(set(value)) != len(value):
        raise error_of("duplicate")
    return tuple(value)


def _read_note(value: Any) -> str:
    """Return the note, trimmed; if it could identify somebody, the error names the rule of `privacy.identifiers`."""
    if value in (None, ""):
        return ""
    if isinstance(value, str) and len(value) > MAX_RAW_NOTE_LENGTH:
        raise error_of("too_long")
    if not isinstance(value, str) or not value.replace("\n", " ").isprintable():
        raise error_of("unreadable")
    note = " ".join(value.split())
    if len(note) > MAX_NOTE_LENGTH:
        raise error_of("too_long")
    rule = find_identifier_in_note(note)
    if rule:
        raise error_of(f"note_{rule}")
    return note


_SHELTERS = core_schema.list_schema(core_schema.str_schema(), max_length=MAX_SHELTERS)
_NOTE = core_schema.str_schema(max_length=MAX_RAW_NOTE_LENGTH)


class ReferralBody(Body):
    """A group sent to up to three shelters or to a service; `service` is `shelter` if there are shelters."""

    id: ClientUuid
    desk: RequiredText
    from_consultation: Reference
    shelters: Annotated[tuple[str, ...], ReadBy(_read_shelters, _SHELTERS, (), optional=True)]
    service: Annotated[str, CodeOf(SERVICES.codes, "")]
    bed_category: Annotated[str, CodeOf(BED_CATEGORIES.codes, "")]
    priority: Annotated[str, CodeOf(PRIORITIES.codes)]
    persons: Persons
    flags: Annotated[tuple[str, ...], CodesOf(FLAGS, optional=True)]
    language: Annotated[str, CodeOf(languages(), "")]
    note: Annotated[str, ReadBy(_read_note, _NOTE, "", optional=True)]
    consent: Annotated[bool, Checkbox()]
    confirmed: Annotated[bool, Checkbox()]
    after: Reference


def parse_referral(raw: Mapping[str, Any]) -> tuple[ReferralData, list[FieldError]]:
    """Return the content of a new referral, and every field that could not be read."""
    parsed = parse(ReferralBody, raw)
    body, errors = parsed.body, parsed.field_errors
    has_shelters = body.shelters or not SHELTER_ERRORS.isdisjoint(parsed.errors)
    service = body.service or (SHELTER if has_shelters else "")
    if not service and all(error.field != "service" for error in errors):
        errors.append(FieldError("service", "required"))
    data = ReferralData(
        id=body.id,
        desk=body.desk,
        consultation=body.from_consultation,
        shelters=body.shelters,
        service=service,
        bed_category=body.bed_category,
        priority=body.priority,
        persons=body.persons,
        flags=body.flags,
        language=body.language,
        note=body.note,
        consent=body.consent,
        confirmed=body.confirmed,
        after=body.after,
    )
    return data, errors
