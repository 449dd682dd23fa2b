"""What a tablet's batch costs beside single records that a browser sends, among many person lines."""

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
from app.sync.rules.sealing import INFO, NONCE, VERSION, as_text
from app.sync.vocabulary import CONSULTATION, CREATED, MOST_IN_A_BATCH
from app.web.access import Scope
from tests.benchmarks.measure import cost_of
from tests.benchmarks.server import ROOT, Client, Server, serving
from tests.benchmarks.table import Line
from tests.benchmarks.temp_database import DESK, MODULE, PASSWORD, USERNAME, a_family

SPEED_TARGET, CPU_TARGET = 4.0, 0.3
BATCHES = 8
"""So many batches a round, beside as many records sent one by one."""


@dataclass(frozen=True)
class Rate:
    """Server CPU a record in ms, and records a second."""

    cpu_ms: float
    per_second: float


@dataclass(frozen=True)
class Sender:
    """An enrolled tablet: where it sends, and what it was given."""

    port: int
    given: dict[str, Any]


def lines_for_tablets(name: str, url: str, many: int, rounds: int) -> Iterator[Line]:
    """The lines of a scratch database that holds so many person lines."""
    with serving(url, 1, MODULE) as server:
        clerk = Client(server.port).sign_in(USERNAME, PASSWORD)
        status, given = clerk.post("/sync/enrol", {"code": _code(url)})
        if status != 200:
            raise RuntimeError(f"enrolling answered {status}")
        tablet = Sender(server.port, given)
        _batches(server, tablet, 2)
        cost_of(server, [clerk], "/consultations", a_family, 20)
        found = [
            (_batches(server, tablet, BATCHES), _singles(server, clerk)) for _ in range(rounds)
        ]
    batch, single = (_middle(list(each)) for each in zip(*found, strict=True))
    where = f"{name}: a batch of {MOST_IN_A_BATCH} among {many:,} lines"
    speed, cpu = batch.per_second / single.per_second, batch.cpu_ms / single.cpu_ms
    sides = f"{batch.per_second:.0f}/s / {single.per_second:.0f}/s one by one"
    good = speed >= SPEED_TARGET
    yield Line(f"{where}, records", f"{speed:.1f}×", f"≥ {SPEED_TARGET:g}×", good, sides)
    sides = f"{batch.cpu_ms:.2f} ms / {single.cpu_ms:.2f} ms one by one"
    yield Line(
        f"{where}, CPU a record", f"{cpu:.2f}×", f"≤ {CPU_TARGET}×", cpu <= CPU_TARGET, sides
    )


def _middle(rates: list[Rate]) -> Rate:
    return Rate(median(one.cpu_ms for one in rates), median(one.per_second for one in rates))


def _singles(server: Server, clerk: Client) -> Rate:
    times = BATCHES * MOST_IN_A_BATCH
    cost = cost_of(server, [clerk], "/consultations", a_family, times)
    return Rate(cost.cpu_ms, cost.per_second)


def _batches(server: Server, tablet: Sender, times: int) -> Rate:
    bodies = [_body(tablet) for _ in range(times)]
    cpu, start = server.cpu_seconds(), time.perf_counter()
    for body in bodies:
        _send(tablet, body)
    took, used = time.perf_counter() - start, server.cpu_seconds() - cpu
    records = times * MOST_IN_A_BATCH
    return Rate(used / records * 1000, records / took)


def _send(tablet: Sender, body: bytes) -> None:
    credential = f"Device {tablet.given['credential']}"
    headers = {"Authorization": credential, "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", tablet.port, timeout=60)
    connection.request("POST", "/sync/envelopes", body, headers)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    if answer.status != 200 or {one["result"] for one in said["results"]} != {CREATED}:
        raise RuntimeError(f"a batch answered {answer.status}: {said}")


def _body(tablet: Sender) -> bytes:
    key = tablet.given["keys"][0]
    said = {"kind": CONSULTATION, "author": USERNAME, "device": tablet.given["device"]}
    contents = [{**a_family(), **said} for _ in range(MOST_IN_A_BATCH)]
    return json.dumps({"envelopes": [_sealed(key, one) for one in contents]}).encode()


def _sealed(key: dict[str, str], content: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a content, as a tablet makes it."""
    raw = urlsafe_b64decode(key["public"] + "=" * (-len(key["public"]) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    ephemeral, nonce = ec.generate_private_key(ec.SECP256R1()), os.urandom(NONCE)
    shared = ephemeral.exchange(ec.ECDH(), public)
    secret = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=INFO).derive(shared)
    plain, bound = json.dumps(content).encode(), (content["id"] + key["id"]).encode()
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    sealed = bytes([VERSION]) + point + nonce + AESGCM(secret).encrypt(nonce, plain, bound)
    return {"id": content["id"], "key": key["id"], "format": 1, "sealed": as_text(sealed)}


def _code(url: str) -> str:
    """The code that enrols a new tablet of the scratch desk."""
    command = [sys.executable, "-m", "flask", "--app", MODULE, "add-tablet"]
    wanted = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(command, cwd=ROOT, env=wanted, check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


@click.command("add-tablet")
@with_appcontext
def add_tablet() -> None:
    """The same, inside the app of that database."""
    with unit_of_work():
        desk = find_desk(db.session(), Scope(programme=True), DESK)
        if desk is None:
            raise RuntimeError("the scratch desk is not there")
        click.echo(devices.add_device(db.session(), 1, desk, "Bench").code)
