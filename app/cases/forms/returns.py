"""What the page of a new return request shows: the answers so far, and where each problem stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from werkzeug.datastructures import MultiDict

from app import clock
from app.cases.forms.counters import PREFIX, counts_of, counts_of_form, has_unknown, party_of
from app.cases.rules import CHILD_ALONE
from app.codelists.shared_codelists import USUAL_NATIONALITIES, countries_of_the_world
from app.composition import PersonCount, is_child_alone
from app.consultations.rules.consultation_data import ConsultationData
from app.db.session import Session
from app.field_errors import FieldError
from app.people.queries.lines import list_nationalities_by_frequency
from app.places.queries import DeskRow
from app.returns.forms.payloads import new_of_form
from app.web.access import Scope

MOST_OFFERED = 7
A_MONTH = timedelta(days=30)
PLACES = frozenset(
    {"desk", "persons", "nationality", "country_of_departure", "country_of_return", "child_alone"}
)
"""Where on the page a problem stands beside its answer; any other stands on top."""


@dataclass
class Shown:
    """The answers that the page shows; `counts` by `sex-band` as typed, `met` the consultation's nationalities.

    An empty country of return is that of the nationality.
    """

    id: str
    desk: str
    country_of_departure: str
    country_of_return: str = ""
    nationality: str = ""
    child_alone: bool = False
    consultation: str = ""
    counts: dict[str, str] = field(default_factory=dict)
    met: Sequence[str] = ()

    @property
    def counts_unknown(self) -> bool:
        """Whether anything stands in a box of people whose age is not known."""
        return has_unknown(self.counts)

    @property
    def party(self) -> list[PersonCount]:
        """The people that can be read from what was typed."""
        return party_of(self.counts)


def blank(desk: DeskRow) -> Shown:
    """An untouched page: they leave from the desk's country."""
    return Shown(str(uuid4()), desk.code, desk.country)


def carry_over(shown: Shown, people: Sequence[PersonCount], content: ConsultationData) -> Shown:
    """The page filled with a consultation's people; the nationality only where all have the same."""
    shown.consultation = content.id
    shown.counts = counts_of(people)
    shown.met = tuple(dict.fromkeys(group.nationality for group in content.groups))
    if len(shown.met) == 1:
        shown.nationality = shown.met[0]
        shown.country_of_return = home_of(shown.nationality, shown.country_of_departure)
    shown.child_alone = content.travel_group == CHILD_ALONE or is_child_alone(people)
    return shown


def home_of(nationality: str, departure: str) -> str:
    """The country of a nationality, where it is one and they are not in it; else nothing."""
    is_elsewhere = nationality in countries_of_the_world() and nationality != departure
    return nationality if is_elsewhere else ""


def offered_nationalities(
    session: Session, scope: Scope, desk: DeskRow, shown: Shown
) -> tuple[str, ...]:
    """The nationalities offered with one tap: the consultation's, those most met at the desk, the usual ones."""
    today = clock.today_at(desk.time_zone)
    usual = list_nationalities_by_frequency(session, scope, desk.id, today - A_MONTH, today)
    return tuple(dict.fromkeys((*shown.met, *usual, *USUAL_NATIONALITIES)))[:MOST_OFFERED]


def of_form(form: MultiDict[str, str]) -> Shown:
    """The page filled with what was sent, whatever it was, so that nothing typed is lost."""
    said = {name: _chosen(form, name)[:40] for name in form if not name.startswith(PREFIX)}
    return Shown(
        said.get("id") or str(uuid4()),
        said.get("desk", ""),
        said.get("country_of_departure", ""),
        said.get("country_of_return", ""),
        said.get("nationality", ""),
        "child_alone" in said,
        said.get("from_consultation", ""),
        counts_of_form(form),
    )


def sent_fields(form: MultiDict[str, str]) -> dict[str, Any]:
    """The request that the page sends, in the shape of the JSON; an empty country of return is that of the people."""
    fields = MultiDict({name: _chosen(form, name) for name in form})
    raw = new_of_form(fields)
    nationality = raw.get("nationality", "")
    if raw.get("country_of_return") == "" and nationality in countries_of_the_world():
        raw["country_of_return"] = nationality
    return raw


def _chosen(form: MultiDict[str, str], name: str) -> str:
    """The last answer that says something: a nationality stands as a chip and in a list."""
    return next((value for value in reversed(form.getlist(name)) if value), "")


def placed(problems: Sequence[FieldError]) -> dict[str, str]:
    """The sentences by their place on the page; `` is on top.

    While the nationality is wrong, a country of return that follows it is not asked for.
    """
    wrong: dict[str, str] = {}
    for problem in problems:
        name = problem.field.partition(".")[0]
        wrong.setdefault(name if name in PLACES else "", problem.message)
    follows = FieldError("country_of_return", "required") in problems
    if "nationality" in wrong and follows:
        del wrong["country_of_return"]
    return wrong
