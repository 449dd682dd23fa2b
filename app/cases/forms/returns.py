"""The form of a new return request: the answers so far, valid or not, and the error messages by field."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from werkzeug.datastructures import MultiDict

from app import clock
from app.cases.forms.counters import (
    PREFIX,
    counts_from_form,
    counts_of,
    has_unknown_ages,
    persons_of,
)
from app.cases.rules import CHILD_ALONE
from app.codelists.shared_codelists import USUAL_NATIONALITIES, world_countries
from app.composition import PersonCount, is_child_alone
from app.consultations.rules.consultation_data import ConsultationData
from app.db.session import Session
from app.field_errors import FieldError
from app.json_object import JsonObject
from app.people.queries.lines import list_nationalities_by_frequency
from app.places.queries import DeskRow
from app.returns.forms.form_fields import new_request_from_form
from app.web.access import Scope

MAX_OFFERED = 7
ONE_MONTH = timedelta(days=30)
FIELDS_WITH_ERRORS = frozenset(
    {"desk", "persons", "nationality", "country_of_departure", "country_of_return", "child_alone"}
)
"""The fields whose errors the page shows next to the answer; all other errors are shown at the top."""


@dataclass
class ReturnFormState:
    """The answers on the page; `counts` by `sex-band` as typed.

    An empty country of return means that of the nationality. `consultation_nationalities` are those of the people
    in the consultation of origin.
    """

    id: str
    desk: str
    country_of_departure: str
    country_of_return: str = ""
    nationality: str = ""
    child_alone: bool = False
    consultation: str = ""
    counts: dict[str, str] = field(default_factory=dict)
    consultation_nationalities: Sequence[str] = ()

    @property
    def has_unknown_ages(self) -> bool:
        """Whether a counter for people of unknown age is filled."""
        return has_unknown_ages(self.counts)

    @property
    def persons(self) -> list[PersonCount]:
        """The people of all valid counters."""
        return persons_of(self.counts)


def empty_form(desk: DeskRow) -> ReturnFormState:
    """Return an untouched page: the people depart from the desk's country."""
    return ReturnFormState(str(uuid4()), desk.code, desk.country)


def prefill(
    form: ReturnFormState, persons: Sequence[PersonCount], consultation: ConsultationData
) -> ReturnFormState:
    """Fill the page with the people of a consultation, and their nationality if all have the same; return it."""
    form.consultation = consultation.id
    form.counts = counts_of(persons)
    nationalities = dict.fromkeys(group.nationality for group in consultation.groups)
    form.consultation_nationalities = tuple(nationalities)
    if len(nationalities) == 1:
        form.nationality = form.consultation_nationalities[0]
        form.country_of_return = home_country(form.nationality, form.country_of_departure)
    form.child_alone = consultation.travel_group == CHILD_ALONE or is_child_alone(persons)
    return form


def home_country(nationality: str, departure: str) -> str:
    """Return the country of a nationality; empty if it is none (stateless) or the country of departure."""
    is_elsewhere = nationality in world_countries() and nationality != departure
    return nationality if is_elsewhere else ""


def offered_nationalities(
    session: Session, scope: Scope, desk: DeskRow, form: ReturnFormState
) -> tuple[str, ...]:
    """Return at most MAX_OFFERED nationalities to choose with one tap.

    First those of the consultation, then the most frequent at the desk in a month, then the usual ones.
    """
    today = clock.today_at(desk.time_zone)
    frequent = list_nationalities_by_frequency(session, scope, desk.id, today - ONE_MONTH, today)
    offered = (*form.consultation_nationalities, *frequent, *USUAL_NATIONALITIES)
    return tuple(dict.fromkeys(offered))[:MAX_OFFERED]


def form_state_from_form(form: MultiDict[str, str]) -> ReturnFormState:
    """Return the page filled with what was sent, valid or not, so that nothing typed is lost."""
    values = {name: _last_value(form, name)[:40] for name in form if not name.startswith(PREFIX)}
    return ReturnFormState(
        values.get("id") or str(uuid4()),
        values.get("desk", ""),
        values.get("country_of_departure", ""),
        values.get("country_of_return", ""),
        values.get("nationality", ""),
        "child_alone" in values,
        values.get("from_consultation", ""),
        counts_from_form(form),
    )


def new_return_from_form(form: MultiDict[str, str]) -> JsonObject:
    """Return the page's form fields in the shape of their JSON.

    An empty country of return becomes that of the nationality.
    """
    fields = MultiDict({name: _last_value(form, name) for name in form})
    raw = new_request_from_form(fields)
    nationality = raw.get("nationality", "")
    if raw.get("country_of_return") == "" and nationality in world_countries():
        raw["country_of_return"] = nationality
    return raw


def _last_value(form: MultiDict[str, str], name: str) -> str:
    """Return the last value that is not empty: the page offers a nationality as a chip and in a list."""
    return next((value for value in reversed(form.getlist(name)) if value), "")


def messages_by_field(errors: Sequence[FieldError]) -> dict[str, str]:
    """Return the first message of each field, `` for the top of the page.

    While the nationality is wrong, the country of return that follows from it is not reported as missing.
    """
    messages: dict[str, str] = {}
    for error in errors:
        name = error.field.partition(".")[0]
        messages.setdefault(name if name in FIELDS_WITH_ERRORS else "", error.message)
    is_country_missing = FieldError("country_of_return", "required") in errors
    if "nationality" in messages and is_country_missing:
        del messages["country_of_return"]
    return messages
