"""Letters: written with what they tell of, sent later, tried again, never lost, never twice by two at once."""

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
"""For what no database has a part in."""


@pytest.fixture
def server(app):
    """A mail server, and the app pointed at it."""
    with mail_server() as running:
        point(app, f"smtp://127.0.0.1:{running.port}")
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A fresh certificate of `localhost` with its key, in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    both = ["-keyout", str(path), "-out", str(path.with_suffix(".crt"))]
    subprocess.run([*command.split(), *named, *both], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def point(app, url):
    settings = replace(app.config["SETTINGS"], smtp_url=url, mail_from="no-reply@desks.example.org")
    app.config["SETTINGS"] = settings


def write(key="referral:1:A", to=MAILBOX, subject=SUBJECT, body=BODY):
    with unit_of_work():
        return queue_email(db.session(), to, subject, body, key)


def stored():
    rows = db.session.execute(select(EMAILS).order_by(EMAILS.c.notice_key)).all()
    db.session.rollback()
    return rows


def send_at(moment):
    with clock.frozen_at(moment):
        return send_due_emails()


def run(app, *words):
    """What a command answers: exit code, output, what it said on stderr."""
    db.session.remove()
    done = Context().run(app.test_cli_runner().invoke, args=list(words))
    return done.exit_code, done.stdout, done.stderr


def test_a_letter_arrives_as_plain_text_and_says_that_a_machine_wrote_it(server):
    with clock.frozen_at(NOON):
        assert write()
        assert send_due_emails() == DeliveryOutcome(1, ())
        assert send_due_emails() == DeliveryOutcome(0, ())
    [letter] = server.letters
    [row] = stored()
    assert letter["Subject"] == SUBJECT
    assert letter.get_content().rstrip("\r\n").replace("\r\n", "\n") == BODY
    assert (letter.get_content_type(), letter.get_content_charset()) == ("text/plain", "utf-8")
    assert (letter["To"], letter["From"]) == (MAILBOX, "no-reply@desks.example.org")
    assert letter["Message-ID"] == f"<{row.id.hex}@desks.example.org>"
    assert parsedate_to_datetime(letter["Date"]) == NOON
    assert letter["Auto-Submitted"] == "auto-generated"
    assert server.taken[0].isascii()
    assert (row.sent_at, row.next_attempt_at, row.attempts, row.last_error) == (NOON, None, 1, "")


def test_what_is_rolled_back_leaves_no_letter_and_a_notice_is_written_once(server):
    with pytest.raises(RuntimeError), unit_of_work():
        assert queue_email(db.session(), MAILBOX, SUBJECT, BODY, "referral:1:A")
        raise RuntimeError
    assert stored() == []
    assert [write(), write(), write(to="other@example.org")] == [True, False, True]
    assert send_due_emails() == DeliveryOutcome(2, ())
    assert not write()
    assert sorted(letter["To"] for letter in server.letters) == ["other@example.org", MAILBOX]


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
    subjects = [f"evil{sign}Bcc: x" for sign in "\n\r\0\x0b\x85\u2028\u2029\ud800\t"]
    for wrong in (
        *({"to": address} for address in addresses),
        *({"subject": subject} for subject in (*subjects, "", "evil" * 31)),
        *({"body": body} for body in ("", "evil\r\nx", "evil\0", "evil" * 501)),
        *({"key": key} for key in ("", "evil" * 31)),
    ):
        with pytest.raises(ValueError, match=r".") as refused:
            write(**wrong)
        assert "evil" not in str(refused.value), wrong
    assert stored() == []


def test_a_letter_that_is_refused_is_tried_later_and_holds_nobody_up(server):
    server.refusing = {"rcpt TO:<bad": "550 no such mailbox", "mail FROM": "451 later"}
    with clock.frozen_at(NOON):
        write("a", "bad@example.org")
        write("b")
    assert send_at(NOON).errors == ("SMTPSenderRefused",) * 2
    server.refusing.pop("mail FROM")
    assert send_at(NOON + timedelta(seconds=59)) == DeliveryOutcome(0, ())
    assert send_at(NOON + timedelta(minutes=1)) == DeliveryOutcome(1, ("SMTPRecipientsRefused",))
    refused, sent = stored()
    assert (refused.last_error, refused.attempts) == ("SMTPRecipientsRefused", 2)
    assert refused.next_attempt_at == NOON + timedelta(minutes=6)
    assert (sent.attempts, sent.last_error) == (2, "")
    server.refusing.clear()
    assert send_at(NOON + timedelta(minutes=6)) == DeliveryOutcome(1, ())
    assert [letter["To"] for letter in server.letters] == [MAILBOX, "bad@example.org"]


def test_tries_come_further_apart_and_end_after_three_days_but_the_letter_stays_to_be_seen(server):
    server.refusing = {"data": "554 never"}
    with clock.frozen_at(NOON):
        write()
    tried, due = [], NOON
    while due is not None:
        assert send_at(due).errors == ("SMTPDataError",)
        tried.append(due)
        due = stored()[0].next_attempt_at
    gaps = [(b - a) // timedelta(minutes=1) for a, b in pairwise(tried)]
    assert gaps[:7] == [1, 5, 15, 60, 240, 720, 1440]
    assert tried[-1] == NOON + timedelta(days=3)
    server.refusing.clear()
    assert send_at(NOON + timedelta(days=9)) == DeliveryOutcome(0, ())
    [row] = stored()
    assert (row.sent_at, row.last_error, row.attempts) == (None, "SMTPDataError", len(tried))
    with clock.frozen_at(NOON):
        assert queue.count_unsent(db.session()) == (0, 1)


def test_a_mail_server_out_of_reach_ends_the_round_and_nothing_is_lost(app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens here
        point(app, f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        with clock.frozen_at(NOON):
            write("a")
            write("b")
        assert send_at(NOON) == DeliveryOutcome(0, ("ConnectionRefusedError",))
    assert sorted((row.attempts, row.last_error) for row in stored()) == [
        (0, ""),
        (1, "ConnectionRefusedError"),
    ]
    with mail_server() as server:
        point(app, f"smtp://127.0.0.1:{server.port}")
        assert send_at(NOON + timedelta(minutes=1)) == DeliveryOutcome(2, ())


def drained_at_once(app, server: MailServer, times: int) -> list[str]:
    """The Message-IDs that arrive when three drains start at the same moment."""
    for number in range(times):
        write(f"referral:{number}:A")
    db.session.remove()
    together = threading.Barrier(3)
    failed = []

    def drain():
        try:
            with app.app_context():
                together.wait()
                send_due_emails()
                db.session.remove()
        except Exception as error:
            failed.append(error)

    drains = [threading.Thread(target=Context().run, args=(drain,)) for _ in range(3)]
    for one in drains:
        one.start()
    for one in drains:
        one.join()
    assert failed == []
    return [letter["Message-ID"] for letter in server.letters]


def test_three_drains_at_once_send_each_letter_once(app, server):
    server.pause = 0.02
    arrived = drained_at_once(app, server, 24)
    assert len(arrived) == len(set(arrived)) == 24
    assert {row.attempts for row in stored()} == {1}


def test_drains_that_do_not_take_a_letter_for_themselves_would_be_caught(app, server, monkeypatch):
    monkeypatch.setattr(queue, "LEASE", timedelta(days=-1))
    server.pause = 0.1
    arrived = drained_at_once(app, server, 4)
    assert len(arrived) > len(set(arrived)) == 4


def test_a_crash_after_the_server_took_a_letter_sends_the_same_letter_again(server, monkeypatch):
    def die(*_):
        raise SystemExit

    with clock.frozen_at(NOON):
        write()
    with monkeypatch.context() as fault:
        fault.setattr(queue, "mark_sent", die)
        with pytest.raises(SystemExit):
            send_at(NOON)
    assert send_at(NOON + timedelta(minutes=4)) == DeliveryOutcome(0, ())
    assert send_at(NOON + timedelta(minutes=5)) == DeliveryOutcome(1, ())
    assert send_at(NOON + timedelta(days=1)) == DeliveryOutcome(0, ())
    first, again = server.taken
    assert first == again


def test_a_failure_told_too_late_does_not_undo_what_another_drain_sent(server):
    with clock.frozen_at(NOON):
        write()
    with unit_of_work():
        slow = queue.claim_next_email(db.session(), NOON, NOON)
    assert send_at(NOON + timedelta(minutes=5)) == DeliveryOutcome(1, ())
    with unit_of_work():
        queue.mark_failed(db.session(), slow, "TimeoutError", NOON)
    [row] = stored()
    assert (row.next_attempt_at, row.last_error) == (None, "")


@ONE_DATABASE
def test_a_letter_goes_only_to_a_mail_server_that_proves_its_name(app, certificate, monkeypatch):
    ways = (("smtps", False, ""), ("smtp+starttls", True, ""), ("smtp", True, "?starttls"))
    for scheme, starttls, query in ways:
        with clock.frozen_at(NOON):
            write(scheme)
        with mail_server(certificate, starttls) as server:
            point(app, f"{scheme}://ventanilla:p%40ss@localhost:{server.port}{query}")
            assert send_at(NOON) == DeliveryOutcome(0, ("SSLCertVerificationError",))
            assert [line for line in server.heard if "AUTH" in line] == []
            with monkeypatch.context() as trusting:
                trusting.setenv("SSL_CERT_FILE", str(certificate))
                assert send_at(NOON + timedelta(minutes=1)) == DeliveryOutcome(1, ())
            assert "AUTH PLAIN AHZlbnRhbmlsbGEAcEBzcw==" in server.heard
    with clock.frozen_at(NOON):
        write("stripped")
    with mail_server() as stripped:
        point(app, f"smtp+starttls://ventanilla:p%40ss@localhost:{stripped.port}")
        assert send_at(NOON) == DeliveryOutcome(0, ("SMTPNotSupportedError",))
        assert (stripped.taken, [line for line in stripped.heard if "AUTH" in line]) == ([], [])


def test_a_letter_is_forgotten_a_week_after_it_was_sent(server):
    with clock.frozen_at(NOON):
        write()
    send_at(NOON)
    send_at(NOON + timedelta(days=7))
    assert len(stored()) == 1
    send_at(NOON + timedelta(days=7, seconds=1))
    assert stored() == []


@ONE_DATABASE
def test_the_command_says_what_went_and_never_an_address(app):
    assert run(app, "mail", "send") == (0, "", "")
    write()
    code, said, wrong = run(app, "mail", "send")
    assert (code, said, wrong.count("\n")) == (1, "", 1)
    assert wrong.startswith("SMTP_URL is not set")
    with mail_server() as server:
        point(app, f"smtp://127.0.0.1:{server.port}")
        server.refusing = {"rcpt": f"550 {MAILBOX} is no mailbox of ours"}
        code, said, wrong = run(app, "mail", "send")
        assert (code, said) == (1, "Letters sent: 0; waiting: 1; given up: 0.\n")
        assert wrong == "Letters that could not be sent now: 1 (SMTPRecipientsRefused).\n"
        server.refusing.clear()
        write("b")
        sent = run(app, "mail", "send")
        assert sent == (0, "Letters sent: 1; waiting: 1; given up: 0.\n", "")
    assert run(app, "mail", "send", "--watch", "0")[0] == 2


@ONE_DATABASE
def test_the_command_goes_on_sending_until_it_is_asked_to_end(app, server):
    url = f"smtp://127.0.0.1:{server.port}"
    watching = subprocess.Popen(
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
            write(f"referral:{number}:A")
            until = time.monotonic() + 120
            while len(server.taken) < number and time.monotonic() < until:
                time.sleep(0.02)
        watching.send_signal(signal.SIGTERM)
        said, wrong = watching.communicate(timeout=120)
    finally:
        watching.kill()
        watching.wait()
    assert (watching.returncode, wrong) == (0, "")
    assert [line.split(";")[0] for line in said.splitlines()] == ["Letters sent: 1"] * 2
    assert [row.attempts for row in stored()] == [1, 1]


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
