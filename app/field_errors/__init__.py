"""Field errors: a field, a code and its message; actions return expected failures as lists of these."""

from dataclasses import dataclass

from flask import Response, jsonify, make_response
from flask_babel import gettext
from werkzeug import exceptions

from app.codelists.codelist import Codelist, Term
from app.field_errors.records import RECORD_ERRORS
from app.field_errors.referrals import REFERRAL_ERRORS
from app.field_errors.returns import RETURN_ERRORS
from app.json_object import JsonObject
from app.privacy.identifiers import IDENTIFIERS

FIELD_ERRORS = Codelist(
    "problem",
    *RECORD_ERRORS,
    *REFERRAL_ERRORS,
    *RETURN_ERRORS,
    *(Term(f"note_{rule.code}", rule.label) for rule in IDENTIFIERS),
)


@dataclass(frozen=True)
class FieldError:
    """An error of one field: its path (`groups.0.persons.1.n`) and a code of FIELD_ERRORS."""

    field: str
    code: str

    def as_json(self) -> JsonObject:
        """Return an entry of the promised 422 response: field, code, message in the reader's language."""
        return {"field": self.field, "code": self.code, "message": self.message}

    @property
    def message(self) -> str:
        return str(gettext(FIELD_ERRORS[self.code].label))


MAX_ERRORS = 100
"""Errors in one response: it must not become much larger than the request."""


def errors_response(errors: list[FieldError]) -> Response:
    """Return the 422 response with all errors, at most MAX_ERRORS."""
    body = {"problems": [error.as_json() for error in errors[:MAX_ERRORS]]}
    return make_response(jsonify(body), 422)


class NotFound(exceptions.NotFound):
    """404 with the message of a code of FIELD_ERRORS; the same for missing rows and rows outside the scope."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.message = str(gettext(FIELD_ERRORS[code].label))
