"""Measures a shelter's poll and a country's free beds, with 200 shelters and with few and many past referrals."""

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
from tests.benchmarks.growth import time_page
from tests.benchmarks.server import ROOT, Client, serving
from tests.benchmarks.table import BenchmarkLine
from tests.benchmarks.temp_database import COUNTRY, DESK, MODULE, PASSWORD, USERNAME, prepare

SHELTERS, FEW, MANY = 200, 100, 100_000
POLL_TARGET, BEDS_TARGET = 1.2, 1.3
COORDINATOR, REQUESTS = "coordinator", 60
FREE = f"/shelters.json?country={COUNTRY}"
BATCH = 5000


@click.command("fill-shelters")
@click.argument("referrals", type=click.IntRange(0))
@with_appcontext
def fill_shelters(referrals: int) -> None:
    """Add shelters and past referrals to a temporary database."""
    with unit_of_work():
        _open_shelters()
    with unit_of_work():
        _add_referrals(referrals)


def _open_shelters() -> None:
    session = db.session()
    texts = dict.fromkeys(
        ("organisation", "address", "directions", "phone", "email", "meeting_point"), "-"
    )
    columns: dict[str, Any] = {"type": "family_house", "country": COUNTRY, "adm1": "HN01", **texts}
    columns |= {"opens_at": "", "closes_at": "", "languages": ("spa",), "version": 1}
    columns |= {"sexes": ("female", "male"), "admits_children": True, "admits_groups": True}
    columns |= {
        "is_protected": False,
        "is_accepting": True,
        "hold_minutes": 90,
        "reply_minutes": 30,
    }
    columns |= {"time_zone": "America/Tegucigalpa", "inbox_version": 0}
    codes = [f"HND-S{n:03d}" for n in range(SHELTERS)]
    session.execute(insert(Shelter), [{**columns, "code": code, "name": code} for code in codes])
    shelters = list_all(session)
    for shelter in shelters:
        for category in ("men", "women", "families"):
            add_category(session, None, shelter, category, 20)
    account = {"username": COORDINATOR, "role": "shelter_coordinator", "locale": "es"}
    account_id = insert_account(
        session, {**account, "password_hash": hash_password(PASSWORD)}, [], []
    )
    assign_shelters(session, account_id, [shelters[0].id])


def _add_referrals(n_referrals: int) -> None:
    session, now = db.session(), clock.now()
    desk = find_desk(session, Scope(programme=True), DESK)
    author = staff.find_account(session, USERNAME)
    assert desk and author
    shelters = list(session.scalars(select(Shelter.id).order_by(Shelter.id)))
    for start in range(0, n_referrals, BATCH):
        rows, holds = [], []
        for n in range(start, min(start + BATCH, n_referrals)):
            ended = now - timedelta(days=1, minutes=n)
            row = _past_referral(n, ended) | {"desk_id": desk.id, "author_id": author.id}
            rows.append(row | {"shelter_id": shelters[n % SHELTERS]})
            holds.append(_hold(row["id"], shelters[n % SHELTERS], ended, n))
        session.execute(insert(Referral), rows)
        session.execute(insert(BedHold), holds)


def _past_referral(n: int, ended: Any) -> dict[str, Any]:
    code = "".join(CODE_CHARACTERS[n // 22**place % 22] for place in range(4))
    texts = {"code": code, "country": COUNTRY, "service": "shelter", "bed_category": ""}
    texts |= {"priority": "tonight", "language": "spa", "note": "", "state": "completed"}
    times = dict.fromkeys(("sent_at", "deadline", "accepted_at", "hold_until", "closed_at"), ended)
    group = {
        "persons": [["female", "age_25_59", 1]],
        "person_count": 1,
        "flags": (),
        "arrived_persons": 1,
    }
    rest = {"id": uuid4(), "version": 4, "content_digest": "-", "first_answer_at": ended}
    return {**texts, **times, **group, **rest, "month": int(Month.containing(ended.date()))}


def _hold(referral: UUID, shelter: int, ended: Any, n: int) -> dict[str, Any]:
    """Return a past hold; every tenth was ended by nobody but time."""
    end = {} if n % 10 == 0 else {"ended_at": ended, "end_reason": "arrived"}
    place = {"referral_id": referral, "shelter_id": shelter, "category": "women"}
    return {
        **place,
        "person_count": 1,
        "held_at": ended,
        "until": ended,
        "ended_at": None,
        "end_reason": "",
        **end,
    }


def lines_for_shelters(name: str, few: str, many: str, rounds: int) -> Iterator[BenchmarkLine]:
    """Yield the lines of two empty databases."""
    for url, n in ((few, FEW), (many, MANY)):
        prepare(url)
        _fill(url, n)
    with serving(few, 1, MODULE) as small, serving(many, 1, MODULE) as large:
        readers = [Client(server.port).sign_in(USERNAME, PASSWORD) for server in (small, large)]
        yield _free_beds(name, readers, rounds)
        yield _poll(name, Client(large.port).sign_in(COORDINATOR, PASSWORD), rounds)


def _fill(url: str, n: int) -> None:
    command = [sys.executable, "-m", "flask", "--app", MODULE, "fill-shelters", str(n)]
    environment = {**os.environ, "DATABASE_URL": url}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _free_beds(name: str, readers: list[Client], rounds: int) -> BenchmarkLine:
    took: list[list[float]] = [[], []]
    for _ in range(rounds * REQUESTS):
        for times, reader in zip(took, readers, strict=True):
            times.append(time_page(reader, FREE))
    few, many = (median(times) for times in took)
    ratio = many / few
    sides = f"{many:.1f} ms with {MANY:,} / {few:.1f} ms with {FEW} past referrals"
    is_reached = ratio <= BEDS_TARGET
    measure = f"{name}: free beds of {SHELTERS} shelters"
    return BenchmarkLine(measure, f"{ratio:.2f}×", f"≤ {BEDS_TARGET}×", is_reached, sides)


def _poll(name: str, reader: Client, rounds: int) -> BenchmarkLine:
    tag = _request(reader, "/referrals/inbox", "")[1]
    polls, bare = list[float](), list[float]()
    for _ in range(rounds * REQUESTS):
        took, same = _request(reader, "/referrals/inbox", tag)
        if same != tag:
            raise RuntimeError("the inbox changed although nothing happened")
        polls.append(took)
        bare.append(_request(reader, "/bench/page", "")[0])
    ours, theirs = median(polls), median(bare)
    is_reached, ratio = ours / theirs <= POLL_TARGET, ours / theirs
    sides = f"{ours:.2f} ms / {theirs:.2f} ms bare page"
    return BenchmarkLine(
        f"{name}: inbox poll, nothing new", f"{ratio:.2f}×", f"≤ {POLL_TARGET}×", is_reached, sides
    )


def _request(reader: Client, path: str, tag: str) -> tuple[float, str]:
    """Return milliseconds and the response's ETag."""
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
