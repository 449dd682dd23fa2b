"""Generates one request from a seed and a number: a valid one, changed at random in any of its parts."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from app.staff.vocabulary import ROLES
from tests.consultations.test_fuzz import NAMES, NASTY, containers_of
from tests.contracts.test_permissions import BY_CREDENTIAL, NOWHERE, TABLE, Route, may
from tests.factories.records import consultation_json
from tests.factories.shelters import referral_json
from tests.sync.sealing import seal_bytes

NOBODY, DEVICE = "anonymous", "device"
ALL_ROLES = (*ROLES.codes, NOBODY, DEVICE)
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "XYZ")
TABLETS = {
    "sync.enrol": Route("/sync/enrol", "everybody", json=lambda _: {"code": "0000-0000-0000"}),
    "sync.envelopes": Route("/sync/envelopes", "everybody", json=lambda _: {"envelopes": [{}]}),
    "sync.contact": Route(
        "/sync/contact", "everybody", json=lambda _: {"waiting": 1, "oldest_at": None}
    ),
    "sync.shell": Route("/sync/shell/record", "everybody"),
    "sync.take_over": Route(
        "/sync/switch", "everybody", json=lambda _: {"account": "x", "pin": "000000"}
    ),
    "sync.lock": Route("/sync/lock", "everybody", json=lambda _: {}),
}
ROUTES: dict[str, Route] = {**TABLE, **TABLETS}
EXPENSIVE = frozenset(
    {"staff.sign_in_post", "staff.change_password", "staff.set_pin", "staff.accept_invitation"}
) | {
    "sync.take_over",
    "consultations.template_xlsx",
}
"""Routes that hash or build so much that they are called less often."""
ARGUMENTS = (
    "next", "desk", "day", "consultation", "to", "agreed", "like", "shelter", "code", "poll", "stage", "closed",
    "reference", "language", "locale", "tablet", "country", "month", "compare", "revision", "before", "n",
)  # fmt: skip
FIELDS = (
    "id", "desk", "version", "reason", "next", "switch_locale", "persons", "persons-female-age_25_59", "shelters",
    "offers", "note", "from_consultation", "groups-0-nationality", "groups-0-female-age_25_59", "topics", "file",
    "desks", "countries", "coordinators", "before", "oldest_at", "sealed", "envelopes", "kept.topics", "held_on",
    "over_capacity", "answers", "questions", "closed_on", "latitude", "time_zone", "email", "language", "do",
)  # fmt: skip
VALUES = [
    *NASTY, 2**31, 2**63, -(2**63), 2**64, "9" * 5000, 1e999, "1e999", "0001-01-01", "9999-12-31", "0001-01", "9999-12",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "10000-01-01", "2026-02-29", "a@" * 3000,
    "\u0315\u0300" * 2000,
    "\ufdfa" * 500, "// evil.example", "//evil.example", "/\\evil.example", "https://evil.example/",
    "/sign-in?next=//x",
    "\x7f", "\x1b[2J", "a\x00b", "\udcff", "½", "²", "٣", "-0", "0x10", "1_000", " 1 ", "+1", "1.0", "NaN", "true",
    {"a": {"b": {"c": []}}}, [[[[[[]]]]]], [{"sex": "female", "age_band": "age_0_4", "n": 2**63}], "es", "ht", "xx",
    "the.admin", "stranger", "HND-S1", "GTM-S1", "GTM-01", "2026-12", "HND", NOWHERE,
]  # fmt: skip
MOMENTS = tuple(value for value in VALUES if re.match(r"\d{4,5}-\d\d", str(value)))
HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Accept", ("application/json", "text/html", "*/*", "image/png", ";;q=x", "a/b;q=" + "9" * 50, "," * 3000)),
    ("Accept-Language", ("ht", "xx", "es;q=0.1,fr", "*;q=x", "a-" * 2000, ";q=1", "é")),
    ("Accept-Encoding", ("gzip", "br;q=1.0,*;q=0", "identity;q=0", "\tx")),
    ("X-Forwarded-For", ("127.0.0.1", "1.2.3.4, 5.6.7.8", "x" * 500, "::1", "")),
    ("X-Forwarded-Proto", ("https", "gopher", "https,http")),
    ("X-Forwarded-Host", ("evil.example", "")),
    ("X-Forwarded-Prefix", ("//evil.example", "/x")),
    ("Forwarded", ("for=1.2.3.4;host=evil.example",)),
    ("If-None-Match", ('"x"', "*", 'W/"', "1.2.3", '"' * 100)),
    ("If-Modified-Since", ("never", "Mon, 01 Jan 9999 00:00:00 GMT")),
    ("Range", ("bytes=0-0", "bytes=-1,5-2", "x=1", "bytes=" + "0-1," * 500)),
    ("Authorization", ("Device x", "Basic Og==", "Basic %%%", "Device", "Bearer " + "a" * 3000)),
    ("Expect", ("x",)),
    ("X-HTTP-Method-Override", ("DELETE",)),
    ("Sec-Fetch-Site", ("cross-site",)),
    ("X-CSRFToken", ("", "x", "." * 200, "IjEi.a.b")),
)  # fmt: skip
HOSTS = ("evil.example", "localhost:99999", "a b", "", "[::1", "127.0.0.1@evil.example")
COOKIES = (
    "locale=xx",
    "mode=<",
    "usual=a.b.c",
    "usual=" + "." * 500,
    "session=x.y.z",
    "a",
    "=;=;",
    "\x7f=1",
    "a=" + "é",
)
TYPES = (
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/xml", "",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "x",
    "application/x-www-form-urlencoded; charset=nope", "application/vnd.a+json",
)  # fmt: skip


@dataclass
class FuzzRequest:
    """One request: its role, its content, and whether its headers could keep it from a view."""

    number: int
    role: str
    endpoint: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    token: str = "right"
    has_odd_headers: bool = False

    def describe(self, seed: int) -> str:
        """Return the request in one line that reproduces it."""
        body = self.body if self.body is None or len(self.body) < 600 else self.body[:600] + b"..."
        return (
            f"seed {seed} number {self.number}: {self.role} {self.method} {self.path} "
            f"token={self.token} headers={self.headers!r} body={body!r}"
        )


def make_request(seed: int, number: int, world: Mapping[str, str]) -> FuzzRequest:
    """Return the request of a number: the same for the same seed and world."""
    random = Random(f"{seed}:{number}")
    endpoint = random.choice(list(ROUTES))
    if endpoint in EXPENSIVE and random.random() < 0.8:
        endpoint = random.choice(list(ROUTES))
    route = ROUTES[endpoint]
    default = "POST" if route.json or route.form else "GET"
    method = default if random.random() < 0.9 else random.choice(METHODS)
    request = FuzzRequest(number, _choose_role(random, endpoint, route), endpoint, method, "")
    request.path = _make_path(random, route, world)
    if method not in ("GET", "HEAD") or random.random() < 0.03:
        _fill_body(random, request, route, world)
    request.token = random.choices(("right", "wrong", "none"), (0.9, 0.05, 0.05))[0]
    _change_headers(random, request)
    return request


def _choose_role(random: Random, endpoint: str, route: Route) -> str:
    """Choose mostly a role that may, so that the view is reached; else any role."""
    if endpoint in BY_CREDENTIAL and random.random() < 0.8:
        return DEVICE
    allowed = [role for role in (*ROLES.codes, NOBODY) if may(route, role)]
    return random.choice(allowed) if random.random() < 0.7 else random.choice(ALL_ROLES)


def _make_path(random: Random, route: Route, world: Mapping[str, str]) -> str:
    template = random.choice((*(route.foreign or ()), route.missing or route.own, *[route.own] * 4))
    path, _, query = template.format(**world).partition("?")
    parts = path.split("/")
    if random.random() < 0.12:
        index = random.randrange(1, len(parts))
        parts[index] = _quoted(random.choice((*VALUES, *world.values())))
        path = "/".join(parts)
    if random.random() < 0.3:
        pairs = [
            (random.choice(ARGUMENTS), random.choice((*VALUES, *world.values())))
            for _ in range(random.randint(1, 3))
        ]
        query = "&".join(
            filter(None, (query, *(f"{name}={_quoted(value)}" for name, value in pairs)))
        )
    return f"{path}?{query}" if query else path


def _quoted(value: Any) -> str:
    return quote(str(value)[:400].encode("utf-8", "surrogatepass"), safe="")


def _fill_body(
    random: Random, request: FuzzRequest, route: Route, world: Mapping[str, str]
) -> None:
    make_content = route.json or route.form
    if request.endpoint == "sync.envelopes" and random.random() < 0.8:
        request.body = json.dumps({"envelopes": _make_envelopes(random, world)}).encode()
        request.headers["Content-Type"] = "application/json"
        return
    content = copy.deepcopy(make_content(world["own"])) if make_content else {}
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        _spoil_content(random, content, world)
    content_type = TYPES[0] if route.json else random.choice(TYPES[1:3])
    kind = content_type if random.random() < 0.85 else random.choice(TYPES)
    encoded_as = kind if random.random() < 0.97 else random.choice(TYPES[:3])
    request.body, boundary = _encode(random, content, encoded_as)
    request.headers["Content-Type"] = f"{kind}; boundary={boundary}" if kind == TYPES[2] else kind
    if random.random() < 0.02:
        request.body = random.choice(
            (b"", b"\x00", b"[" * 3000, b"{", b"%", b"&" * 3000, b"a" * 260_000)
        )


def _make_envelopes(random: Random, world: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return sealed records, valid or changed at random; the bytes of sealing differ each time."""
    key = {"id": world["key"], "public": world["public"]}
    envelopes = []
    for _ in range(random.randint(1, 4)):
        content = copy.deepcopy(random.choice(RECORDS)(world))
        content |= {"author": "the.desk_staff", "device": world["fuzzed"], "desk": "HND-01"}
        id_ = str(content["id"])
        for _ in range(random.choice((0, 1, 1, 2, 4))):
            _spoil_content(random, content, world)
        envelopes.append(seal_bytes(key, json.dumps(content).encode(), id_))
    return envelopes


RECORDS: tuple[Any, ...] = (
    lambda world: {**consultation_json(), "kind": "consultation"},
    lambda world: {"id": str(uuid4()), "kind": "void", "record": world["own"], "reason": "undo"},
    lambda world: {**referral_json(), "kind": "referral"},
)


def _spoil_content(random: Random, content: dict[str, Any], world: Mapping[str, str]) -> None:
    target = random.choice(containers_of(content) or [content])
    value = copy.deepcopy(random.choice((*VALUES, *world.values())))
    if isinstance(target, list):
        target.insert(random.randint(0, len(target)), value)
        return
    keys = list(target)
    draw = random.random()
    if keys and draw < 0.5:
        name = random.choice(keys)
        is_moment = str(name).endswith(("_at", "_on", "month")) and random.random() < 0.7
        target[name] = random.choice(MOMENTS) if is_moment else value
    elif keys and draw < 0.65:
        del target[random.choice(keys)]
    else:
        target[random.choice((*FIELDS, *NAMES))] = value


def _encode(random: Random, content: dict[str, Any], kind: str) -> tuple[bytes, str]:
    if "json" in kind or not kind:
        return json.dumps(content).encode("utf-8", "surrogatepass"), ""
    pairs = [(name, text) for name, value in content.items() for text in _encode_texts(value)]
    if kind == TYPES[2]:
        return _encode_parts(pairs), "frontier"
    return urlencode(
        [(name.encode("utf-8", "surrogatepass"), text) for name, text in pairs]
    ).encode(), ""


def _encode_texts(value: Any) -> list[bytes]:
    values = value if isinstance(value, list) else [value]
    return [str(text).encode("utf-8", "surrogatepass") for text in values]


def _encode_parts(pairs: list[tuple[str, bytes]]) -> bytes:
    lines = []
    for name, value in pairs:
        escaped_name = (
            name.encode("utf-8", "surrogatepass")
            .replace(b'"', b"%22")
            .replace(b"\r", b"")
            .replace(b"\n", b"")
        )
        filename = b'; filename="a.csv"' if name == "file" else b""
        lines += [
            b"--frontier",
            b'Content-Disposition: form-data; name="' + escaped_name + b'"' + filename,
            b"",
            value,
        ]
    return b"\r\n".join((*lines, b"--frontier--", b""))


def _change_headers(random: Random, request: FuzzRequest) -> None:
    if random.random() < 0.5:
        request.headers.setdefault("Accept", random.choice(("application/json", "text/html")))
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        name, values = random.choice(HEADERS)
        request.headers[name] = random.choice(values)
        request.has_odd_headers |= name in ("Expect", "Authorization", "X-Forwarded-Proto")
    if random.random() < 0.02:
        request.headers["Host"] = random.choice(HOSTS)
        request.has_odd_headers = True
    if random.random() < 0.05:
        request.headers["Cookie"] = random.choice(COOKIES)
