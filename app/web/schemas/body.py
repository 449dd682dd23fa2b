"""The base of every request body, and its one reader: the fields that can be read, and the errors of the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import SchemaValidator

from app.field_errors import FieldError
from app.web.schemas.errors import FieldErrorCode, field_error_codes
from app.web.schemas.lenient import lenient_schema


class Body(BaseModel):
    """A request body: unknown fields are errors, nothing is converted that a client did not mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyBody = TypeVar("AnyBody", bound=Body)


@dataclass(frozen=True)
class Parsed(Generic[AnyBody]):
    """A body as read, with its errors. Fields with an error are blank, so that the rules can judge all others."""

    body: AnyBody
    errors: tuple[FieldErrorCode, ...] = ()

    @property
    def field_errors(self) -> list[FieldError]:
        return [FieldError(field, code) for field, code in self.errors]


def parse(schema: type[AnyBody], raw: Mapping[str, Any]) -> Parsed[AnyBody]:
    """Read a JSON object, or form fields in its shape, by its schema."""
    try:
        return Parsed(schema.__pydantic_validator__.validate_python(raw))
    except ValidationError as error:
        body: AnyBody = _lenient_validator(schema).validate_python(raw)
        return Parsed(body, field_error_codes(error))


@cache
def _lenient_validator(schema: type[Body]) -> SchemaValidator:
    return SchemaValidator(lenient_schema(schema.__pydantic_core_schema__))
