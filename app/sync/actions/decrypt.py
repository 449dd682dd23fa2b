"""Decrypts envelopes and checks who wrote each, at which desk and on which tablet, before anything is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app import clock
from app.settings import current_settings
from app.staff import queries as staff
from app.staff.vocabulary import ROLE_PERMISSIONS
from app.sync.actions.handlers import AuthoredPayload
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import EnvelopeRow
from app.sync.rules import envelope as rules
from app.sync.rules import sealing
from app.sync.rules.envelope import Payload, SealedEnvelope
from app.sync.vocabulary import FORMATS, MAX_BATCH_BYTES
from app.web.access import Principal, Scope


@dataclass(frozen=True)
class Decrypted:
    """The payload of an envelope; None with a `reason` (a code of REASONS) if it could not be read."""

    payload: Payload | None
    reason: str = ""


def decrypt_envelope(envelope: SealedEnvelope) -> Decrypted:
    """Return the payload of an envelope, or the reason why it cannot be read."""
    key_ring: Mapping[str, bytes] = current_settings().outbox_keys
    reason = _reason_unfit(envelope, key_ring)
    if reason:
        return Decrypted(None, reason)
    key_id = envelope.key_id
    try:
        content = sealing.decrypt(key_ring[key_id], str(envelope.id), key_id, envelope.sealed)
    except sealing.DecryptionError:
        return Decrypted(None, "unreadable")
    payload = rules.parse_payload(content, envelope.id)
    return Decrypted(payload, "" if payload else "unreadable")


def _reason_unfit(envelope: SealedEnvelope, key_ring: Mapping[str, bytes]) -> str:
    if len(envelope.sealed) > MAX_BATCH_BYTES:
        return "too_large"
    if envelope.format not in FORMATS:
        return "unknown_format"
    return "" if envelope.key_id in key_ring else "unknown_key"


@dataclass(frozen=True)
class CheckedEnvelope:
    """An envelope as far as it could be read: its payload, its author, and why it is quarantined unrecorded."""

    payload: Payload | None
    author: Principal | None = None
    reason: str = ""

    @property
    def recordable(self) -> AuthoredPayload | None:
        """The payload to record with its author; None if the envelope is quarantined."""
        if self.reason or self.payload is None or self.author is None:
            return None
        return AuthoredPayload(self.author, self.payload)


class EnvelopeChecker:
    """Checks the envelopes of one tablet; looks up each author once."""

    def __init__(self, session: Session, device: DeviceRow) -> None:
        self.session, self.device = session, device
        self.today = clock.today_at(device.time_zone)
        self.authors: dict[str, tuple[Principal | None, str]] = {}

    def check(self, envelope: SealedEnvelope, *, sent_itself: bool) -> CheckedEnvelope:
        """Decrypt and check an envelope that the tablet sent itself, or that a supervisor imported."""
        decrypted = decrypt_envelope(envelope)
        payload = decrypted.payload
        if payload is None:
            return CheckedEnvelope(None, None, decrypted.reason)
        device = str(self.device.id)
        author, reason = self._author(payload.author)
        foreign = rules.foreign_reason(payload, device if sent_itself else "", self.device.desk)
        reason = foreign or reason or ("too_old" if rules.is_too_old(payload, self.today) else "")
        attributed = replace(payload, data={**payload.data, "device": device})
        return CheckedEnvelope(attributed, author, reason)

    def _author(self, username: str) -> tuple[Principal | None, str]:
        if username not in self.authors:
            self.authors[username] = find_author(self.session, self.device, username)
        return self.authors[username]


def find_author(session: Session, device: DeviceRow, username: str) -> tuple[Principal | None, str]:
    """Return the author as attributed by the tablet, with its desk alone as scope; and why not to accept them, or ''.

    The reason is a code of REASONS.
    """
    account = staff.find_account(session, username)
    if account is None:
        return None, "unknown_author"
    scope = Scope(desks=frozenset({device.desk_id}), home_country=device.country)
    permissions = ROLE_PERMISSIONS[account.role]
    author = Principal(account.id, account.username, account.role, permissions, scope)
    if account.closed_at is not None:
        return author, "closed_author"
    own_desks = staff.get_scope(session, account).desks
    return author, "" if device.desk_id in own_desks else "foreign_author"


def stored_envelope(row: EnvelopeRow) -> SealedEnvelope:
    """Return an envelope whose bytes were stored, as it was received."""
    sealed = row.sealed or b""
    return SealedEnvelope(str(row.id), row.id, row.key_id, row.format, sealed, row.receipt)
