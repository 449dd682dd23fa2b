"""Asks the app through PUBLIC_URL what it sees of a request, as `setup check` does, and answers it."""

import http.client
import json
import secrets
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from flask import request
from itsdangerous import BadSignature, TimestampSigner

from app.settings import current_settings
from app.version import release
from app.web.proxy import PROBE, forwarded_count
from config import Settings

HEADER = "X-Setup-Probe"
HOLDS = 60
"""Seconds that a signed question is answered."""
FOREIGN = "192.0.2.1"
"""An address that is nobody's (RFC 5737): whoever sees it believed what a client claimed of itself."""
PATIENCE = 5


@dataclass(frozen=True)
class Seen:
    """What came back: the HTTP status, what the app saw if it was ours, and what is known of the line."""

    status: int
    facts: dict[str, Any]
    at: datetime | None = None
    certificate_days: int | None = None


def _signer(settings: Settings) -> TimestampSigner:
    return TimestampSigner(settings.secret_key, salt="setup-probe")


def is_asked() -> bool:
    """Whether this request carries the signature of an operator who has the app's own settings."""
    try:
        signed = request.headers.get(HEADER, "")[:200]
        _signer(current_settings()).unsign(signed, max_age=HOLDS)
    except BadSignature:
        return False
    return True


def answer() -> dict[str, Any]:
    """What the app sees of this request: address, scheme, proxies, and which version it is."""
    return {
        "address": request.remote_addr or "",
        "https": request.is_secure,
        "forwarded_for": forwarded_count(),
        "forwarded": request.headers.get("X-Forwarded-For", ""),
        "proxy_hops": current_settings().proxy_hops,
        "release": release(),
    }


def ask(settings: Settings, now: datetime) -> Seen:
    """Asks once, over a new connection; raises OSError (ssl.SSLError too) if nobody answers."""
    url = urlsplit(settings.public_url)
    connection = _connection(url.scheme, str(url.hostname), url.port)
    try:
        headers = {HEADER: _signer(settings).sign(secrets.token_hex(8)).decode()}
        connection.request("GET", PROBE, headers={**headers, "X-Forwarded-For": FOREIGN})
        days = _certificate_days(connection, now)
        response = connection.getresponse()
        text, date = response.read(10_000), response.headers.get("Date")
    except http.client.HTTPException as broken:
        raise ConnectionError(type(broken).__name__) from broken
    finally:
        connection.close()
    return Seen(response.status, _facts(text), parsedate_to_datetime(date) if date else None, days)


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        trusted = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=trusted)
    return http.client.HTTPConnection(host, port, timeout=PATIENCE)


def _certificate_days(connection: http.client.HTTPConnection, now: datetime) -> int | None:
    if not isinstance(connection.sock, ssl.SSLSocket):
        return None
    certificate = connection.sock.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate.get("notAfter")))
    return timedelta(seconds=ends - now.timestamp()).days


def _facts(text: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(text)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) and "forwarded_for" in facts else {}
