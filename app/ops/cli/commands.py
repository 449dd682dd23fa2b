"""Commands that touch every room: the demo programme, backup and restore, letters, retention."""

import signal
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import NoReturn

import click
from flask.cli import AppGroup, with_appcontext

from app.db.session import db, unit_of_work
from app.email.delivery import DeliveryOutcome, send_due_emails
from app.email.queue import count_unsent
from app.ops.actions import backup, retention
from app.ops.actions import restore as restoring
from app.ops.rules import Refused
from app.settings import current_settings


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)


@click.command("backup")
@click.argument("path", type=click.Path(path_type=Path))
@with_appcontext
def back_up(path: Path) -> None:
    """Copies the database, while the app runs, to a new file or into a directory."""
    try:
        made = backup.back_up(path)
    except Refused as problem:
        _refuse(str(problem))
    click.echo(made)


@click.command("restore")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--other-audit-key", is_flag=True, help="Where the key that sealed it is lost.")
@with_appcontext
def restore(path: Path, other_audit_key: bool) -> None:
    """Puts a backup into an empty database and checks its audit trail."""
    key = None if other_audit_key else current_settings().audit_key
    try:
        restored = restoring.restore(path, key)
    except Refused as problem:
        _refuse(str(problem))
    if restored.needs_upgrade:
        click.echo("The backup is of an older release: run `db upgrade` before the app starts.")
    if restored.broken is not None:
        _refuse(
            f"Restored, but the audit trail does not hold at entry {restored.broken}: it was so "
            "in the backup, or was sealed with another AUDIT_KEY."
        )
    click.echo(f"Restored; the audit trail holds: {restored.entries} entries.")


mail = AppGroup("mail", help="Letters to mailboxes of shelters.")


@mail.command("send")
@click.option("--watch", type=click.IntRange(1, 3600), help="Go on, with so many seconds between.")
def send(watch: int | None) -> None:
    """Sends the letters that are due; exit 1 where one could not be sent or there is nowhere to send."""
    is_set = bool(current_settings().smtp_url)
    if watch is not None:
        _send_until_stopped(watch) if is_set else _wait_until_stopped()
        return
    waiting, _ = _unsent()
    if not is_set:
        if waiting:
            _refuse(f"SMTP_URL is not set: there is nowhere to send what waits ({waiting}).")
        return
    outcome = send_due_emails()
    _say_what_went(outcome)
    if outcome.problems:
        sys.exit(1)


def _wait_until_stopped() -> None:
    """A service without a mail server says so once and waits for another setting, instead of ending and starting."""
    click.echo("SMTP_URL is not set: shelters get no e-mail.", err=True)
    asked = _requests_to_end()
    while not asked:
        sleep(1)


def _requests_to_end() -> list[int]:
    """The signals that ask this process to end, as they come."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    return asked


def _send_until_stopped(seconds: int) -> None:
    """Lets the letter in hand be finished when the process is asked to end."""
    asked = _requests_to_end()
    while not asked:
        outcome = send_due_emails(lambda: not asked)
        if outcome.sent or outcome.problems:
            _say_what_went(outcome)
        until = monotonic() + seconds
        while not asked and monotonic() < until:
            sleep(0.2)


def _say_what_went(outcome: DeliveryOutcome) -> None:
    waiting, given_up = _unsent()
    click.echo(f"Letters sent: {outcome.sent}; waiting: {waiting}; given up: {given_up}.")
    if outcome.problems:
        why = ", ".join(sorted(set(outcome.problems)))
        click.echo(
            f"Letters that could not be sent now: {len(outcome.problems)} ({why}).", err=True
        )


def _unsent() -> tuple[int, int]:
    try:
        return count_unsent(db.session())
    finally:
        db.session.rollback()


keeping = AppGroup("retention", help="What is kept for a time only.")


@keeping.command("purge")
@click.option("--dry-run", is_flag=True, help="Count, and change nothing.")
def purge(dry_run: bool) -> None:
    """Deletes what is past its time, kind by kind; each leaves an entry with its number."""
    for kind in retention.KINDS:
        with unit_of_work():
            act = retention.count if dry_run else retention.purge
            click.echo(f"{act(db.session(), kind)} {kind.what}")
