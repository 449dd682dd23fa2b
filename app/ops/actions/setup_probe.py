"""Requests through PUBLIC_URL what the app sees of a request, for `setup check`, and responds to it."""

import http.client
import json
import secrets
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from flask import request
from itsdangerous import BadSignature, TimestampSigner

from app.json_object import JsonObject
from app.settings import current_settings
from app.version import release
from app.web.proxy import PROBE, count_forwarded_addresses
from config import Settings

HEADER = "X-Setup-Probe"
SIGNATURE_SECONDS = 60
"""Validity of a signed request, in seconds."""
SPOOFED_ADDRESS = "192.0.2.1"
"""An address for documentation (RFC 5737): an app that sees it trusted what a client claimed of itself."""
TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class ProbeResult:
    """The response: HTTP status, the app's report if it was ours, its clock, and the days left of the certificate."""

    status: int
    report: JsonObject
    at: datetime | None = None
    certificate_days: int | None = None


def _signer(settings: Settings) -> TimestampSigner:
    return TimestampSigner(settings.secret_key, salt="setup-probe")


def is_signed_request() -> bool:
    """Whether this request is signed with the app's own settings, as an operator's is."""
    try:
        signed = request.headers.get(HEADER, "")[:200]
        _signer(current_settings()).unsign(signed, max_age=SIGNATURE_SECONDS)
    except BadSignature:
        return False
    return True


def request_report() -> JsonObject:
    """Return what the app sees of this request: address, scheme, proxies; and its version."""
    return {
        "address": request.remote_addr or "",
        "https": request.is_secure,
        "forwarded_for": count_forwarded_addresses(),
        "forwarded": request.headers.get("X-Forwarded-For", ""),
        "proxy_hops": current_settings().proxy_hops,
        "release": release(),
    }


def probe(settings: Settings, now: datetime) -> ProbeResult:
    """Send one request over a new connection; raise OSError (also ssl.SSLError) if nothing responds."""
    url = urlsplit(settings.public_url)
    connection = _connection(url.scheme, str(url.hostname), url.port)
    try:
        headers = {HEADER: _signer(settings).sign(secrets.token_hex(8)).decode()}
        connection.request("GET", PROBE, headers={**headers, "X-Forwarded-For": SPOOFED_ADDRESS})
        days = _certificate_days(connection, now)
        response = connection.getresponse()
        text, date = response.read(10_000), response.headers.get("Date")
    except http.client.HTTPException as broken:
        raise ConnectionError(type(broken).__name__) from broken
    finally:
        connection.close()
    return ProbeResult(
        response.status, _read_report(text), parsedate_to_datetime(date) if date else None, days
    )


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        trusted = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=trusted)
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)


def _certificate_days(connection: http.client.HTTPConnection, now: datetime) -> int | None:
    if not isinstance(connection.sock, ssl.SSLSocket):
        return None
    certificate = connection.sock.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate.get("notAfter")))
    return timedelta(seconds=ends - now.timestamp()).days


def _read_report(text: bytes) -> JsonObject:
    try:
        report = json.loads(text)
    except ValueError:
        return {}
    return report if isinstance(report, dict) and "forwarded_for" in report else {}
