"""Opens envelopes, says who wrote them as the tablet vouches, and keeps a failure of one from the others."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app import clock
from app.people.actions.aggregates import defer_aggregates
from app.settings import current_settings
from app.staff import queries as staff
from app.staff.vocabulary import ROLE_PERMISSIONS
from app.sync.actions.handlers import AuthoredPayload
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import EnvelopeRow
from app.sync.rules import envelope, sealing
from app.sync.rules.envelope import Payload, SealedEnvelope
from app.sync.vocabulary import FORMATS, MOST_BYTES
from app.web.access import Principal, Scope


@dataclass(frozen=True)
class Decrypted:
    """What could be read of an envelope; `opened` is None and `reason` says why where nothing could."""

    payload: Payload | None
    reason: str = ""


def decrypt_envelope(one: SealedEnvelope) -> Decrypted:
    """What an envelope holds, or why it cannot be read."""
    ring: Mapping[str, bytes] = current_settings().outbox_keys
    reason = _unfit(one, ring)
    if reason:
        return Decrypted(None, reason)
    try:
        content = sealing.unseal(ring[one.key_id], str(one.id), one.key_id, one.sealed)
    except sealing.Unreadable:
        return Decrypted(None, "unreadable")
    opened = envelope.parse_payload(content, one.id)
    return Decrypted(opened, "" if opened else "unreadable")


def _unfit(one: SealedEnvelope, ring: Mapping[str, bytes]) -> str:
    if len(one.sealed) > MOST_BYTES:
        return "too_large"
    if one.format not in FORMATS:
        return "unknown_format"
    return "" if one.key_id in ring else "unknown_key"


@dataclass(frozen=True)
class CheckedEnvelope:
    """An envelope as far as it could be read: what it held, who wrote it, and why it is set aside unrecorded."""

    payload: Payload | None
    author: Principal | None = None
    reason: str = ""

    @property
    def recordable(self) -> AuthoredPayload | None:
        """What is to be recorded; None where it is set aside."""
        if self.reason or self.payload is None or self.author is None:
            return None
        return self.author, self.payload


class EnvelopeChecker:
    """Reads the envelopes of one tablet; each author is looked up once."""

    def __init__(self, session: Session, device: DeviceRow) -> None:
        self.session, self.device = session, device
        self.today = clock.today_at(device.time_zone)
        self.authors: dict[str, tuple[Principal | None, str]] = {}

    def check(self, one: SealedEnvelope, *, sent_itself: bool) -> CheckedEnvelope:
        """What is to become of an envelope that the tablet sent itself, or that a supervisor brought."""
        unsealed = decrypt_envelope(one)
        opened = unsealed.payload
        if opened is None:
            return CheckedEnvelope(None, None, unsealed.reason)
        device = str(self.device.id)
        author, reason = self._author(opened.author)
        foreign = envelope.foreign_reason(opened, device if sent_itself else "", self.device.desk)
        reason = foreign or reason or ("too_old" if envelope.is_too_old(opened, self.today) else "")
        vouched = replace(opened, said={**opened.data, "device": device})
        return CheckedEnvelope(vouched, author, reason)

    def _author(self, username: str) -> tuple[Principal | None, str]:
        if username not in self.authors:
            self.authors[username] = find_author(self.session, self.device, username)
        return self.authors[username]


def find_author(session: Session, device: DeviceRow, username: str) -> tuple[Principal | None, str]:
    """Who wrote a record, as the tablet vouches: at its desk alone; and why nobody may be taken for the author."""
    account = staff.find_account(session, username)
    if account is None:
        return None, "unknown_author"
    scope = Scope(desks=frozenset({device.desk_id}), home=device.country)
    permissions = ROLE_PERMISSIONS[account.role]
    author = Principal(account.id, account.username, account.role, permissions, scope)
    if account.closed_at is not None:
        return author, "closed_author"
    own = staff.get_scope(session, account).desks
    return author, "" if device.desk_id in own else "foreign_author"


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """A savepoint; what fails in it leaves no audit entry and changes no cell either."""
    entries = len(session.info.get("entries", ()))
    try:
        with session.begin_nested(), defer_aggregates(session):
            session.connection()  # the savepoint is made by this, not by begin_nested
            yield
    except BaseException:
        del session.info.get("entries", [])[entries:]
        raise


def stored_envelope(row: EnvelopeRow) -> SealedEnvelope:
    """An envelope that was kept, as it came."""
    return SealedEnvelope(str(row.id), row.id, row.key_id, row.format, row.sealed or b"", row.receipt)
