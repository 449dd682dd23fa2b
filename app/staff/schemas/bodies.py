"""Schemas of staff: what signs a program in."""

from typing import Annotated, Any

from pydantic import ConfigDict
from pydantic_core import core_schema

from app.web.schemas.body import Body
from app.web.schemas.fields import ReadBy


def _read_code(value: Any) -> str | None:
    return value if isinstance(value, str) else None


class SignInBody(Body):
    """Who signs in; `code` if a second factor is set. A form sends more than these."""

    model_config = ConfigDict(extra="ignore")

    username: str
    password: str
    code: Annotated[str | None, ReadBy(_read_code, core_schema.str_schema(), optional=True)]
