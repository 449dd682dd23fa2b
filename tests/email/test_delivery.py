"""E-mails: queued in the transaction that they report, sent later, retried, never lost, never sent twice at once."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.db.session import db, unit_of_work
from app.email import queue
from app.email.delivery import DeliveryOutcome, send_due_emails
from app.email.queue import EMAILS, queue_email
from config import UnsafeSettings, read_settings
from tests.factories.records import at
from tests.production.settings import production_environment
from tests.smtp import MailServer, mail_server

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).resolve().parents[2]
MAILBOX = "refugio@albergues.example.org"
NOON = at("2026-03-14 12:00")
SUBJECT, BODY = (
    "Una remisión espera",
    "Hay una remisión.\n.\nhttps://desks.example.org/referrals/inbox",
)

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For tests that do not depend on the kind of database."""


@pytest.fixture
def server(app):
    """Yield a mail server that the app uses."""
    with mail_server() as running:
        use_mail_server(app, f"smtp://127.0.0.1:{running.port}")
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the path of a fresh certificate of `localhost` with its key, in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    outputs = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([*command.split(), *subject, *outputs], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def use_mail_server(app, url):
    settings = replace(app.config["SETTINGS"], smtp_url=url, mail_from="no-reply@desks.example.org")
    app.config["SETTINGS"] = settings


def enqueue(key="referral:1:A", to=MAILBOX, subject=SUBJECT, body=BODY):
    with unit_of_work():
        return queue_email(db.session(), to, subject, body, key)


def stored_emails():
    rows = db.session.execute(select(EMAILS).order_by(EMAILS.c.notice_key)).all()
    db.session.rollback()
    return rows


def send_at(moment):
    with clock.frozen_at(moment):
        return send_due_emails()


def run(app, *arguments):
    """Run a command; return exit code, stdout and stderr."""
    db.session.remove()
    result = Context().run(app.test_cli_runner().invoke, args=list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_an_email_arrives_as_plain_text_and_says_that_a_machine_wrote_it(server):
    with clock.frozen_at(NOON):
        assert enqueue()
        assert send_due_emails() == DeliveryOutcome(1, ())
        assert send_due_emails() == DeliveryOutcome(0, ())
    [email] = server.emails
    [row] = stored_emails()
    assert email["Subject"] == SUBJECT
    assert email.get_content().rstrip("\r\n").replace("\r\n", "\n") == BODY
    assert (email.get_content_type(), email.get_content_charset()) == ("text/plain", "utf-8")
    assert (email["To"], email["From"]) == (MAILBOX, "no-reply@desks.example.org")
    assert email["Message-ID"] == f"<{row.id.hex}@desks.example.org>"
    assert parsedate_to_datetime(email["Date"]) == NOON
    assert email["Auto-Submitted"] == "auto-generated"
    assert server.received[0].isascii()
    assert (row.sent_at, row.next_attempt_at, row.attempts, row.last_error) == (NOON, None, 1, "")


def test_a_rolled_back_transaction_leaves_no_email_and_a_notice_is_queued_once(server):
    with pytest.raises(RuntimeError), unit_of_work():
        assert queue_email(db.session(), MAILBOX, SUBJECT, BODY, "referral:1:A")
        raise RuntimeError
    assert stored_emails() == []
    assert [enqueue(), enqueue(), enqueue(to="other@example.org")] == [True, False, True]
    assert send_due_emails() == DeliveryOutcome(2, ())
    assert not enqueue()
    assert sorted(email["To"] for email in server.emails) == ["other@example.org", MAILBOX]


def test_what_would_forge_a_header_or_is_no_address_is_refused_without_being_repeated(app):
    evil = "evil@example.com"
    addresses = (
        f"{MAILBOX}\nBcc: {evil}",
        f"{MAILBOX}\r\n",
        f"{MAILBOX},{evil}",
        f"{MAILBOX} {evil}",
        f"Evil <{evil}>",
        "evil@example",
        "evil",
        "@example.com",
        "evil@exämple.com",
        "evil@example.com\x00",
        "evil..x@example.com",
        f"{'x' * 250}@example.com",
    )
    subjects = [f"evil{character}Bcc: x" for character in "\n\r\0\x0b\x85\u2028\u2029\ud800\t"]
    for wrong in (
        *({"to": address} for address in addresses),
        *({"subject": subject} for subject in (*subjects, "", "evil" * 31)),
        *({"body": body} for body in ("", "evil\r\nx", "evil\0", "evil" * 501)),
        *({"key": key} for key in ("", "evil" * 31)),
    ):
        with pytest.raises(ValueError, match=r".") as refused:
            enqueue(**wrong)
        assert "evil" not in str(refused.value), wrong
    assert stored_emails() == []


def test_a_refused_email_is_retried_later_and_delays_no_other(server):
    server.refusals = {"rcpt TO:<bad": "550 no such mailbox", "mail FROM": "451 later"}
    with clock.frozen_at(NOON):
        enqueue("a", "bad@example.org")
        enqueue("b")
    assert send_at(NOON).errors == ("SMTPSenderRefused",) * 2
    server.refusals.pop("mail FROM")
    assert send_at(NOON + timedelta(seconds=59)) == DeliveryOutcome(0, ())
    assert send_at(NOON + timedelta(minutes=1)) == DeliveryOutcome(1, ("SMTPRecipientsRefused",))
    refused, delivered = stored_emails()
    assert (refused.last_error, refused.attempts) == ("SMTPRecipientsRefused", 2)
    assert refused.next_attempt_at == NOON + timedelta(minutes=6)
    assert (delivered.attempts, delivered.last_error) == (2, "")
    server.refusals.clear()
    assert send_at(NOON + timedelta(minutes=6)) == DeliveryOutcome(1, ())
    assert [email["To"] for email in server.emails] == [MAILBOX, "bad@example.org"]


def test_retries_come_further_apart_and_end_after_three_days_but_the_email_stays_visible(server):
    server.refusals = {"data": "554 never"}
    with clock.frozen_at(NOON):
        enqueue()
    tried, due = [], NOON
    while due is not None:
        assert send_at(due).errors == ("SMTPDataError",)
        tried.append(due)
        due = stored_emails()[0].next_attempt_at
    gaps = [(b - a) // timedelta(minutes=1) for a, b in pairwise(tried)]
    assert gaps[:7] == [1, 5, 15, 60, 240, 720, 1440]
    assert tried[-1] == NOON + timedelta(days=3)
    server.refusals.clear()
    assert send_at(NOON + timedelta(days=9)) == DeliveryOutcome(0, ())
    [row] = stored_emails()
    assert (row.sent_at, row.last_error, row.attempts) == (None, "SMTPDataError", len(tried))
    with clock.frozen_at(NOON):
        assert queue.count_unsent(db.session()) == (0, 1)


def test_a_mail_server_out_of_reach_ends_the_round_and_nothing_is_lost(app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens here
        use_mail_server(app, f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        with clock.frozen_at(NOON):
            enqueue("a")
            enqueue("b")
        assert send_at(NOON) == DeliveryOutcome(0, ("ConnectionRefusedError",))
    assert sorted((row.attempts, row.last_error) for row in stored_emails()) == [
        (0, ""),
        (1, "ConnectionRefusedError"),
    ]
    with mail_server() as server:
        use_mail_server(app, f"smtp://127.0.0.1:{server.port}")
        assert send_at(NOON + timedelta(minutes=1)) == DeliveryOutcome(2, ())


def drain_at_once(app, server: MailServer, times: int) -> list[str]:
    """Start three drains at the same moment; return the Message-IDs that arrive."""
    for number in range(times):
        enqueue(f"referral:{number}:A")
    db.session.remove()
    barrier = threading.Barrier(3)
    failed = []

    def drain():
        try:
            with app.app_context():
                barrier.wait()
                send_due_emails()
                db.session.remove()
        except Exception as error:
            failed.append(error)

    drains = [threading.Thread(target=Context().run, args=(drain,)) for _ in range(3)]
    for thread in drains:
        thread.start()
    for thread in drains:
        thread.join()
    assert failed == []
    return [email["Message-ID"] for email in server.emails]


def test_three_drains_at_once_send_each_email_once(app, server):
    server.pause = 0.02
    message_ids = drain_at_once(app, server, 24)
    assert len(message_ids) == len(set(message_ids)) == 24
    assert {row.attempts for row in stored_emails()} == {1}


def test_drains_that_do_not_claim_an_email_are_caught(app, server, monkeypatch):
    monkeypatch.setattr(queue, "LEASE", timedelta(days=-1))
    server.pause = 0.1
    message_ids = drain_at_once(app, server, 4)
    assert len(message_ids) > len(set(message_ids)) == 4


def test_a_crash_after_the_server_accepted_an_email_sends_the_same_email_again(server, monkeypatch):
    def die(*_):
        raise SystemExit

    with clock.frozen_at(NOON):
        enqueue()
    with monkeypatch.context() as fault:
        fault.setattr(queue, "mark_sent", die)
        with pytest.raises(SystemExit):
            send_at(NOON)
    assert send_at(NOON + timedelta(minutes=4)) == DeliveryOutcome(0, ())
    assert send_at(NOON + timedelta(minutes=5)) == DeliveryOutcome(1, ())
    assert send_at(NOON + timedelta(days=1)) == DeliveryOutcome(0, ())
    first, second = server.received
    assert first == second


def test_a_failure_recorded_too_late_does_not_undo_another_drains_delivery(server):
    with clock.frozen_at(NOON):
        enqueue()
    with unit_of_work():
        slow = queue.claim_next_email(db.session(), NOON, NOON)
    assert send_at(NOON + timedelta(minutes=5)) == DeliveryOutcome(1, ())
    with unit_of_work():
        queue.mark_failed(db.session(), slow, "TimeoutError", NOON)
    [row] = stored_emails()
    assert (row.next_attempt_at, row.last_error) == (None, "")


@ONE_DATABASE
def test_an_email_goes_only_to_a_mail_server_that_proves_its_name(app, certificate, monkeypatch):
    transports = (("smtps", False, ""), ("smtp+starttls", True, ""), ("smtp", True, "?starttls"))
    for scheme, starttls, query in transports:
        with clock.frozen_at(NOON):
            enqueue(scheme)
        with mail_server(certificate, starttls) as server:
            use_mail_server(app, f"{scheme}://ventanilla:p%40ss@localhost:{server.port}{query}")
            assert send_at(NOON) == DeliveryOutcome(0, ("SSLCertVerificationError",))
            assert [line for line in server.lines if "AUTH" in line] == []
            with monkeypatch.context() as trusted:
                trusted.setenv("SSL_CERT_FILE", str(certificate))
                assert send_at(NOON + timedelta(minutes=1)) == DeliveryOutcome(1, ())
            assert "AUTH PLAIN AHZlbnRhbmlsbGEAcEBzcw==" in server.lines
    with clock.frozen_at(NOON):
        enqueue("stripped")
    with mail_server() as stripped:
        use_mail_server(app, f"smtp+starttls://ventanilla:p%40ss@localhost:{stripped.port}")
        assert send_at(NOON) == DeliveryOutcome(0, ("SMTPNotSupportedError",))
        assert (stripped.received, [line for line in stripped.lines if "AUTH" in line]) == ([], [])


def test_an_email_is_deleted_a_week_after_it_was_sent(server):
    with clock.frozen_at(NOON):
        enqueue()
    send_at(NOON)
    send_at(NOON + timedelta(days=7))
    assert len(stored_emails()) == 1
    send_at(NOON + timedelta(days=7, seconds=1))
    assert stored_emails() == []


@ONE_DATABASE
def test_the_command_reports_counts_and_never_an_address(app):
    assert run(app, "mail", "send") == (0, "", "")
    enqueue()
    code, stdout, stderr = run(app, "mail", "send")
    assert (code, stdout, stderr.count("\n")) == (1, "", 1)
    assert stderr.startswith("SMTP_URL is not set")
    with mail_server() as server:
        use_mail_server(app, f"smtp://127.0.0.1:{server.port}")
        server.refusals = {"rcpt": f"550 {MAILBOX} is no mailbox of ours"}
        code, stdout, stderr = run(app, "mail", "send")
        assert (code, stdout) == (1, "E-mails sent: 0; waiting: 1; given up: 0.\n")
        assert stderr == "E-mails that could not be sent now: 1 (SMTPRecipientsRefused).\n"
        server.refusals.clear()
        enqueue("b")
        result = run(app, "mail", "send")
        assert result == (0, "E-mails sent: 1; waiting: 1; given up: 0.\n", "")
    assert run(app, "mail", "send", "--watch", "0")[0] == 2


@ONE_DATABASE
def test_the_command_keeps_sending_until_it_is_terminated(app, server):
    url = f"smtp://127.0.0.1:{server.port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "mail", "send", "--watch", "1"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DATABASE_URL": app.config["SETTINGS"].database_url,
            "SMTP_URL": url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for number in (1, 2):
            enqueue(f"referral:{number}:A")
            deadline = time.monotonic() + 120
            while len(server.received) < number and time.monotonic() < deadline:
                time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, stderr) == (0, "")
    assert [line.split(";")[0] for line in stdout.splitlines()] == ["E-mails sent: 1"] * 2
    assert [row.attempts for row in stored_emails()] == [1, 1]


def test_settings_of_mail_that_cannot_work_are_refused_in_one_sentence_without_the_password():
    good = ("smtp://relay", "smtps://me:pa%2Fss@relay:465/", "smtp://relay?starttls", "")
    assert [read_settings({"SMTP_URL": url}).smtp_url for url in good] == list(good)
    wrong = (
        "relay",
        "http://relay",
        "smtp://",
        "smtp://relay:0",
        "smtp://relay:99999",
        "smtp://relay:port",
        "smtp://me@relay",
        "smtp://:s3cret@relay",
        "smtps://me:s3/cret@relay",
        "smtps://relay?starttls",
        "smtp://relay?verify=no",
        "smtp://re lay",
        "smtp://relay\n",
    )
    for url in wrong:
        with pytest.raises(UnsafeSettings, match=r"^SMTP_URL must look like") as refused:
            read_settings({"SMTP_URL": url})
        assert "s3" not in str(refused.value)
    for address in ("me", "me@x\nBcc: y@z.org", "Me <me@x.org>", "mé@x.org"):
        with pytest.raises(UnsafeSettings, match=r"^MAIL_FROM must"):
            read_settings({"MAIL_FROM": address})


def test_the_sender_is_taken_from_the_public_address():
    senders = {
        "https://desks.example.org/": "no-reply@desks.example.org",
        "http://127.0.0.1:8000": "no-reply@localhost",
        "https://[::1]/": "no-reply@localhost",
        "https://[broken": "no-reply@localhost",
    }
    for url, sender in senders.items():
        assert read_settings({"PUBLIC_URL": url}).mail_from == sender
    assert read_settings({}).mail_from == "no-reply@localhost"
    assert read_settings({"MAIL_FROM": "desk@x.org"}).mail_from == "desk@x.org"


def test_production_sends_no_password_in_the_clear_to_another_machine():
    safe = production_environment()
    for url in ("smtp://relay", "smtp://me:pass@localhost", "smtp://me:pass@relay?starttls"):
        assert read_settings({**safe, "SMTP_URL": url}).smtp_url == url
    with pytest.raises(UnsafeSettings, match="SMTP_URL must be smtps"):
        read_settings({**safe, "SMTP_URL": "smtp://me:pass@relay"})
