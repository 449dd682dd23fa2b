"""The form of a new referral: the answers so far, valid or not, and the error messages by field."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from werkzeug.datastructures import MultiDict

from app.cases.forms.counters import counts_from_form, counts_of, has_unknown_ages, persons_of
from app.codelists.codelist import Codelist
from app.codelists.shared_codelists import languages
from app.composition import PersonCount
from app.field_errors import FieldError
from app.privacy.identifiers import MAX_NOTE_LENGTH, MAX_RAW_NOTE_LENGTH, find_identifier_in_note
from app.referrals.forms.form_fields import referral_from_form
from app.referrals.vocabulary import FLAGS, PRIORITIES, SHELTER
from app.web.requests import RawBody

TONIGHT, TWO_WEEKS = "tonight", "normal_14d"
TO_SHELTER, TO_SERVICE = "shelter", "service"
PAGE_FIELDS = ("offers", "several", "to", "agreed")
"""Fields that only the page needs; no referral has them."""
FIELDS_WITH_ERRORS = frozenset(
    {"persons", "priority", "flags", "bed_category", "language", "note", "consent", "confirmed"}
    | {"service", "shelters"}
)
"""The fields whose errors the page shows next to the answer; all other errors are shown at the top."""


@dataclass
class ReferralFormState:
    """The answers on the page; `counts` by `sex-band` as typed, `offers` the codes of the ticked shelters."""

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
    def has_unknown_ages(self) -> bool:
        """Whether a counter for people of unknown age is filled."""
        return has_unknown_ages(self.counts)

    @property
    def persons(self) -> list[PersonCount]:
        """The people of all valid counters."""
        return persons_of(self.counts)


def empty_form(desk: str, to: str) -> ReferralFormState:
    """Return an untouched page: tonight for a shelter, two weeks for another service."""
    if to == TO_SERVICE:
        return ReferralFormState(str(uuid4()), desk, TO_SERVICE, priority=TWO_WEEKS)
    return ReferralFormState(str(uuid4()), desk, TO_SHELTER, priority=TONIGHT)


def prefill(
    form: ReferralFormState,
    consultation: str,
    persons: Iterable[PersonCount],
    *,
    language: str,
    flags: Iterable[str],
) -> ReferralFormState:
    """Fill the page with the people, the language and the conditions of a consultation, and return it."""
    form.consultation = consultation
    form.counts = counts_of(persons)
    form.language = language
    form.flags = [code for code in flags if code in FLAGS]
    return form


def form_state_from_form(form: MultiDict[str, str]) -> ReferralFormState:
    """Return the page filled with what was sent; a note that could identify somebody is left out."""
    kinds = form.getlist("to") or [""]
    state = empty_form(form.get("desk", ""), kinds[-1])
    state.id = form.get("id") or state.id
    state.consultation = form.get("from_consultation", "")
    state.counts = counts_from_form(form)
    if kinds[0] == kinds[-1]:
        state.priority = _known_code(PRIORITIES, form.get("priority"), state.priority)
    state.flags = [code for code in form.getlist("flags") if code in FLAGS]
    state.offers = form.getlist("offers")
    state.bed_category = form.get("bed_category", "")
    state.language = form.get("language", "") if form.get("language") in languages() else ""
    note = form.get("note", "")[:MAX_RAW_NOTE_LENGTH]
    state.note = "" if find_identifier_in_note(" ".join(note.split())) else note[:MAX_NOTE_LENGTH]
    state.consent, state.confirmed = "consent" in form, "confirmed" in form
    return state


def _known_code(terms: Codelist, code: str | None, default: str) -> str:
    return code if code in terms and code else default


def payload_from_form(form: MultiDict[str, str]) -> RawBody:
    """Return the page's form fields in the shape of the JSON payload.

    The receiver is the shelter or service of the button tapped, or all ticked shelters.
    """
    fields = MultiDict(form)
    ticked, several = fields.poplist("offers"), fields.pop("several", None)
    for name in PAGE_FIELDS:
        fields.poplist(name)
    if several is not None:
        fields.setlist("shelters", ticked)
        fields["service"] = SHELTER
    return referral_from_form(fields)


def messages_by_field(errors: list[FieldError], payload: RawBody) -> dict[str, str]:
    """Return the first message of each field: `shelters.HND-S1` for that shelter, `` for the top of the page."""
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(_field_on_page(error.field, payload), error.message)
    return messages


def _field_on_page(name: str, payload: RawBody) -> str:
    first, _, rest = name.partition(".")
    shelters = payload.get("shelters") or []
    if first == "shelters" and rest.isdecimal() and int(rest) < len(shelters):
        return f"shelters.{shelters[int(rest)]}"
    return first if first in FIELDS_WITH_ERRORS else ""
