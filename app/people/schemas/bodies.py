"""Schemas of visitor cards: order a sheet, replace a lost card, look up who came with a card last."""

from datetime import date
from typing import Annotated, Any

from pydantic_core import core_schema

from app.people.rules.card_codes import parse_card_code
from app.text_limits import is_too_long
from app.web.schemas.body import Body
from app.web.schemas.errors import error_of
from app.web.schemas.fields import ReadBy, RequiredText

CARD_SCHEMA = core_schema.str_schema(max_length=40)


def read_card(value: Any) -> str | None:
    """Return an optional card's normalised code."""
    if value in (None, ""):
        return None
    code = parse_card_code(value) if isinstance(value, str) and not is_too_long(value) else None
    if code is None:
        raise error_of("card_mistyped")
    return code


CardCode = Annotated[str | None, ReadBy(read_card, CARD_SCHEMA, optional=True)]


def _read_count(value: Any) -> int:
    if value is None or value == "":
        raise error_of("required")
    if not isinstance(value, int) or isinstance(value, bool):
        raise error_of("not_a_number")
    return value


def _read_last_day(value: Any) -> date | None:
    try:
        return None if value in (None, "") else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise error_of("not_a_date") from None


class CardOrderBody(Body):
    """A sheet of `n` new cards for a desk."""

    desk: RequiredText
    n: Annotated[int, ReadBy(_read_count, core_schema.int_schema(ge=1, le=200), 0)]


class CardReplacementBody(Body):
    """The code of a lost card and that of the new one, as typed."""

    lost: RequiredText
    replacement: RequiredText


class CardLookupBody(Body):
    """A card's code as typed, the desk at which it is shown, and the day of the contact: today if it is left out."""

    desk: RequiredText
    card: RequiredText
    held_on: Annotated[
        date | None, ReadBy(_read_last_day, core_schema.date_schema(), optional=True)
    ]
