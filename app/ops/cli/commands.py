"""Commands on data of every package: backup and restore, e-mail, retention."""

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
from app.ops.actions.restore import restore as restore_backup
from app.ops.rules import OperationRefused
from app.settings import current_settings


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(1)


@click.command("backup")
@click.argument("path", type=click.Path(path_type=Path))
@with_appcontext
def back_up(path: Path) -> None:
    """Copy the database, while the app runs, to a new file or into a directory."""
    try:
        made = backup.back_up(path)
    except OperationRefused as refusal:
        _refuse(str(refusal))
    click.echo(made)


@click.command("restore")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--other-audit-key", is_flag=True, help="If the key that signed it is lost.")
@with_appcontext
def restore(path: Path, other_audit_key: bool) -> None:
    """Restore a backup into an empty database and verify its audit log."""
    key = None if other_audit_key else current_settings().audit_key
    try:
        restored = restore_backup(path, key)
    except OperationRefused as refusal:
        _refuse(str(refusal))
    if restored.needs_upgrade:
        click.echo("The backup is of an older release: run `db upgrade` before the app starts.")
    if restored.broken is not None:
        _refuse(
            f"Restored, but the audit log is broken at entry {restored.broken}: it was so "
            "in the backup, or was signed with another AUDIT_KEY."
        )
    click.echo(f"Restored; the audit log is intact: {restored.entries} entries.")


mail = AppGroup("mail", help="E-mails to shelters.")


@mail.command("send")
@click.option("--watch", type=click.IntRange(1, 3600), help="Keep running, with N seconds between.")
def send(watch: int | None) -> None:
    """Send the e-mails that are due; exit 1 if one could not be sent or there is no mail server."""
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
    _report_outcome(outcome)
    if outcome.errors:
        sys.exit(1)


def _wait_until_stopped() -> None:
    """Report once that there is no mail server, and wait for another setting instead of a restart loop."""
    click.echo("SMTP_URL is not set: shelters get no e-mail.", err=True)
    signals = _stop_signals()
    while not signals:
        sleep(1)


def _stop_signals() -> list[int]:
    """Return the list to which the signals that stop this process are appended as they come."""
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))
    return signals


def _send_until_stopped(seconds: int) -> None:
    """Send until a signal stops the process; the e-mail being sent is finished."""
    signals = _stop_signals()
    while not signals:
        outcome = send_due_emails(lambda: not signals)
        if outcome.sent_count or outcome.errors:
            _report_outcome(outcome)
        until = monotonic() + seconds
        while not signals and monotonic() < until:
            sleep(0.2)


def _report_outcome(outcome: DeliveryOutcome) -> None:
    waiting, given_up = _unsent()
    click.echo(f"E-mails sent: {outcome.sent_count}; waiting: {waiting}; given up: {given_up}.")
    if outcome.errors:
        reasons = ", ".join(sorted(set(outcome.errors)))
        click.echo(
            f"E-mails that could not be sent now: {len(outcome.errors)} ({reasons}).", err=True
        )


def _unsent() -> tuple[int, int]:
    try:
        return count_unsent(db.session())
    finally:
        db.session.rollback()


retention_commands = AppGroup("retention", help="Data with a retention time.")


@retention_commands.command("purge")
@click.option("--dry-run", is_flag=True, help="Count, and change nothing.")
def purge(dry_run: bool) -> None:
    """Delete expired data, kind by kind; each leaves an audit entry with its number of rows."""
    for kind in retention.KINDS:
        with unit_of_work():
            action = retention.count_expired if dry_run else retention.purge
            click.echo(f"{action(db.session(), kind)} {kind.description}")
