"""Sends random requests and judges every answer: no 5xx, no wrong permission, nothing disclosed of others' objects."""

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
from tests.contracts.test_permissions import EVERYTHING_IS_OWN, comparable_body, may
from tests.factories.records import PASSWORD
from tests.fuzz.random_requests import DEVICE, NOBODY, ROUTES, FuzzRequest, make_request

Answer = tuple[int, Mapping[str, str], bytes]
JSON = {"Accept": "application/json"}
VIEWED = ("GET", "HEAD", "POST")
"""Methods that lead to a view; OPTIONS is answered for it, and a server refuses a method it does not know."""
NEVER = 1_999_999_999
"""A number that no quarantined record reaches; the table's 9 soon exists."""


class Client(Protocol):
    """Sends one request and returns status, headers and body; it keeps no cookies."""

    def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Answer: ...


@dataclass
class HttpClient:
    """A client over one connection that is kept open as long as the server allows; https if `tls` is not None."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    _connection: http.client.HTTPConnection | None = None

    def request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None
    ) -> Answer:
        for may_retry in (True, False):
            try:
                return self._once(method, path, headers, body)
            except (http.client.HTTPException, OSError):
                self.close()
                if not may_retry:
                    raise
        raise AssertionError

    def _once(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
        if self._connection is None:
            address: tuple[Any, ...] = (self.host, self.port)
            self._connection = (
                http.client.HTTPSConnection(*address, timeout=60, context=self.tls)
                if self.tls
                else http.client.HTTPConnection(*address, timeout=60)
            )
        connection = self._connection
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("utf-8"))
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        elif response.headers.get("Content-Encoding") == "deflate":
            content = zlib.decompress(content)
        answer = response.status, response.headers, content
        if response.will_close:
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Report:
    """How many requests ended in each status, and each with a wrong answer, in one line."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    reached: set[tuple[str, str]] = field(default_factory=set)
    compared: int = 0


@dataclass
class Session:
    """One session: its cookies and its token."""

    client: Client
    username: str
    origin: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def sign_in(self) -> None:
        """Begin a fresh session; without a username only fetch a token."""
        self.cookies.clear()
        self._fetch_token()
        if not self.username:
            return
        credentials = json.dumps({"username": self.username, "password": PASSWORD}).encode()
        status, body = 429, b""
        deadline = time.monotonic() + 70
        while status == 429 and time.monotonic() < deadline:  # sign-ins a minute are limited
            headers = {"Content-Type": "application/json", **JSON}
            status, _, body = self.ask("POST", "/sign-in", headers, credentials)
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
        """Send one request of this session, with the right token, a wrong one or none."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own_headers = {"Cookie": "; ".join(filter(None, (cookie, headers.get("Cookie", ""))))}
        if self.origin:
            own_headers |= {"Referer": f"{self.origin}/", "Origin": self.origin}
        if token != "none":
            own_headers["X-CSRFToken"] = self.token if token == "right" else "wrong"
        sent_headers = {
            name: value
            for name, value in {
                **own_headers,
                **{k: v for k, v in headers.items() if k != "Cookie"},
            }.items()
        }
        answer = self.client.request(method, path, sent_headers, body)
        for line in answer[1].get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


@dataclass
class FuzzRun:
    """A run against one server: `app` resolves the view of an address and its permission."""

    app: Flask
    client: Client
    world: Mapping[str, str]
    accounts: Mapping[str, str]
    credential: str
    origin: str = ""
    report: Report = field(default_factory=Report)
    _sessions: dict[str, Session] = field(default_factory=dict)

    def run(self, n: int, seed: int) -> Report:
        """Send n requests, the same for the same seed."""
        for number in range(n):
            self.run_one(seed, number)
        return self.report

    def run_one(self, seed: int, number: int) -> None:
        """Send one request of a seed and judge its answer."""
        request = make_request(seed, number, self.world)
        try:
            answer = self._send(request)
        except (http.client.HTTPException, OSError) as error:
            self.report.faults.append(f"no answer ({error!r}): {request.describe(seed)}")
            return
        self.report.statuses[answer[0]] += 1
        self.report.reached.add((request.endpoint, request.role))
        fault = self._find_fault(request, answer) or self._find_difference(request, number)
        if fault:
            self.report.faults.append(f"{fault}: {request.describe(seed)}")
        self._forget_session(request)

    def _session_of(self, role: str) -> Session:
        if role not in self._sessions:
            self._sessions[role] = Session(self.client, self.accounts.get(role, ""), self.origin)
            self._sessions[role].sign_in()
        return self._sessions[role]

    def _send(self, request: FuzzRequest) -> Answer:
        headers = dict(request.headers)
        if request.role == DEVICE:
            headers["Authorization"] = f"Device {self.credential}"
        session = self._session_of(NOBODY if request.role == DEVICE else request.role)
        arguments = (request.method, request.path, headers, request.body, request.token)
        answer = session.ask(*arguments)
        if answer[0] == 401 and request.role in ROLES.codes:
            session.sign_in()  # another request ended the session; this one is about the role
            answer = session.ask(*arguments)
        return answer

    def _forget_session(self, request: FuzzRequest) -> None:
        """Forget the session after a request that could have ended or begun it."""
        if request.endpoint.startswith(
            ("staff.sign_out", "staff.sign_in_post", "staff.change", "sync.take_over")
        ):
            self._sessions.pop(NOBODY if request.role == DEVICE else request.role, None)

    # --- Judging. ---
    def _find_fault(self, request: FuzzRequest, answer: Answer) -> str:
        status, headers, _ = answer
        if status >= 500 or status < 200:
            return f"status {status}"
        location = headers.get("Location", "/")
        if not re.match(r"/(?![/\\])", location):
            return f"leads to {location}"
        if status == 429 or not headers.get("X-Request-Id"):
            return ""  # not by the app: the proxy or the server refused the request
        return self._find_wrong_permission(request, status, location)

    def _find_wrong_permission(self, request: FuzzRequest, status: int, location: str) -> str:
        permission = self._permission_of(request)
        if permission in ("", "public", "enrolling"):
            return ""
        expected = self._expected_statuses(request, permission, location)
        if request.has_odd_headers and expected:
            expected |= {400, 401, 403, 417}
        return (
            f"status {status}, not {sorted(expected)}"
            if expected and status not in expected
            else ""
        )

    def _expected_statuses(self, request: FuzzRequest, permission: str, location: str) -> set[int]:
        """Return the statuses allowed for a role without permission; empty for a role with it."""
        if permission == "enrolled_device":
            return set() if request.role == DEVICE else {401}
        if request.role in (NOBODY, DEVICE):
            return (
                {401, 302}
                if request.method == "GET" and location.startswith("/sign-in?")
                else {401}
            )
        is_allowed = permission == "signed_in" or permission in ROLE_PERMISSIONS[request.role]
        return set() if is_allowed else {403}

    def _permission_of(self, request: FuzzRequest) -> str:
        """Return the permission of the view of the address; empty if there is none."""
        path = unquote_to_bytes(request.path.partition("?")[0]).decode("utf-8", "replace")
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(path, request.method)
        except (HTTPException, RequestRedirect, MethodNotAllowed):
            return ""
        view = self.app.view_functions.get(endpoint)
        return "" if request.method not in VIEWED else str(getattr(view, "permission", ""))

    def _find_difference(self, request: FuzzRequest, number: int) -> str:
        """Return how somebody else's object differs from a missing one; empty if they do not differ."""
        route, role = ROUTES[request.endpoint], request.role
        is_compared = (
            route.foreign
            and role in ROLES.codes
            and number % 2 == 0
            and not request.has_odd_headers
        )
        if not is_compared or (request.endpoint, role) in EVERYTHING_IS_OWN or not may(route, role):
            return ""
        foreign = route.foreign[number // 2 % len(route.foreign)]
        last_part = foreign.rpartition("/")[2] if "/" in route.missing else ""
        missing = route.missing.replace("/quarantine/9", f"/quarantine/{NEVER}")
        if request.endpoint in ("referrals.perform_action", "returns.record_action"):
            missing = f"{missing.rpartition('/')[0]}/{last_part}"
        self._send(replace(request, path=missing.format(**self.world)))  # shows waiting notices
        foreign_answer, missing_answer, repeated_answer = (
            self._send(replace(request, path=path.format(**self.world)))
            for path in (foreign, missing, missing)
        )
        self.report.compared += 1
        if foreign_answer[0] != missing_answer[0]:
            return f"{foreign} answers {foreign_answer[0]}, {missing} {missing_answer[0]}"
        shapes = [
            (answer[1].get("Content-Type"), comparable_body(_Text(answer[2]), ""))
            for answer in (foreign_answer, missing_answer, repeated_answer)
        ]
        is_new_each_time = shapes[1] != shapes[2]  # a form drawn again holds a number of its own
        differs = shapes[0] != shapes[1] and not is_new_each_time
        return f"{foreign} and {missing} answer differently" if differs else ""


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
    """Send n requests of a seed to the server behind `client`; every wrong answer is in the report's `faults`.

    `world` is that of tests.contracts.test_permissions, made in the server's database; `origin` is the address under
    which a browser knows the server, if it requires a Referer.
    """
    accounts = {role: f"the.{role}" for role in ROLES.codes}
    return FuzzRun(app, client, world, accounts, credential, origin).run(n, seed)
