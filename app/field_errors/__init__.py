"""A problem: what is wrong with which field, told as one sentence; expected failures are lists of these."""

from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify
from flask_babel import gettext
from werkzeug import exceptions

from app.codelists.codelist import Term, Terms
from app.field_errors.records import RECORDS
from app.field_errors.referrals import REFERRALS
from app.field_errors.returns import RETURNS
from app.privacy.identifiers import IDENTIFIERS

FIELD_ERRORS = Terms(
    "problem",
    *RECORDS,
    *REFERRALS,
    *RETURNS,
    *(Term(f"note_{rule.code}", rule.label) for rule in IDENTIFIERS),
)


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: its path (`groups.0.persons.1.n`) and the code of the sentence."""

    field: str
    code: str

    def as_json(self) -> dict[str, Any]:
        """The promise of 422 answers: field, code, message in the reader's language."""
        return {"field": self.field, "code": self.code, "message": self.message}

    @property
    def message(self) -> str:
        return str(gettext(FIELD_ERRORS[self.code].label))


MOST = 100
"""So many problems are told at once: an answer must not grow much larger than what was sent."""


def errors_response(problems: list[FieldError]) -> Response:
    """The 422 answer that carries all problems at once."""
    answer = jsonify({"problems": [problem.as_json() for problem in problems[:MOST]]})
    answer.status_code = 422
    return answer


class NotFound(exceptions.NotFound):
    """404 with a sentence of its own: a code of FIELD_ERRORS; for what is missing and what is somebody else's alike."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.sentence = str(gettext(FIELD_ERRORS[code].label))
