"""What the pages of quarantine show: what was inside, what is wrong with it, the form to put it right."""

from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext

from app import clock
from app.consultations import queries as consultations
from app.consultations.actions import recording
from app.consultations.forms import template_context
from app.consultations.forms.form_state import SECTIONS, FormState, get_form_options
from app.consultations.forms.labels import LabelledAnswer, differences
from app.consultations.forms.parsing import parse_consultation
from app.consultations.rules.consultation_data import ConsultationData, ParsedConsultation, as_json
from app.consultations.vocabulary import CHANGE_REASONS, DECLINED
from app.db.session import Session
from app.field_errors import FieldError
from app.places.queries import find_desk
from app.settings import current_settings
from app.staff.queries import find_account
from app.sync.actions.decrypt import stored_envelope, decrypt_envelope
from app.sync.actions.handlers import parse_consultation
from app.sync.actions.quarantine import is_open, may_resolve
from app.sync.forms import payload_summary
from app.sync.queries.envelopes import EnvelopeRow
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import CONSULTATION, VOID
from app.web.access import Principal


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record that was set aside, as far as it can be opened, and whether the account may put it right."""

    row: EnvelopeRow
    payload: Payload | None
    may_resolve: bool

    @property
    def is_open(self) -> bool:
        return is_open(self.row)

    @property
    def kind(self) -> str:
        return self.payload.kind if self.payload else self.row.kind

    @property
    def is_consultation(self) -> bool:
        return self.payload is not None and self.payload.kind == CONSULTATION

    @property
    def is_void(self) -> bool:
        return self.payload is not None and self.payload.kind == VOID

    @property
    def is_tally(self) -> bool:
        return self.is_consultation and self.data.get("outcomes") == [DECLINED]

    @property
    def data(self) -> dict[str, Any]:
        return self.payload.data if self.payload else {}

    @property
    def reason(self) -> str:
        """Why a late voiding voids, empty where it gave no reason of the list."""
        said = self.data.get("reason")
        return said if isinstance(said, str) and said in CHANGE_REASONS else ""


def aside(session: Session, asking: Principal, row: EnvelopeRow) -> QuarantinedRecord:
    """A row of `envelopes.find`, opened; its author as the content says where it could not be read on arrival."""
    opened = decrypt_envelope(stored_envelope(row)).payload if is_open(row) else None
    if opened is not None and row.author_id is None:
        author = find_account(session, opened.author)
        row = replace(row, author_id=author.id, author=author.username) if author else row
    return QuarantinedRecord(row, opened, is_open(row) and may_resolve(asking, row))


@dataclass(frozen=True)
class Wrong:
    """One problem of a record: the section of the page that it belongs to, and its sentence."""

    section: str
    sentence: str


def lines(one: QuarantinedRecord) -> list[LabelledAnswer]:
    """What was inside, in words; nothing where it could not be opened."""
    return payload_summary.summary_lines(one.payload) if one.payload else []


def what_is_wrong(session: Session, asking: Principal, one: QuarantinedRecord) -> list[Wrong]:
    """What is wrong with a consultation that was set aside, as the account would be told on recording it."""
    if not one.is_consultation:
        return []
    found = _problems(session, asking, parse_consultation(one.payload)) if one.payload else []
    return [Wrong(_section(error.field), error.message) for error in found]


def _problems(session: Session, asking: Principal, reading: ParsedConsultation) -> list[FieldError]:
    desk = find_desk(session, asking.scope, reading.desk) if reading.desk else None
    return recording.validate(reading, desk, recording.resolve_card(session, reading))


def _section(field: str) -> str:
    parts = field.split(".")
    place = f"{parts[0]}.{parts[2]}" if len(parts) > 2 else parts[0]
    return next((str(gettext(label)) for _, label, own in SECTIONS if place in own), "")


def compare(session: Session, asking: Principal, one: QuarantinedRecord) -> list[tuple[str, str, str]] | None:
    """Where the record differs from the one that has its number; None where the account may not read that one."""
    other = consultations.find_consultation(session, asking.scope, one.row.id)
    mine = _content(session, asking, one)
    if one.row.reason != "different" or other is None or mine is None:
        return None
    return differences(as_json(mine), as_json(consultations.get_consultation_data(session, other)))


def _content(session: Session, asking: Principal, one: QuarantinedRecord) -> ConsultationData | None:
    content = parse_consultation(one.payload).data if one.payload and one.is_consultation else None
    desk = find_desk(session, asking.scope, content.desk) if content else None
    return recording.with_default_language(content, desk) if content and desk else None


def form_facts(
    session: Session,
    asking: Principal,
    one: QuarantinedRecord,
    shown: FormState,
    errors: list[FieldError] | None = None,
) -> dict[str, Any] | None:
    """The facts of the consultation's page with these answers; None where its desk is none of the account's.

    Without `problems` those are told that the answers have as they came.
    """
    desk = find_desk(session, asking.scope, one.payload.desk) if one.payload else None
    desk = desk or find_desk(session, asking.scope, one.row.desk)
    if desk is None:
        return None
    if errors is None:
        errors = _problems(session, asking, parse_consultation({**one.sadata"desk": desk.code}))
    start = current_settings().reporting_year_start
    today = clock.today_at(desk.time_zone)
    offered = get_form_options(session, asking.scope, desk, today, start)
    return template_context.form_context(offered, shown, errors)
