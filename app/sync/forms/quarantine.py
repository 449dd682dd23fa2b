"""What the pages of the quarantine show: the content of a record, its errors, and the form that resolves it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask_babel import gettext

from app import clock
from app.consultations import queries as consultations
from app.consultations.actions import recording
from app.consultations.forms import template_context
from app.consultations.forms.form_state import SECTIONS, FormState, get_form_options
from app.consultations.forms.labels import LabelledAnswer, differences
from app.consultations.rules.consultation_data import ConsultationData, ParsedConsultation, as_json
from app.consultations.schemas.bodies import parse_consultation
from app.consultations.vocabulary import CHANGE_REASONS, DECLINED
from app.db.session import Session
from app.field_errors import FieldError
from app.json_object import JsonObject
from app.places.queries import find_desk
from app.settings import current_settings
from app.staff.queries import find_account
from app.sync.actions.decrypt import decrypt_envelope, stored_envelope
from app.sync.actions.handlers import parse_payload_consultation
from app.sync.actions.quarantine import is_open, may_resolve
from app.sync.forms import payload_summary
from app.sync.queries.envelopes import EnvelopeRow
from app.sync.rules.envelope import Payload
from app.sync.vocabulary import CONSULTATION, VOID
from app.web.access import Principal


@dataclass(frozen=True)
class QuarantinedRecord:
    """A quarantined record, its payload if it can be decrypted, and whether the account may resolve it."""

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
    def data(self) -> JsonObject:
        return self.payload.data if self.payload else {}

    @property
    def reason(self) -> str:
        """The reason of a late voiding, a code of CHANGE_REASONS; empty if it gave none of these."""
        reason = self.data.get("reason")
        return reason if isinstance(reason, str) and reason in CHANGE_REASONS else ""


def open_record(session: Session, principal: Principal, row: EnvelopeRow) -> QuarantinedRecord:
    """Decrypt a row of `find_envelope`; its author comes from the payload if it could not be read on arrival."""
    payload = decrypt_envelope(stored_envelope(row)).payload if is_open(row) else None
    if payload is not None and row.author_id is None:
        author = find_account(session, payload.author)
        row = replace(row, author_id=author.id, author=author.username) if author else row
    return QuarantinedRecord(row, payload, is_open(row) and may_resolve(principal, row))


@dataclass(frozen=True)
class RecordError:
    """One error of a record: the section of the form that it belongs to, and its message."""

    section: str
    message: str


def describe_record(record: QuarantinedRecord) -> list[LabelledAnswer]:
    """Return the answers of a record in words; empty if it could not be decrypted."""
    return payload_summary.describe_payload(record.payload) if record.payload else []


def list_errors(
    session: Session, principal: Principal, record: QuarantinedRecord
) -> list[RecordError]:
    """Return the errors of a quarantined consultation, as the account would get them on recording it."""
    if record.payload is None or not record.is_consultation:
        return []
    errors = _validate(session, principal, parse_payload_consultation(record.payload))
    return [RecordError(_section(error.field), error.message) for error in errors]


def _validate(
    session: Session, principal: Principal, parsed: ParsedConsultation
) -> list[FieldError]:
    desk = find_desk(session, principal.scope, parsed.desk) if parsed.desk else None
    return recording.validate(parsed, desk, recording.resolve_card(session, parsed))


def _section(field: str) -> str:
    parts = field.split(".")
    key = f"{parts[0]}.{parts[2]}" if len(parts) > 2 else parts[0]
    return next((str(gettext(label)) for _, label, fields in SECTIONS if key in fields), "")


def compare(
    session: Session, principal: Principal, record: QuarantinedRecord
) -> list[tuple[str, str, str]] | None:
    """Return the differences from the record with the same id; None if the account may not read that one."""
    other = consultations.find_consultation(session, principal.scope, record.row.id)
    own = _consultation_data(session, principal, record)
    if record.row.reason != "different" or other is None or own is None:
        return None
    return differences(as_json(own), as_json(consultations.get_consultation_data(session, other)))


def _consultation_data(
    session: Session, principal: Principal, record: QuarantinedRecord
) -> ConsultationData | None:
    if record.payload is None or not record.is_consultation:
        return None
    data = parse_payload_consultation(record.payload).data
    desk = find_desk(session, principal.scope, data.desk) if data else None
    return recording.with_default_language(data, desk) if data and desk else None


def form_context(
    session: Session,
    principal: Principal,
    record: QuarantinedRecord,
    state: FormState,
    errors: list[FieldError] | None = None,
) -> Mapping[str, object] | None:
    """Return the template context of the consultation form; None if its desk is none of the account's.

    Without `errors` the errors of the answers as they arrived are shown.
    """
    scope, payload = principal.scope, record.payload
    desk = find_desk(session, scope, payload.desk) if payload else None
    desk = desk or find_desk(session, scope, record.row.desk)
    if desk is None:
        return None
    if errors is None:
        parsed = parse_consultation({**record.data, "desk": desk.code})
        errors = _validate(session, principal, parsed)
    year_start = current_settings().reporting_year_start
    today = clock.today_at(desk.time_zone)
    options = get_form_options(session, scope, desk, today, year_start)
    return template_context.form_context(options, state, errors)
