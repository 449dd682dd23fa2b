"""Sends what `asking` makes and judges every answer: no 5xx, no wrong permission, nothing told of what is others'."""

import gzip
import http.client
import json
import re
import ssl
import time
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from app.staff.vocabulary import ROLE_PERMISSIONS, ROLES
from tests.contracts.test_permissions import EVERYTHING_IS_OWN, bare, may
from tests.factories.records import PASSWORD
from tests.fuzz.asking import DEVICE, NOBODY, ROUTES, Asked, make

Answer = tuple[int, Mapping[str, str], bytes]
JSON = {"Accept": "application/json"}
VIEWED = ("GET", "HEAD", "POST")
"""Methods that lead to a view; OPTIONS is answered for it, and a server refuses a method it does not know."""
NEVER = 1_999_999_999
"""A number that no record set aside reaches; the table's 9 is soon there."""


class Client(Protocol):
    """What sends one request and answers status, headers and body; it keeps no cookies."""

    def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Answer: ...


@dataclass
class Wire:
    """A client over one connection that is kept open as long as the server lets it; https where `tls` is given."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    _connection: http.client.HTTPConnection | None = None

    def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Answer:
        for again in (True, False):
            try:
                return self._once(method, path, headers, body)
            except (http.client.HTTPException, OSError):
                self.close()
                if not again:
                    raise
        raise AssertionError

    def _once(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
        if self._connection is None:
            usual: tuple[Any, ...] = (self.host, self.port)
            self._connection = (
                http.client.HTTPSConnection(*usual, timeout=60, context=self.tls)
                if self.tls
                else http.client.HTTPConnection(*usual, timeout=60)
            )
        wire = self._connection
        wire.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            wire.putheader(name, value.encode("utf-8"))
        if body is not None:
            wire.putheader("Content-Length", str(len(body)))
        wire.endheaders(body)
        answer = wire.getresponse()
        said = answer.read()
        if answer.headers.get("Content-Encoding") == "gzip":
            said = gzip.decompress(said)
        elif answer.headers.get("Content-Encoding") == "deflate":
            said = zlib.decompress(said)
        found = answer.status, answer.headers, said
        if answer.will_close:
            self.close()
        return found

    def close(self) -> None:
        """Ends the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Report:
    """How many requests ended in each status, and each that ended wrongly, in one line."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    reached: set[tuple[str, str]] = field(default_factory=set)
    compared: int = 0


@dataclass
class Person:
    """One session over the wire: its cookies and its token."""

    client: Client
    username: str
    origin: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def sign_in(self) -> None:
        """A fresh session; for nobody only a token."""
        self.cookies.clear()
        self._fetch_token()
        if not self.username:
            return
        said = json.dumps({"username": self.username, "password": PASSWORD}).encode()
        status, body = 429, b""
        until = time.monotonic() + 70
        while status == 429 and time.monotonic() < until:  # so many sign-ins a minute and address
            headers = {"Content-Type": "application/json", **JSON}
            status, _, body = self.ask("POST", "/sign-in", headers, said)
            time.sleep(1 if status == 429 else 0)
        if status != 200:
            raise RuntimeError(f"{self.username} cannot sign in: {status} {body[:200]!r}")
        self._fetch_token()

    def _fetch_token(self) -> None:
        self.token = str(json.loads(self.ask("GET", "/sync/token", {}, None)[2])["csrf_token"])

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        token: str = "right",
    ) -> Answer:
        """One request of this session, with the right token, a wrong one or none."""
        said = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"Cookie": "; ".join(filter(None, (said, headers.get("Cookie", ""))))}
        if self.origin:
            own |= {"Referer": f"{self.origin}/", "Origin": self.origin}
        if token != "none":
            own["X-CSRFToken"] = self.token if token == "right" else "wrong"
        sent = {
            name: value
            for name, value in {
                **own,
                **{k: v for k, v in headers.items() if k != "Cookie"},
            }.items()
        }
        answer = self.client.request(method, path, sent, body)
        for line in answer[1].get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


@dataclass
class Fuzz:
    """A run against one server: `app` says which view an address leads to and what it asks for."""

    app: Flask
    client: Client
    world: Mapping[str, str]
    accounts: Mapping[str, str]
    credential: str
    origin: str = ""
    report: Report = field(default_factory=Report)
    _people: dict[str, Person] = field(default_factory=dict)

    def run(self, n: int, seed: int) -> Report:
        """Sends so many requests, the same for the same seed."""
        for number in range(n):
            self.once(seed, number)
        return self.report

    def once(self, seed: int, number: int) -> None:
        """Sends one request of a seed and judges its answer."""
        asked = make(seed, number, self.world)
        try:
            answer = self._sent(asked)
        except (http.client.HTTPException, OSError) as broken:
            self.report.faults.append(f"no answer ({broken!r}): {asked.line(seed)}")
            return
        self.report.statuses[answer[0]] += 1
        self.report.reached.add((asked.endpoint, asked.who))
        fault = self._fault(asked, answer) or self._difference(asked, number)
        if fault:
            self.report.faults.append(f"{fault}: {asked.line(seed)}")
        self._go_on(asked)

    def _person(self, who: str) -> Person:
        if who not in self._people:
            self._people[who] = Person(self.client, self.accounts.get(who, ""), self.origin)
            self._people[who].sign_in()
        return self._people[who]

    def _sent(self, asked: Asked) -> Answer:
        headers = dict(asked.headers)
        if asked.who == DEVICE:
            headers["Authorization"] = f"Device {self.credential}"
        person = self._person(NOBODY if asked.who == DEVICE else asked.who)
        ask = (asked.method, asked.path, headers, asked.body, asked.token)
        answer = person.ask(*ask)
        if answer[0] == 401 and asked.who in ROLES.codes:
            person.sign_in()  # somebody ended the session; who is asking is what this is about
            answer = person.ask(*ask)
        return answer

    def _go_on(self, asked: Asked) -> None:
        """What could have ended or begun a session begins it anew."""
        if asked.endpoint.startswith(
            ("staff.sign_out", "staff.sign_in_post", "staff.change", "sync.take_over")
        ):
            self._people.pop(NOBODY if asked.who == DEVICE else asked.who, None)

    # --- Judging. ---
    def _fault(self, asked: Asked, answer: Answer) -> str:
        status, headers, _ = answer
        if status >= 500 or status < 200:
            return f"status {status}"
        location = headers.get("Location", "/")
        if not re.match(r"/(?![/\\])", location):
            return f"leads to {location}"
        if status == 429 or not headers.get("X-Request-Id"):
            return ""  # not by the app: what stands before it refused the request
        return self._wrong_permission(asked, status, location)

    def _wrong_permission(self, asked: Asked, status: int, location: str) -> str:
        permission = self._permission(asked)
        if permission in ("", "public", "enrolling"):
            return ""
        expected = self._expected(asked, permission, location)
        if asked.is_tricked and expected:
            expected |= {400, 401, 403, 417}
        return (
            f"status {status}, not {sorted(expected)}"
            if expected and status not in expected
            else ""
        )

    def _expected(self, asked: Asked, permission: str, location: str) -> set[int]:
        """The statuses that may be answered to who may not; empty for who may."""
        if permission == "enrolled_device":
            return set() if asked.who == DEVICE else {401}
        if asked.who in (NOBODY, DEVICE):
            return (
                {401, 302} if asked.method == "GET" and location.startswith("/sign-in?") else {401}
            )
        held = permission == "signed_in" or permission in ROLE_PERMISSIONS[asked.who]
        return set() if held else {403}

    def _permission(self, asked: Asked) -> str:
        """The permission of the view that the address leads to; empty where it leads to none."""
        path = unquote_to_bytes(asked.path.partition("?")[0]).decode("utf-8", "replace")
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(path, asked.method)
        except (HTTPException, RequestRedirect, MethodNotAllowed):
            return ""
        view = self.app.view_functions.get(endpoint)
        return "" if asked.method not in VIEWED else str(getattr(view, "permission", ""))

    def _difference(self, asked: Asked, number: int) -> str:
        """What tells somebody else's object from one that is not there, empty where nothing does."""
        route, role = ROUTES[asked.endpoint], asked.who
        compares = (
            route.foreign and role in ROLES.codes and number % 2 == 0 and not asked.is_tricked
        )
        if not compares or (asked.endpoint, role) in EVERYTHING_IS_OWN or not may(route, role):
            return ""
        foreign = route.foreign[number // 2 % len(route.foreign)]
        tail = foreign.rpartition("/")[2] if "/" in route.missing else ""
        missing = route.missing.replace("/quarantine/9", f"/quarantine/{NEVER}")
        if asked.endpoint in ("referrals.perform_action", "returns.record_action"):
            missing = f"{missing.rpartition('/')[0]}/{tail}"
        self._sent(replace(asked, path=missing.format(**self.world)))  # shows notices that waited
        theirs, none, same = (
            self._sent(replace(asked, path=path.format(**self.world)))
            for path in (foreign, missing, missing)
        )
        self.report.compared += 1
        if theirs[0] != none[0]:
            return f"{foreign} answers {theirs[0]}, {missing} {none[0]}"
        shapes = [
            (one[1].get("Content-Type"), bare(_Text(one[2]), "")) for one in (theirs, none, same)
        ]
        is_new_each_time = shapes[1] != shapes[2]  # a form drawn again holds a number of its own
        is_told_apart = shapes[0] != shapes[1] and not is_new_each_time
        return f"{foreign} and {missing} answer differently" if is_told_apart else ""


@dataclass(frozen=True)
class _Text:
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def fuzz(
    app: Flask,
    client: Client,
    world: Mapping[str, str],
    credential: str,
    n: int,
    seed: int,
    origin: str = "",
) -> Report:
    """Sends n requests of a seed to the server behind `client`; what was wrong stands in the report's `faults`.

    `world` is that of tests.contracts.test_permissions, made in the server's database; `origin` is the address under
    which a browser knows the server, where it asks for a Referer.
    """
    accounts = {role: f"the.{role}" for role in ROLES.codes}
    return Fuzz(app, client, world, accounts, credential, origin).run(n, seed)
