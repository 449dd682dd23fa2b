"""Delivery of queued e-mails through the mail server of `SMTP_URL`."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from app import clock
from app.db.session import AnyRow, db, unit_of_work
from app.email import queue
from app.settings import current_settings
from config import Settings

TIMEOUT_SECONDS = 10
"""Seconds to wait for each response of the mail server."""
RETRY_MINUTES = (1, 5, 15, 60, 4 * 60, 12 * 60, 24 * 60)
"""Minutes until the next attempt, by the number of attempts so far."""
PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}


@dataclass(frozen=True)
class DeliveryOutcome:
    """The outcome of one round: how many e-mails were sent, and one error name for each of the others."""

    sent_count: int
    errors: tuple[str, ...]


class MailServerUnreachable(Exception):
    """Connecting or signing in to the mail server failed; the reason is the `__cause__`."""


def send_due_emails(may_continue: Callable[[], bool] = lambda: True) -> DeliveryOutcome:
    """Send the e-mails that are due, each once, and delete those sent a week ago; for commands, not for requests.

    An e-mail is claimed in one transaction, sent outside of any and marked in another. If the process ends in between,
    it is sent again after the lease, with the same Message-ID. An unreachable mail server ends the round.
    """
    started_at, sent_count, errors = clock.now(), 0, list[str]()
    while may_continue():
        with unit_of_work():
            email = queue.claim_next_email(db.session(), started_at, clock.now())
        if email is None:
            break
        error, was_reached = _send(current_settings(), email)
        _record_result(email, error)
        sent_count += not error
        errors += [error] if error else []
        if not was_reached:
            break
    with unit_of_work():
        queue.delete_sent(db.session(), clock.now())
    return DeliveryOutcome(sent_count, tuple(errors))


def _send(settings: Settings, email: AnyRow) -> tuple[str, bool]:
    """Send one e-mail; return the name of the error (empty if sent) and whether the mail server was reached."""
    try:
        with _mail_server(settings) as server:
            message = _message(settings, email).as_bytes()
            server.sendmail(settings.mail_from, [email.to_address], message)
    except MailServerUnreachable as error:
        return type(error.__cause__).__name__, False
    except (OSError, ValueError) as error:
        return type(error).__name__, True
    return "", True


def _record_result(email: AnyRow, error: str) -> None:
    now = clock.now()
    with unit_of_work():
        if error:
            next_attempt_at = _next_attempt_at(email.attempts, email.created_at, now)
            queue.mark_failed(db.session(), email, error, next_attempt_at)
        else:
            queue.mark_sent(db.session(), email.id, now)


def _next_attempt_at(attempts: int, created_at: datetime, now: datetime) -> datetime | None:
    last = created_at + queue.GIVE_UP_AFTER
    if now >= last:
        return None
    return min(last, now + timedelta(minutes=RETRY_MINUTES[min(attempts, len(RETRY_MINUTES)) - 1]))


def _message(settings: Settings, email: AnyRow) -> EmailMessage:
    """Return the message of a queued e-mail; repeated calls give identical bytes."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = email.to_address
    message["Subject"] = email.subject
    message["Date"] = format_datetime(email.created_at)
    message["Message-ID"] = f"<{email.id.hex}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(email.body, cte="quoted-printable")
    return message


def _host(settings: Settings) -> str:
    return settings.mail_from.rpartition("@")[2]


@contextmanager
def _mail_server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """Yield a session with the mail server; raises MailServerUnreachable if none can be opened.

    Errors at QUIT, after the e-mail was accepted, are ignored.
    """
    try:
        server = _connect(settings)
    except (OSError, ValueError) as error:
        raise MailServerUnreachable from error
    try:
        yield server
        with suppress(OSError):
            server.quit()
    finally:
        server.close()


def _connect(settings: Settings) -> smtplib.SMTP:
    url, context = urlsplit(settings.smtp_url), ssl.create_default_context()
    host, port, own_host = str(url.hostname), url.port or PORTS[url.scheme], _host(settings)
    server = (
        smtplib.SMTP_SSL(host, port, own_host, timeout=TIMEOUT_SECONDS, context=context)
        if url.scheme == "smtps"
        else smtplib.SMTP(host, port, own_host, timeout=TIMEOUT_SECONDS)
    )
    try:
        if url.scheme == "smtp+starttls" or url.query == "starttls":
            server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def check_mail_server(settings: Settings) -> None:
    """Connect and sign in to the mail server; raises OSError or ValueError if it cannot be used."""
    server = _connect(settings)
    try:
        server.quit()
    finally:
        server.close()
