"""Compares a tablet's batch with single records that a browser sends, among many person lines."""

import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.cli import with_appcontext

from app.db.session import db, unit_of_work
from app.places.queries import find_desk
from app.sync.actions import devices
from app.sync.rules.sealing import INFO, NONCE, VERSION, to_base64url
from app.sync.vocabulary import CONSULTATION, CREATED, MAX_BATCH_ENVELOPES
from app.web.access import Scope
from tests.benchmarks.measure import measure_cost
from tests.benchmarks.server import ROOT, Client, Server, serving
from tests.benchmarks.table import BenchmarkLine
from tests.benchmarks.temp_database import DESK, MODULE, PASSWORD, USERNAME, a_family

SPEED_TARGET, CPU_TARGET = 4.0, 0.3
BATCHES = 8
"""Number of batches a round; as many records are sent one by one."""


@dataclass(frozen=True)
class Rate:
    """Server CPU a record in ms, and records a second."""

    cpu_ms: float
    per_second: float


@dataclass(frozen=True)
class Tablet:
    """An enrolled tablet: the server's port, and the body of its enrolment."""

    port: int
    enrolment: dict[str, Any]


def lines_for_tablets(name: str, url: str, many: int, rounds: int) -> Iterator[BenchmarkLine]:
    """Yield the lines of a temporary database with `many` person lines."""
    with serving(url, 1, MODULE) as server:
        clerk = Client(server.port).sign_in(USERNAME, PASSWORD)
        status, enrolment = clerk.post("/sync/enrol", {"code": _enrolment_code(url)})
        if status != 200:
            raise RuntimeError(f"enrolling answered {status}")
        tablet = Tablet(server.port, enrolment)
        _batches(server, tablet, 2)
        measure_cost(server, [clerk], "/consultations", a_family, 20)
        rates = [
            (_batches(server, tablet, BATCHES), _singles(server, clerk)) for _ in range(rounds)
        ]
    batch, single = (_median_rate(list(column)) for column in zip(*rates, strict=True))
    prefix = f"{name}: a batch of {MAX_BATCH_ENVELOPES} among {many:,} lines"
    speed, cpu = batch.per_second / single.per_second, batch.cpu_ms / single.cpu_ms
    sides = f"{batch.per_second:.0f}/s / {single.per_second:.0f}/s one by one"
    is_reached = speed >= SPEED_TARGET
    yield BenchmarkLine(
        f"{prefix}, records", f"{speed:.1f}×", f"≥ {SPEED_TARGET:g}×", is_reached, sides
    )
    sides = f"{batch.cpu_ms:.2f} ms / {single.cpu_ms:.2f} ms one by one"
    yield BenchmarkLine(
        f"{prefix}, CPU a record", f"{cpu:.2f}×", f"≤ {CPU_TARGET}×", cpu <= CPU_TARGET, sides
    )


def _median_rate(rates: list[Rate]) -> Rate:
    return Rate(median(rate.cpu_ms for rate in rates), median(rate.per_second for rate in rates))


def _singles(server: Server, clerk: Client) -> Rate:
    times = BATCHES * MAX_BATCH_ENVELOPES
    cost = measure_cost(server, [clerk], "/consultations", a_family, times)
    return Rate(cost.cpu_ms, cost.per_second)


def _batches(server: Server, tablet: Tablet, times: int) -> Rate:
    bodies = [_body(tablet) for _ in range(times)]
    cpu, start = server.cpu_seconds(), time.perf_counter()
    for body in bodies:
        _send(tablet, body)
    took, used = time.perf_counter() - start, server.cpu_seconds() - cpu
    records = times * MAX_BATCH_ENVELOPES
    return Rate(used / records * 1000, records / took)


def _send(tablet: Tablet, body: bytes) -> None:
    credential = f"Device {tablet.enrolment['credential']}"
    headers = {"Authorization": credential, "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", tablet.port, timeout=60)
    connection.request("POST", "/sync/envelopes", body, headers)
    answer = connection.getresponse()
    payload = json.loads(answer.read())
    connection.close()
    if answer.status != 200 or {result["result"] for result in payload["results"]} != {CREATED}:
        raise RuntimeError(f"a batch answered {answer.status}: {payload}")


def _body(tablet: Tablet) -> bytes:
    key = tablet.enrolment["keys"][0]
    author = {"kind": CONSULTATION, "author": USERNAME, "device": tablet.enrolment["device"]}
    contents = [{**a_family(), **author} for _ in range(MAX_BATCH_ENVELOPES)]
    return json.dumps({"envelopes": [_envelope(key, content) for content in contents]}).encode()


def _envelope(key: dict[str, str], content: dict[str, Any]) -> dict[str, Any]:
    """Return the envelope of a content, encrypted as a tablet does it."""
    raw = urlsafe_b64decode(key["public"] + "=" * (-len(key["public"]) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    ephemeral, nonce = ec.generate_private_key(ec.SECP256R1()), os.urandom(NONCE)
    shared = ephemeral.exchange(ec.ECDH(), public)
    secret = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=INFO).derive(shared)
    plaintext, associated = json.dumps(content).encode(), (content["id"] + key["id"]).encode()
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    sealed = bytes([VERSION]) + point + nonce + AESGCM(secret).encrypt(nonce, plaintext, associated)
    return {"id": content["id"], "key": key["id"], "format": 1, "sealed": to_base64url(sealed)}


def _enrolment_code(url: str) -> str:
    """Return the enrolment code of a new tablet of the benchmark's desk."""
    command = [sys.executable, "-m", "flask", "--app", MODULE, "add-tablet"]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip().splitlines()[-1]


@click.command("add-tablet")
@with_appcontext
def add_tablet() -> None:
    """Add the tablet inside the app of that database, and print its enrolment code."""
    with unit_of_work():
        desk = find_desk(db.session(), Scope(programme=True), DESK)
        if desk is None:
            raise RuntimeError("the benchmark's desk is missing")
        click.echo(devices.add_device(db.session(), 1, desk, "Bench").code)
