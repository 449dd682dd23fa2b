"""What an app answers on the stored database: figures, the audit log, and pages and JSON of five roles."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app import clock
from app.db.session import db

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
"""The moment of every answer: three hours after the demo ended."""
PASSWORD = "ventanilla-demo"
FIGURES = [(country, month) for country in ("HND", "GTM", "") for month in ("2026-09", "2026-11")]
CONSULTATIONS = "SELECT id FROM consultation WHERE country = 'HND' AND month = 202611"
REFERRALS = "SELECT id FROM referral WHERE country = 'HND' AND month = 202611"
REQUESTS = "SELECT reference FROM return_request WHERE country = 'HND'"
PAGES = {
    "desk.hnd": (
        "/today", "/today?day=2026-11-19", "/counts?month=2026-11", "/sync/me", "/shelters.json?country=HND",
        "/returns", "/consultations/new", "/account",
    ),
    "shelter.hnd": ("/referrals/inbox",),
    "supervisor.hnd": (
        "/audit", "/counts?country=HND&month=2026-10", "/counts.json?country=HND&month=2026-11",
        "/returns?closed=1", "/quarantine", "/devices",
    ),
    "regional": ("/counts?month=2026-11", "/counts.json?month=2026-09"),
    "admin": (
        "/accounts", "/desks", "/desks/HND-01", "/shelters", "/shelters/HND-S1", "/devices", "/security", "/audit",
    ),
}  # fmt: skip
"""Addresses by the account of the demo that asks."""
ROWS = {
    "/consultations/{}": ("desk.hnd", CONSULTATIONS),
    "/cases/{}": ("desk.hnd", f"{CONSULTATIONS} AND id IN (SELECT consultation_id FROM referral)"),
    "/referrals/{}": ("desk.hnd", REFERRALS),
    "/referrals/{}/slip": ("desk.hnd", f"{REFERRALS} AND closed_at IS NULL"),
    "/returns/R-{}": ("supervisor.hnd", REQUESTS),
    "/quarantine/{}": ("supervisor.hnd", "SELECT number FROM envelope WHERE sealed IS NOT NULL"),
}
"""Addresses of single records, the account that asks, and a statement that every release understands."""
MOST = 4


def answers(app: Flask) -> dict[str, Any]:
    """Return everything at once; reading is recorded, so a second call answers otherwise."""
    runner = app.test_cli_runner()
    with clock.frozen_at(NOW):
        verified = runner.invoke(args=["audit", "verify"])
        proved = runner.invoke(args=["counts", "prove"])
        return {
            "audit": [verified.exit_code, *re.findall(r"\d+", verified.output)],
            "proved": [proved.exit_code, *re.findall(r"\d+", proved.output)],
            "figures": {f"{c or '*'} {m}": _figures(runner, c, m) for c, m in FIGURES},
            "pages": dict(_pages(app)),
        }


def _figures(runner: Any, country: str, month: str) -> Any:
    place = ["--country", country] if country else []
    shown = runner.invoke(args=["counts", "show", *place, "--month", month, "--format", "json"])
    assert shown.exit_code == 0, shown.output
    return json.loads(shown.output)


def _pages(app: Flask) -> Iterator[tuple[str, str]]:
    single = _addresses(app)
    for account, addresses in PAGES.items():
        client = sign_in(app, account)
        for address in (*addresses, *single.get(account, ())):
            answer = client.get(address)
            yield f"{account} {address}", f"{answer.status_code} {_digest(answer)}"


def _addresses(app: Flask) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with app.app_context():
        for address, (account, statement) in ROWS.items():
            keys = sorted(map(_plain, db.session.scalars(text(statement)).all()))
            found.setdefault(account, []).extend(address.format(key) for key in keys[:MOST])
        db.session.remove()
    return found


def _plain(key: Any) -> str:
    is_uuid = isinstance(key, UUID) or re.fullmatch("[0-9a-f]{32}", str(key))
    return str(UUID(str(key))) if is_uuid else str(key)


def sign_in(app: Flask, username: str) -> FlaskClient:
    """Return a client in which an account of the demo is signed in; its pages are in Spanish."""
    client = app.test_client()
    token = client.get("/sync/token").get_json()["csrf_token"]
    content = {"username": username, "password": PASSWORD}
    answer = client.post("/sign-in", json=content, headers={"X-CSRFToken": token})
    assert answer.status_code == 200, answer.data
    return client


def _digest(answer: Any) -> str:
    """Return the start of the SHA-256 of the visible text of a page, or of the data of JSON."""
    is_json = answer.is_json
    shown = json.dumps(answer.get_json(), sort_keys=True) if is_json else visible_text(answer.text)
    return sha256(shown.encode()).hexdigest()[:12]


def visible_text(page: str) -> str:
    """Return the text of a page's main part, without tags."""
    main = re.search(r"<main.*</main>", page, re.DOTALL)
    body = main[0] if main else page
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())
