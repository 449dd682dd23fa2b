"""The checks of an installation for `setup check`: one finding per line, with the remedy if something is wrong."""

import os
import ssl
import stat
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy.exc import DBAPIError

from app import clock
from app.audit.queries import find_last_entry_at
from app.db.session import db
from app.email import delivery
from app.month import Month
from app.ops import queries
from app.ops.actions import readiness, setup_probe
from app.ops.rules import setup as rules
from app.ops.rules.setup import Finding
from app.settings import current_settings
from app.staff.queries import find_demo_account, has_working_admin
from config import READABLE_BY_OTHERS, Settings

PROBES = 6
"""Number of requests to PUBLIC_URL: two nodes behind it both respond, except for one time in 32."""


def findings() -> Iterator[Finding]:
    """Yield every finding, in the order in which an operator fixes things."""
    settings: Settings = current_settings()
    yield from _settings(settings)
    yield from _keys(settings)
    yield from _files()
    if (yield from _database()):
        yield from _guarded("accounts", lambda: _accounts(settings))
        yield from _guarded("backup", lambda: _backup(settings))
    yield from _guarded("e-mail", lambda: _mail(settings))
    yield from _guarded("address", lambda: _address(settings))


def _guarded(subject: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings of a check; one that fails is one finding, and the others still run."""
    try:
        yield from list(check())
    except (DBAPIError, OSError, ValueError) as error:
        yield Finding(subject, False, f"could not be checked ({type(error).__name__}).")
    finally:
        db.session.rollback()


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.production:
        yield Finding("settings", True, f"production at {settings.public_url}")
    else:
        yield Finding("settings", None, "development: for a demo only; set ENVIRONMENT=production.")
    if settings.production and os.geteuid() == 0:
        sentence = "this command runs as root: run it as the app's own user (deploy/ventanilla)."
        yield Finding("user", False, sentence)


def _keys(settings: Settings) -> Iterator[Finding]:
    if not settings.production:
        yield Finding("keys", None, "development keys, which everybody knows.")
        return
    month = Month.containing(clock.now().date())
    year = month.reporting_year_start(settings.reporting_year_start).year
    missing = [number for number in (year,) if number not in settings.card_keys]
    if missing:
        yield Finding("keys", False, f"CARD_KEYS has no key for {year}: cards cannot be printed.")
        return
    yield Finding("keys", True, "set, and their files are for the app alone")
    soon = month.plus(2).reporting_year_start(settings.reporting_year_start).year
    if soon not in settings.card_keys:
        yield Finding("keys", None, f"CARD_KEYS needs a key for {soon} before that year begins.")


def _files() -> Iterator[Finding]:
    """Check the live SQLite file and its folder: only the app's own user may read what it creates."""
    if db.engine.dialect.name != "sqlite":
        return
    path = Path(str(db.engine.url.database))
    files = [path, *path.parent.glob(f"{path.name}-*")]
    readable = [f for f in files if f.exists() and f.stat().st_mode & READABLE_BY_OTHERS]
    for file in readable:
        yield Finding("files", False, f"{file} can be read by others: chmod 600 {file}")
    if path.parent.is_dir() and path.parent.stat().st_mode & stat.S_IWOTH:
        yield Finding("files", False, f"{path.parent} can be written by others: chmod 700 it.")
    elif path.exists() and not readable:
        yield Finding("files", True, "the database is readable by its own user alone")


def _database() -> Generator[Finding, None, bool]:
    """Check the state that `/readyz` reports; return whether the database can be read."""
    state = readiness.readiness_state(db.session(), current_app.instance_path)
    for problem in state["problems"]:
        yield Finding("database", False, rules.REMEDIES.get(problem, problem))
    unreadable = (
        "database_unreachable",
        "database_restarting",
        "database_corrupt",
        "migrations_none",
    )
    can_be_read = not set(unreadable) & set(state["problems"])
    if not state["problems"]:
        mode = state["sqlite_journal_mode"]
        journal = f", journal {mode}" if mode else ""
        yield Finding("database", True, f"{state['database']}{journal}, can be written, up to date")
        yield Finding("disk", True, f"{state['disk_free_mb']} MB free")
    if can_be_read:
        yield from _guarded("journal", _journal)
        yield from _guarded("clock", _clock)
    return can_be_read


def _journal() -> Iterator[Finding]:
    problem = readiness.journal_problem(db.session())
    if problem:
        yield Finding("journal", False, problem)


def _clock() -> Iterator[Finding]:
    now = clock.now()
    server_time = queries.find_server_time(db.session())
    if server_time is not None and abs(server_time - now) > timedelta(seconds=5):
        yield Finding("clock", False, "differs from the database server's by more than 5 seconds.")
        return
    latest = find_last_entry_at(db.session())
    if latest is not None and latest > now + timedelta(minutes=1):
        yield Finding(
            "clock", False, f"is wrong: the last entry of the audit log is of {latest:%c}."
        )
        return
    yield Finding("clock", True, f"{now:%Y-%m-%d %H:%M} UTC")


def _accounts(settings: Settings) -> Iterator[Finding]:
    demo = find_demo_account(db.session())
    if demo is not None and settings.production:
        yield Finding("accounts", False, f"the demo account {demo.username} is open.")
    if has_working_admin(db.session()):
        yield Finding("accounts", True, "an administrator can sign in")
    else:
        sentence = "no administrator can sign in yet: staff invite NAME --role admin"
        yield Finding("accounts", False, sentence)


def _backup(settings: Settings) -> Iterator[Finding]:
    last = queries.find_last_backup(db.session())
    needed = False if settings.production else None
    if last is None:
        yield Finding("backup", needed, "none was made yet: backup FOLDER")
        return
    hours = int((clock.now() - last).total_seconds() // 3600)
    is_fresh = True if hours <= rules.BACKUP_HOURS else needed
    yield Finding("backup", is_fresh, f"the last one is {hours} hours old")


def _mail(settings: Settings) -> Iterator[Finding]:
    if not settings.smtp_url:
        yield Finding("e-mail", None, "SMTP_URL is not set: shelters get no e-mail.")
        return
    try:
        delivery.check_mail_server(settings)
    except (OSError, ValueError) as error:
        yield Finding("e-mail", False, f"the mail server cannot be used ({type(error).__name__}).")
        return
    yield Finding("e-mail", True, "the mail server answers")


def _address(settings: Settings) -> Iterator[Finding]:
    try:
        results = [setup_probe.probe(settings, clock.now()) for _ in range(PROBES)]
    except ssl.SSLCertVerificationError as error:
        sentence = f"the certificate of PUBLIC_URL is not trusted: {error.verify_message}."
        yield Finding("address", False, sentence)
    except OSError as error:
        running = False if settings.production else None
        yield Finding("address", running, f"{settings.public_url} does not answer ({error}).")
    else:
        yield from rules.address_findings(
            [(result.status, result.report) for result in results], setup_probe.SPOOFED_ADDRESS
        )
        yield from _certificate(results[0])


def _certificate(result: setup_probe.ProbeResult) -> Iterator[Finding]:
    if result.certificate_days is not None and result.certificate_days < rules.CERTIFICATE_DAYS:
        yield Finding("certificate", False, f"ends in {result.certificate_days} days: renew it.")
