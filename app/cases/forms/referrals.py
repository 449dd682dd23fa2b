"""What the page of a new referral shows: the answers so far, right or wrong, and where each problem stands."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from werkzeug.datastructures import MultiDict

from app.cases.forms.counters import counts_of, counts_of_form, has_unknown, party_of
from app.codelists.codelist import Terms
from app.codelists.shared_codelists import languages
from app.composition import PersonCount
from app.field_errors import FieldError
from app.privacy.identifiers import LONGEST_RAW, MOST_IN_NOTE, find_in_note
from app.referrals.forms.referral import raw_from_form
from app.referrals.vocabulary import FLAGS, PRIORITIES, SHELTER

TONIGHT, TWO_WEEKS = "tonight", "normal_14d"
TO_SHELTER, TO_SERVICE = "shelter", "service"
ONLY_HERE = ("offers", "several", "to", "agreed")
"""Fields that the page needs for itself and that no referral has."""
PLACES = frozenset(
    {"persons", "priority", "flags", "bed_category", "language", "note", "consent", "confirmed"}
    | {"service", "shelters"}
)
"""Where on the page a problem stands beside its answer; any other stands on top."""


@dataclass
class Shown:
    """The answers that the page shows; `counts` by `sex-band` as typed, `offers` the shelters ticked."""

    id: str
    desk: str
    to: str = TO_SHELTER
    consultation: str = ""
    counts: dict[str, str] = field(default_factory=dict)
    priority: str = TONIGHT
    flags: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    bed_category: str = ""
    language: str = ""
    note: str = ""
    consent: bool = False
    confirmed: bool = False

    @property
    def counts_unknown(self) -> bool:
        """Whether anything stands in a box of people whose age is not known."""
        return has_unknown(self.counts)

    @property
    def party(self) -> list[PersonCount]:
        """The people that can be read from what was typed."""
        return party_of(self.counts)


def blank(desk: str, to: str) -> Shown:
    """An untouched page: tonight for a shelter, two weeks for another service."""
    service = to == TO_SERVICE
    kind = TO_SERVICE if service else TO_SHELTER
    return Shown(str(uuid4()), desk, kind, priority=TWO_WEEKS if service else TONIGHT)


def carry_over(
    shown: Shown, consultation: str, people: Iterable[PersonCount], said: tuple[str, list[str]]
) -> Shown:
    """The page filled with a consultation's people; `said` is the language spoken and the conditions told."""
    shown.consultation = consultation
    shown.counts = counts_of(people)
    shown.language, told = said
    shown.flags = [code for code in told if code in FLAGS]
    return shown


def of_form(form: MultiDict[str, str]) -> Shown:
    """The page filled with what was sent; a note that could identify somebody is not repeated."""
    kinds = form.getlist("to") or [""]
    shown = blank(form.get("desk", ""), kinds[-1])
    shown.id = form.get("id") or shown.id
    shown.consultation = form.get("from_consultation", "")
    shown.counts = counts_of_form(form)
    if kinds[0] == kinds[-1]:
        shown.priority = _one(PRIORITIES, form.get("priority"), shown.priority)
    shown.flags = [code for code in form.getlist("flags") if code in FLAGS]
    shown.offers = form.getlist("offers")
    shown.bed_category = form.get("bed_category", "")
    shown.language = form.get("language", "") if form.get("language") in languages() else ""
    note = form.get("note", "")[:LONGEST_RAW]
    shown.note = "" if find_in_note(" ".join(note.split())) else note[:MOST_IN_NOTE]
    shown.consent, shown.confirmed = "consent" in form, "confirmed" in form
    return shown


def _one(terms: Terms, code: str | None, otherwise: str) -> str:
    return code if code in terms and code else otherwise


def sent_fields(form: MultiDict[str, str]) -> dict[str, Any]:
    """The referral that a page sends: to the one shelter or service of the button tapped, or to all that are ticked."""
    fields = MultiDict(form)
    ticked, several = fields.poplist("offers"), fields.pop("several", None)
    for name in ONLY_HERE:
        fields.poplist(name)
    if several is not None:
        fields.setlist("shelters", ticked)
        fields["service"] = SHELTER
    return raw_from_form(fields)


def placed(problems: list[FieldError], raw: dict[str, Any]) -> dict[str, str]:
    """The sentences by their place on the page: `shelters.HND-S1` is that shelter's card, `` is on top."""
    wrong: dict[str, str] = {}
    for problem in problems:
        wrong.setdefault(_place(problem.field, raw), problem.message)
    return wrong


def _place(name: str, raw: dict[str, Any]) -> str:
    first, _, rest = name.partition(".")
    shelters = raw.get("shelters") or []
    if first == "shelters" and rest.isdecimal() and int(rest) < len(shelters):
        return f"shelters.{shelters[int(rest)]}"
    return first if first in PLACES else ""
