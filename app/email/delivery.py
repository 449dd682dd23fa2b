"""Writes letters in the transaction that they tell of, and sends them later through the mail server of `SMTP_URL`."""

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
from app.db.session import Record, db, unit_of_work
from app.email import queue
from app.settings import current_settings
from config import Settings

PATIENCE = 10
"""Seconds to wait for each answer of the mail server."""
WAITS = (1, 5, 15, 60, 4 * 60, 12 * 60, 24 * 60)
"""Minutes until the next try, by how many there were."""
PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}


@dataclass(frozen=True)
class DeliveryOutcome:
    """What one round of sending came to: how many letters went, and why each of the others did not."""

    sent: int
    problems: tuple[str, ...]


class OutOfReach(Exception):
    """The mail server does not let us in; the cause says why."""


def send_due_emails(goes_on: Callable[[], bool] = lambda: True) -> DeliveryOutcome:
    """Sends the letters that are due, each once, and forgets those sent a week ago; for commands, not for requests.

    A letter is taken in one transaction, sent outside of any and marked in another. Who dies between has it sent again
    after the lease, with the same Message-ID. A mail server out of reach ends the round.
    """
    began, sent, problems = clock.now(), 0, list[str]()
    while goes_on():
        with unit_of_work():
            letter = queue.claim_letter(db.session(), began, clock.now())
        if letter is None:
            break
        problem, reached = _send(current_settings(), letter)
        _settle(letter, problem)
        sent += not problem
        problems += [problem] if problem else []
        if not reached:
            break
    with unit_of_work():
        queue.delete_sent(db.session(), clock.now())
    return DeliveryOutcome(sent, tuple(problems))


def _send(settings: Settings, letter: Record) -> tuple[str, bool]:
    """The name of what went wrong (empty: nothing), and whether the mail server was reached at all."""
    try:
        with _mail_server(settings) as server:
            message = _message(settings, letter).as_bytes()
            server.sendmail(settings.mail_from, [letter.to_address], message)
    except OutOfReach as error:
        return type(error.__cause__).__name__, False
    except (OSError, ValueError) as error:
        return type(error).__name__, True
    return "", True


def _settle(letter: Record, problem: str) -> None:
    now = clock.now()
    with unit_of_work():
        if problem:
            next_try = _next_try(letter.tries, letter.created_at, now)
            queue.mark_failed(db.session(), letter, problem, next_try)
        else:
            queue.mark_sent(db.session(), letter.id, now)


def _next_try(tries: int, created_at: datetime, now: datetime) -> datetime | None:
    last = created_at + queue.GIVEN_UP_AFTER
    if now >= last:
        return None
    return min(last, now + timedelta(minutes=WAITS[min(tries, len(WAITS)) - 1]))


def _message(settings: Settings, letter: Record) -> EmailMessage:
    """The letter as it travels; a second time it is the same, to the sign."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = letter.to_address
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.id.hex}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, cte="quoted-printable")
    return message


def _host(settings: Settings) -> str:
    return settings.mail_from.rpartition("@")[2]


@contextmanager
def _mail_server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A conversation with the mail server; what goes wrong before the letter raises OutOfReach, after it nothing."""
    try:
        server = _connected(settings)
    except (OSError, ValueError) as error:
        raise OutOfReach from error
    try:
        yield server
        with suppress(OSError):
            server.quit()
    finally:
        server.close()


def _connected(settings: Settings) -> smtplib.SMTP:
    url, trusted = urlsplit(settings.smtp_url), ssl.create_default_context()
    host, port, us = str(url.hostname), url.port or PORTS[url.scheme], _host(settings)
    server = (
        smtplib.SMTP_SSL(host, port, us, timeout=PATIENCE, context=trusted)
        if url.scheme == "smtps"
        else smtplib.SMTP(host, port, us, timeout=PATIENCE)
    )
    try:
        if url.scheme == "smtp+starttls" or url.query == "starttls":
            server.starttls(context=trusted)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def try_server(settings: Settings) -> None:
    """Speaks with the mail server as far as signing in; raises OSError or ValueError if it cannot be used."""
    server = _connected(settings)
    try:
        server.quit()
    finally:
        server.close()
