"""What a shelter's poll and a country's free beds cost, with 200 shelters and many past referrals beside few."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import click
from flask.cli import with_appcontext
from sqlalchemy import insert, select

from app import clock
from app.db.session import db, unit_of_work
from app.month import Month
from app.places.queries import find_desk
from app.referrals.models import Referral
from app.referrals.rules.deadlines import CODE_CHARACTERS
from app.shelters.actions.beds import add_category
from app.shelters.models import BedHold, Shelter
from app.shelters.queries.shelters import list_all
from app.staff import queries as staff
from app.staff.actions.accounts import insert_account
from app.staff.actions.hashing import hash_password
from app.staff.actions.scopes import assign_shelters
from app.web.access import Scope
from tests.benchmarks.growth import look
from tests.benchmarks.server import ROOT, Client, serving
from tests.benchmarks.table import Line
from tests.benchmarks.temp_database import COUNTRY, DESK, MODULE, PASSWORD, USERNAME, prepare

SHELTERS, FEW, MANY = 200, 100, 100_000
POLL_TARGET, BEDS_TARGET = 1.2, 1.3
COORDINATOR, LOOKS = "coordinator", 60
FREE = f"/shelters.json?country={COUNTRY}"
AT_ONCE = 5000


@click.command("fill-housing")
@click.argument("referrals", type=click.IntRange(0))
@with_appcontext
def fill_housing(referrals: int) -> None:
    """Puts shelters and past referrals into a scratch database."""
    with unit_of_work():
        _open_shelters()
    with unit_of_work():
        _send(referrals)


def _open_shelters() -> None:
    session = db.session()
    words = dict.fromkeys(
        ("organisation", "address", "directions", "phone", "mailbox", "meeting_point"), "-"
    )
    facts: dict[str, Any] = {"type": "family_house", "country": COUNTRY, "adm1": "HN01", **words}
    facts |= {"opens_at": "", "closes_at": "", "languages": ("spa",), "version": 1}
    facts |= {"sexes": ("female", "male"), "admits_children": True, "admits_groups": True}
    facts |= {"is_protected": False, "is_accepting": True, "hold_minutes": 90, "reply_minutes": 30}
    facts |= {"time_zone": "America/Tegucigalpa", "inbox_version": 0}
    codes = [f"HND-S{n:03d}" for n in range(SHELTERS)]
    session.execute(insert(Shelter), [{**facts, "code": code, "name": code} for code in codes])
    every = list_all(session)
    for one in every:
        for category in ("men", "women", "families"):
            add_category(session, None, one, category, 20)
    account = {"username": COORDINATOR, "role": "shelter_coordinator", "locale": "es"}
    made = insert_account(session, {**account, "password_hash": hash_password(PASSWORD)}, [], [])
    assign_shelters(session, made, [every[0].id])


def _send(many: int) -> None:
    session, now = db.session(), clock.now()
    desk = find_desk(session, Scope(programme=True), DESK)
    author = staff.find_account(session, USERNAME)
    assert desk and author
    shelters = list(session.scalars(select(Shelter.id).order_by(Shelter.id)))
    for start in range(0, many, AT_ONCE):
        rows, holds = [], []
        for n in range(start, min(start + AT_ONCE, many)):
            ended = now - timedelta(days=1, minutes=n)
            row = _past(n, ended) | {"desk_id": desk.id, "author_id": author.id}
            rows.append(row | {"shelter_id": shelters[n % SHELTERS]})
            holds.append(_held(row["id"], shelters[n % SHELTERS], ended, n))
        session.execute(insert(Referral), rows)
        session.execute(insert(BedHold), holds)


def _past(n: int, ended: Any) -> dict[str, Any]:
    code = "".join(CODE_CHARACTERS[n // 22**place % 22] for place in range(4))
    words = {"code": code, "country": COUNTRY, "service": "shelter", "bed_category": ""}
    words |= {"priority": "tonight", "language": "spa", "note": "", "state": "completed"}
    times = dict.fromkeys(("sent_at", "deadline", "accepted_at", "hold_until", "closed_at"), ended)
    group = {"persons": [["female", "age_25_59", 1]], "party": 1, "flags": (), "arrived": 1}
    rest = {"id": uuid4(), "version": 4, "arrival_digest": "-", "first_answer_at": ended}
    return {**words, **times, **group, **rest, "month": int(Month.of(ended.date()))}


def _held(referral: UUID, shelter: int, ended: Any, n: int) -> dict[str, Any]:
    """Every tenth hold was never ended by anybody: its time was up."""
    end = {} if n % 10 == 0 else {"ended_at": ended, "end": "arrived"}
    place = {"referral_id": referral, "shelter_id": shelter, "category": "women", "n": 1}
    return {**place, "held_at": ended, "until": ended, "ended_at": None, "end": "", **end}


def lines_for_housing(name: str, few: str, many: str, rounds: int) -> Iterator[Line]:
    """The lines of two empty databases."""
    for url, n in ((few, FEW), (many, MANY)):
        prepare(url)
        _fill(url, n)
    with serving(few, 1, MODULE) as one, serving(many, 1, MODULE) as other:
        readers = [Client(server.port).sign_in(USERNAME, PASSWORD) for server in (one, other)]
        yield _free_beds(name, readers, rounds)
        yield _poll(name, Client(other.port).sign_in(COORDINATOR, PASSWORD), rounds)


def _fill(url: str, n: int) -> None:
    command = [sys.executable, "-m", "flask", "--app", MODULE, "fill-housing", str(n)]
    wanted = {**os.environ, "DATABASE_URL": url}
    subprocess.run(command, cwd=ROOT, env=wanted, check=True)


def _free_beds(name: str, readers: list[Client], rounds: int) -> Line:
    took: list[list[float]] = [[], []]
    for _ in range(rounds * LOOKS):
        for mine, reader in zip(took, readers, strict=True):
            mine.append(look(reader, FREE))
    few, many = (median(some) for some in took)
    ratio = many / few
    sides = f"{many:.1f} ms with {MANY:,} / {few:.1f} ms with {FEW} past referrals"
    good = ratio <= BEDS_TARGET
    what = f"{name}: free beds of {SHELTERS} shelters"
    return Line(what, f"{ratio:.2f}×", f"≤ {BEDS_TARGET}×", good, sides)


def _poll(name: str, reader: Client, rounds: int) -> Line:
    tag = _asked(reader, "/referrals/inbox", "")[1]
    polls, bare = list[float](), list[float]()
    for _ in range(rounds * LOOKS):
        took, same = _asked(reader, "/referrals/inbox", tag)
        if same != tag:
            raise RuntimeError("the inbox changed although nothing happened")
        polls.append(took)
        bare.append(_asked(reader, "/bench/page", "")[0])
    ours, theirs = median(polls), median(bare)
    good, ratio = ours / theirs <= POLL_TARGET, ours / theirs
    sides = f"{ours:.2f} ms / {theirs:.2f} ms bare page"
    return Line(
        f"{name}: inbox poll, nothing new", f"{ratio:.2f}×", f"≤ {POLL_TARGET}×", good, sides
    )


def _asked(reader: Client, path: str, tag: str) -> tuple[float, str]:
    """Milliseconds and the answer's ETag."""
    cookies = "; ".join(f"{key}={value}" for key, value in reader.cookies.items())
    headers = {"Accept": "application/json", "Cookie": cookies, "If-None-Match": tag}
    connection = http.client.HTTPConnection("127.0.0.1", reader.port, timeout=60)
    start = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - start) * 1000
    connection.close()
    if answer.status not in (200, 304):
        raise RuntimeError(f"{path} answered {answer.status}")
    return took, answer.headers.get("ETag") or ""
