"""Create desks, accounts and consultations for tests; a call names only what its test is about."""

from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from argon2 import PasswordHasher
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from app import clock
from app.consultations.actions.recording import record
from app.consultations.schemas.bodies import parse_consultation
from app.db.session import db, unit_of_work
from app.places.actions import open_desk
from app.places.queries import DeskRow, find_desk
from app.places.vocabulary import areas, programme
from app.staff import queries as staff
from app.staff.actions.accounts import insert_account
from app.staff.vocabulary import ROLE_PERMISSIONS
from app.web.access import Principal, Scope
from app.web.outcomes import Accepted

PASSWORD = "a-long-test-phrase"
CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
JSON = {"Accept": "application/json"}


def make_desk(code: str = "HND-01", country: str = "HND", **fields: Any) -> DeskRow:
    """Return an open desk of a country."""
    area = next(a.pcode for a in areas().values() if a.country == country)
    row = {
        "code": code,
        "name": f"Ventanilla {code}",
        "country": country,
        "adm1": area,
        "time_zone": programme()[country].time_zone,
        "organisation": "Municipality",
        "modality": "informational",
        "opened_on": date(2020, 1, 1),
        "closed_on": None,
        **fields,
    }
    with unit_of_work():
        assert open_desk(db.session(), None, row) == Accepted(None)
    desk = find_desk(db.session(), Scope(programme=True), code)
    db.session.rollback()
    assert desk is not None
    return desk


def make_account(
    username: str, role: str, desks: tuple[DeskRow, ...] = (), countries: tuple[str, ...] = ()
) -> Principal:
    """Return an account that can sign in with PASSWORD."""
    fields: dict[str, Any] = {
        "username": username,
        "role": role,
        "locale": "es",
        "password_hash": CHEAP_HASH,
    }
    with unit_of_work():
        account_id = insert_account(db.session(), fields, [d.id for d in desks], countries)
    account = staff.find_account(db.session(), username)
    assert account is not None
    scope = staff.get_scope(db.session(), account)
    db.session.rollback()
    return Principal(account_id, username, role, ROLE_PERMISSIONS[role], scope)


def consultation_json(desk: str = "HND-01", **fields: Any) -> dict[str, Any]:
    """Return the JSON of one woman's first consultation today; `fields` replace the defaults."""
    group = {
        "nationality": "HND",
        "situation": "in_transit",
        "repeat_contact": "first_this_year",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
    }
    defaults = {
        "id": str(uuid4()),
        "desk": desk,
        "held_on": clock.today_at("America/Mexico_City").isoformat(),
        "groups": [group],
        "topics": ["asylum"],
        "outcomes": ["information_given"],
    }
    return {**defaults, **fields}


def make_consultation(principal: Principal, desk: str = "HND-01", **fields: Any) -> dict[str, Any]:
    """Record a consultation and return its JSON."""
    content = consultation_json(desk, **fields)
    with unit_of_work():
        result = record(db.session(), principal, parse_consultation(content))
    assert isinstance(result, Accepted), result
    assert result.value.arrival == "new"
    return content


def in_new_context(call: Any, *arguments: Any, **named: Any) -> Any:
    """Run a request outside of the test's own app context, as a server would."""
    return Context().run(call, *arguments, **named)


@dataclass
class Browser:
    """A signed-in client that sends its token with every change."""

    client: FlaskClient
    _tokens: dict[str, str] = field(default_factory=dict)

    def token(self) -> str:
        """The token of this session: it is the same until the session is another."""
        session = self._session()
        if session not in self._tokens:
            token = str(self.get("/sync/token").get_json()["csrf_token"])
            self._tokens[self._session()] = token
            return token
        return self._tokens[session]

    def _session(self) -> str:
        """What the token is made from; empty in a session that has none yet."""
        app = self.client.application
        cookie = self.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        if cookie is None:
            return ""
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        return str(signer.loads(cookie.value).get("csrf_token", "")) if signer else ""

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        headers = {"X-CSRFToken": self.token(), **JSON, **options.pop("headers", {})}
        return in_new_context(self.client.post, path, json=json, headers=headers, **options)

    def post_form(self, path: str, data: Any, **options: Any) -> Any:
        pairs = data.items() if hasattr(data, "items") else data
        fields: dict[str, list[str]] = {"csrf_token": [self.token()]}
        for name, value in pairs:
            fields.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        return in_new_context(self.client.post, path, data=fields, **options)

    def get(self, path: str, **options: Any) -> Any:
        return in_new_context(self.client.get, path, **options)

    def get_json(self, path: str) -> Any:
        return in_new_context(self.client.get, path, headers=JSON)


def sign_in(app: Flask, username: str, password: str = PASSWORD) -> Browser:
    """Return a browser in which the account is signed in."""
    browser = Browser(app.test_client())
    answer = browser.post("/sign-in", {"username": username, "password": password})
    assert answer.status_code == 200, answer.data
    return browser


def at(text: str) -> datetime:
    """Return a moment in UTC from `2026-03-14 16:05`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
