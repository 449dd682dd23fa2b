"""Settings, read from the environment once; in production an unsafe setting stops the start with one sentence."""

import hmac
import json
import os
import re
import stat
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import urlsplit

DEVELOPMENT_KEY = "development-only-key"  # refused in production below
DEVELOPMENT_YEARS = range(2010, 2041)
MIN_KEY_LENGTH = 32
MAX_CARD_KEY_YEARS = 32  # distinguished by the first character of a card code
ROOT = Path(__file__).resolve().parent
INSTANCE = ROOT / "instance"
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""Only the owner may read a key file: the app's group includes the proxy, which connects to its socket."""
EMAIL_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z0-9-]+(\.[a-z0-9-]+)*", re.A | re.I
)
"""An e-mail address in ASCII without a display name, spaces or line ends."""
OUTBOX_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,20}", re.A)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LOCALES = ("es", "en", "fr", "ht", "nl", "pt")
SettingReader: TypeAlias = Callable[[Mapping[str, str]], Any]
"""Reads one setting from the environment; raises UnsafeSettings."""
MAIL_SCHEMES = ("smtps", "smtp+starttls", "smtp")


class UnsafeSettings(Exception):
    """A setting that stops the start; the text is one sentence for the operator."""


@dataclass(frozen=True)
class Settings:
    """The settings of an installation, named like their environment variables in lower case."""

    environment: str
    database_url: str
    secret_key: str
    audit_key: str
    public_url: str
    default_locale: str
    reporting_year_start: int
    sign_in_limit: int
    proxy_hops: int
    """The number of proxies in front of the app; that many entries of `X-Forwarded-For` are trusted."""
    runtime_directory: str
    """Temporary files that the processes of this machine share: locks of password hashing, counters of metrics."""
    metrics_token: str = field(repr=False)
    """The token that may read `/metrics` from another machine; if empty, only this machine may."""
    smtp_url: str = field(repr=False)
    """The mail server; if empty, no e-mails are sent."""
    mail_from: str
    card_keys: Mapping[int, bytes] = field(repr=False)
    """The keys of visitor cards by the calendar year in which the reporting year begins."""
    outbox_keys: Mapping[str, bytes] = field(repr=False)
    """Private keys that decrypt the envelopes of tablets, by key id; tablets encrypt for the last one."""

    @property
    def production(self) -> bool:
        return self.environment == "production"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment; raises UnsafeSettings if one is missing, invalid or unsafe."""
    env = os.environ if environ is None else environ
    settings = Settings(**{name: read(env) for name, read in _READERS.items()})
    for sentence in _unsafe(settings) if settings.production else ():
        raise UnsafeSettings(sentence)
    return settings


def list_unsafe_settings(environ: Mapping[str, str]) -> list[str]:
    """Return every error for which `read_settings` would raise, one sentence each, in the order of the settings."""
    sentences, values = list[str](), dict[str, Any]()
    for name, reader in _READERS.items():
        try:
            values[name] = reader(environ)
        except UnsafeSettings as error:
            sentences.append(str(error))
            values[name] = reader({})  # so that the checks across settings run too
    if not _is_production(environ):
        return sentences
    return [*sentences, *_unsafe(Settings(**values))]


def _is_production(env: Mapping[str, str]) -> bool:
    return env.get("ENVIRONMENT") == "production"


def _environment(env: Mapping[str, str]) -> str:
    name = env.get("ENVIRONMENT") or "development"
    if name not in ("development", "production"):
        raise UnsafeSettings("ENVIRONMENT must be development or production.")
    return name


def _database_url(env: Mapping[str, str]) -> str:
    url = env.get("DATABASE_URL") or f"sqlite:///{INSTANCE / 'ventanilla.sqlite'}"
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise UnsafeSettings(
            "DATABASE_URL must look like sqlite:////path/to/file or postgresql+psycopg://user@host/name."
        )
    return url


def _default_locale(env: Mapping[str, str]) -> str:
    locale = env.get("DEFAULT_LOCALE") or "es"
    if locale not in LOCALES:
        raise UnsafeSettings(f"DEFAULT_LOCALE must be one of {', '.join(LOCALES)}.")
    return locale


def _text(name: str, default: str) -> SettingReader:
    return lambda env: env.get(name, default)


def _whole(name: str, default: int, low: int, high: int) -> SettingReader:
    return lambda env: _number(env, name, default, low, high)


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or not low <= int(text) <= high:
        raise UnsafeSettings(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _sign_in_limit(env: Mapping[str, str]) -> int:
    return _number(env, "SIGN_IN_LIMIT", 5 if _is_production(env) else 50, 1, 10_000)


def _proxy_hops(env: Mapping[str, str]) -> int:
    """Required in production: with a wrong number all clients share the proxy's address and its rate limits."""
    if _is_production(env) and not env.get("PROXY_HOPS"):
        raise UnsafeSettings(
            "PROXY_HOPS must say how many proxies stand before the app: 1 behind nginx, 0 behind none."
        )
    return _number(env, "PROXY_HOPS", 0, 0, 5)


def _runtime_directory(env: Mapping[str, str]) -> str:
    return env.get("RUNTIME_DIRECTORY", "").partition(":")[0] or str(INSTANCE)


def _metrics_token(env: Mapping[str, str]) -> str:
    text = env.get("METRICS_TOKEN", "")
    if text and (len(text) < MIN_KEY_LENGTH or not text.isascii()):
        raise UnsafeSettings("METRICS_TOKEN must have at least 32 characters, all of them ASCII.")
    return text


def _smtp_url(env: Mapping[str, str]) -> str:
    text = env.get("SMTP_URL", "")
    try:
        if text and not _is_mail_server(text):
            raise ValueError
    except ValueError:  # also of an impossible port
        raise UnsafeSettings(
            "SMTP_URL must look like smtps://name:password@host:port (or smtp+starttls://, smtp://)."
        ) from None
    return text


def _is_mail_server(text: str) -> bool:
    url = urlsplit(text)
    is_plain = text.isascii() and text.isprintable() and " " not in text
    has_server = url.scheme in MAIL_SCHEMES and bool(url.hostname) and url.port != 0
    has_credentials = bool(url.username) == bool(url.password)
    has_options = url.query == "" or (url.scheme, url.query) == ("smtp", "starttls")
    has_path = url.path not in ("", "/") or bool(url.fragment)
    return is_plain and has_server and has_credentials and has_options and not has_path


def _mail_from(env: Mapping[str, str]) -> str:
    text = env.get("MAIL_FROM", "")
    if text and not EMAIL_ADDRESS.fullmatch(text):
        raise UnsafeSettings("MAIL_FROM must be an e-mail address without a name.")
    return text or _no_reply(env.get("PUBLIC_URL", ""))


def _no_reply(public_url: str) -> str:
    try:
        host = urlsplit(public_url).hostname or ""
    except ValueError:
        host = ""
    address = f"no-reply@{host}"
    is_named = EMAIL_ADDRESS.fullmatch(address) and not host.replace(".", "").isdecimal()
    return address if is_named else "no-reply@localhost"


def _card_keys(env: Mapping[str, str]) -> Mapping[int, bytes]:
    path = env.get("CARD_KEYS", "")
    if path:
        _refuse_readable_file("CARD_KEYS", Path(path), env)
        return MappingProxyType(_read_card_keys(Path(path)))
    if _is_production(env):
        raise UnsafeSettings("CARD_KEYS must name the file that holds the keys of visitor cards.")
    base = DEVELOPMENT_KEY.encode()
    derived = {y: hmac.digest(base, str(y).encode(), "sha256") for y in DEVELOPMENT_YEARS}
    return MappingProxyType(derived)


def _refuse_readable_file(name: str, path: Path, env: Mapping[str, str]) -> None:
    try:
        is_open = bool(path.stat().st_mode & READABLE_BY_OTHERS)
    except OSError:  # a missing or unreachable file is refused when it is read
        is_open = False
    if _is_production(env) and is_open:
        raise UnsafeSettings(f"{name} names a file that others can read: chmod 600 it.")


def _read_card_keys(path: Path) -> dict[int, bytes]:
    try:
        pairs = json.loads(path.read_text("utf-8"), object_pairs_hook=list)
        ring = {
            int(year): key.encode() for year, key in pairs if re.fullmatch("[2-9][0-9]{3}", year)
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UnsafeSettings(
            'CARD_KEYS must name a readable JSON file of years and keys: {"2026": "…"}.'
        ) from error
    if not ring or len(ring) != len(pairs):
        raise UnsafeSettings("CARD_KEYS must hold one key for each year, and each year once.")
    if max(ring) - min(ring) >= MAX_CARD_KEY_YEARS:
        raise UnsafeSettings("The years in CARD_KEYS must lie at most 31 apart.")
    if min(map(len, ring.values())) < MIN_KEY_LENGTH or len(set(ring.values())) != len(ring):
        raise UnsafeSettings(
            "Every key in CARD_KEYS must have at least 32 characters and stand there once."
        )
    return ring


def _outbox_keys(env: Mapping[str, str]) -> Mapping[str, bytes]:
    path = env.get("OUTBOX_KEYS", "")
    if path:
        _refuse_readable_file("OUTBOX_KEYS", Path(path), env)
        return MappingProxyType(_read_outbox_keys(Path(path)))
    if _is_production(env):
        raise UnsafeSettings("OUTBOX_KEYS must name the file that holds the keys of tablets.")
    return MappingProxyType(
        {"development": hmac.digest(DEVELOPMENT_KEY.encode(), b"outbox", "sha256")}
    )


def _read_outbox_keys(path: Path) -> dict[str, bytes]:
    try:
        pairs = json.loads(path.read_text("utf-8"), object_pairs_hook=list)
        ring = {
            name: urlsafe_b64decode(key + "=" * (-len(key) % 4))
            for name, key in pairs
            if OUTBOX_KEY_ID.fullmatch(name)
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UnsafeSettings(
            'OUTBOX_KEYS must name a readable JSON file of key ids and keys: {"2026-11": "…"}.'
        ) from error
    are_valid = all(
        len(key) == 32 and 0 < int.from_bytes(key) < P256_ORDER for key in ring.values()
    )
    if not ring or len(ring) != len(pairs) or len(set(ring.values())) != len(ring) or not are_valid:
        raise UnsafeSettings(
            "OUTBOX_KEYS must hold each key once, as `sync generate-key` makes them, under an id of its own."
        )
    return ring


def _unsafe(settings: Settings) -> Iterator[str]:
    yield from _weak_keys(settings)
    if not _is_public_address(settings.public_url):
        yield "PUBLIC_URL must be an https address without a path, such as https://desks.example.org."
    if _sends_password_openly(settings.smtp_url):
        yield "SMTP_URL must be smtps:// or smtp+starttls:// where a password goes to another machine."


def _weak_keys(settings: Settings) -> Iterator[str]:
    for name, key in (("SECRET_KEY", settings.secret_key), ("AUDIT_KEY", settings.audit_key)):
        if key == DEVELOPMENT_KEY or len(key) < MIN_KEY_LENGTH:
            yield f"{name} must be set to a secret of at least 32 characters."
    if settings.secret_key == settings.audit_key:
        yield "AUDIT_KEY must differ from SECRET_KEY."
    if {settings.secret_key.encode(), settings.audit_key.encode()} & set(
        settings.card_keys.values()
    ):
        yield "Every key in CARD_KEYS must differ from SECRET_KEY and AUDIT_KEY."


def _is_public_address(text: str) -> bool:
    try:
        url = urlsplit(text)
        is_https = url.scheme == "https" and bool(url.hostname) and url.port != 0
    except ValueError:  # of an impossible port
        return False
    is_plain = text.isascii() and text.isprintable() and " " not in text
    has_more = url.path not in ("", "/") or bool(url.query or url.fragment or "@" in text)
    return is_https and is_plain and not has_more


def _sends_password_openly(smtp_url: str) -> bool:
    url = urlsplit(smtp_url)
    is_open = url.scheme == "smtp" and url.query != "starttls"
    return is_open and bool(url.password) and url.hostname not in ("localhost", "127.0.0.1", "::1")


_READERS: Mapping[str, SettingReader] = {
    "environment": _environment,
    "database_url": _database_url,
    "secret_key": _text("SECRET_KEY", DEVELOPMENT_KEY),
    "audit_key": _text("AUDIT_KEY", DEVELOPMENT_KEY),
    "public_url": _text("PUBLIC_URL", "http://127.0.0.1:8000"),
    "default_locale": _default_locale,
    "reporting_year_start": _whole("REPORTING_YEAR_START", 1, 1, 12),
    "sign_in_limit": _sign_in_limit,
    "proxy_hops": _proxy_hops,
    "runtime_directory": _runtime_directory,
    "metrics_token": _metrics_token,
    "smtp_url": _smtp_url,
    "mail_from": _mail_from,
    "card_keys": _card_keys,
    "outbox_keys": _outbox_keys,
}


def flask_config(settings: Settings) -> dict[str, object]:
    """Return the configuration of Flask and its extensions for these settings."""
    cookie = "__Host-ventanilla" if settings.production else "ventanilla"
    hosts = [urlsplit(settings.public_url).hostname] if settings.production else None  # lower case
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": hosts,
        "SESSION_COOKIE_NAME": cookie,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.production,
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "MAX_FORM_MEMORY_SIZE": 256 * 1024,
        "MAX_FORM_PARTS": 1000,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        # No page sends a referrer, so the library's check of it would refuse every change over
        # https; `cross_site` looks at Origin and Sec-Fetch-Site instead.
        "WTF_CSRF_SSL_STRICT": False,
        "BABEL_DEFAULT_LOCALE": settings.default_locale,
        "BABEL_TRANSLATION_DIRECTORIES": str(Path(__file__).resolve().parent / "translations"),
        "RATELIMIT_HEADERS_ENABLED": True,
        "COMPRESS_MIN_SIZE": 1000,
        "COMPRESS_ALGORITHM": ["gzip", "deflate"],
        "COMPRESS_ALGORITHM_STREAMING": ["deflate"],
        "COMPRESS_MIMETYPES": [
            "text/html",
            "text/css",
            "text/javascript",
            "application/json",
            "image/svg+xml",
        ],
        "SEND_FILE_MAX_AGE_DEFAULT": 31_536_000,
    }
