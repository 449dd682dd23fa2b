"""What `setup check` says of an installation, line by line: what is right, and what to do about the rest."""

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

NODES_ASKED = 6
"""So many times PUBLIC_URL is asked: with two nodes behind it, both answer but for one time in 32."""


def findings() -> Iterator[Finding]:
    """Every line, in the order in which an operator puts things right."""
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
    """A check that breaks is one line, and the others are still made."""
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
    month = Month.of(clock.now().date())
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
    """The live SQLite file and its folder: what the app creates is for its own user alone."""
    if db.engine.dialect.name != "sqlite":
        return
    path = Path(str(db.engine.url.database))
    beside = [path, *path.parent.glob(f"{path.name}-*")]
    open_ones = [one for one in beside if one.exists() and one.stat().st_mode & READABLE_BY_OTHERS]
    for one in open_ones:
        yield Finding("files", False, f"{one} can be read by others: chmod 600 {one}")
    if path.parent.is_dir() and path.parent.stat().st_mode & stat.S_IWOTH:
        yield Finding("files", False, f"{path.parent} can be written by others: chmod 700 it.")
    elif path.exists() and not open_ones:
        yield Finding("files", True, "the database is readable by its own user alone")


def _database() -> Generator[Finding, None, bool]:
    """What `/readyz` knows; returns whether its rows can be read."""
    state = readiness.state_of(db.session(), current_app.instance_path)
    for problem in state["problems"]:
        yield Finding("database", False, rules.WHAT_TO_DO.get(problem, problem))
    in_the_way = (
        "database_unreachable",
        "database_restarting",
        "database_corrupt",
        "migrations_none",
    )
    can_be_read = not set(in_the_way) & set(state["problems"])
    if not state["problems"]:
        mode = state["sqlite_journal_mode"]
        kept = f", journal {mode}" if mode else ""
        yield Finding("database", True, f"{state['database']}{kept}, can be written, up to date")
        yield Finding("disk", True, f"{state['disk_free_mb']} MB free")
    if can_be_read:
        yield from _guarded("journal", _journal)
        yield from _guarded("clock", _clock)
    return can_be_read


def _journal() -> Iterator[Finding]:
    wrong = readiness.journal_problem(db.session())
    if wrong:
        yield Finding("journal", False, wrong)


def _clock() -> Iterator[Finding]:
    now = clock.now()
    apart = queries.find_clock(db.session())
    if apart is not None and abs(apart - now) > timedelta(seconds=5):
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
        delivery.try_server(settings)
    except (OSError, ValueError) as error:
        yield Finding("e-mail", False, f"the mail server cannot be used ({type(error).__name__}).")
        return
    yield Finding("e-mail", True, "the mail server answers")


def _address(settings: Settings) -> Iterator[Finding]:
    try:
        seen = [setup_probe.ask(settings, clock.now()) for _ in range(NODES_ASKED)]
    except ssl.SSLCertVerificationError as error:
        sentence = f"the certificate of PUBLIC_URL is not trusted: {error.verify_message}."
        yield Finding("address", False, sentence)
    except OSError as error:
        running = False if settings.production else None
        yield Finding("address", running, f"{settings.public_url} does not answer ({error}).")
    else:
        yield from rules.address_findings(
            [(one.status, one.facts) for one in seen], setup_probe.FOREIGN
        )
        yield from _line(seen[0])


def _line(seen: setup_probe.Seen) -> Iterator[Finding]:
    if seen.certificate_days is not None and seen.certificate_days < rules.CERTIFICATE_DAYS:
        yield Finding("certificate", False, f"ends in {seen.certificate_days} days: renew it.")
