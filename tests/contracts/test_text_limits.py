"""Every text is bounded before a rule looks at it: the largest body of every route costs at most 100 ms more CPU."""

import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import cycle, groupby
from typing import Any
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from argon2 import PasswordHasher
from flask import Flask

from app.cases.forms import referrals
from app.consultations.views.spreadsheet_import import LIMITS, MAX_BYTES
from app.db.session import db
from app.places.queries import find_desk
from app.privacy import identifiers
from app.privacy.identifiers import Rule
from app.spreadsheets.limits import UnreadableSpreadsheet
from app.spreadsheets.reading import read_rows
from app.staff.actions import hashing
from app.staff.queries import find_account
from app.staff.vocabulary import ROLES
from app.sync.views.tablet import MAX_REQUEST_BYTES
from app.web.access import Principal, Scope
from app.web.forms import PageForm
from app.web.json_reader import JsonReader
from app.web.schemas import body as schema_body
from tests.contracts.test_permissions import (
    NOWHERE,
    TABLE,
    Route,
    browser_of,
    may,
    world,
)
from tests.factories.records import CHEAP_HASH, JSON, Browser, alone
from tests.sync.sealing import seal_bytes
from tests.sync.tablet import make_tablet

__all__ = ["world"]
ROOM = 0.100
"""Seconds of CPU that the largest text may cost beyond a short one."""
BODY = 250 * 1024
"""Just below the 256 KB of a request, with room for the other fields."""
LINE, HEADER = 4000, 8000
"""The longest address and header that the server takes, nearly (gunicorn: 4,094 and 8,190 characters)."""
ASCII = ("a0", "1 ", "A a ", "a@", " ", "San calle ", "o|", "-", "\n", "uno ")
OTHERS = ("\ufdfa", "é ", "\u00a0", "\u0660")
MARKS = ("\u0315\u0300",) * 10
"""Marks in the wrong order, which Unicode puts in order at a cost that grows with their square."""
PIECES = ("es;q=0.5,", "text/html;q=0.5,", "a=b; ", '"a",', "W/", "1-2,")
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What a text costs before it is refused does not depend on the database."""
READ_BY_HAND: dict[str, set[str]] = {
    "staff.sign_in_post": {"username", "password", "next", "kept.topics"},
    "staff.preferences": {"locale", "mode", "next"},
    "cases.redraw_referral": {"switch_locale", "desk", "to", "id", "from_consultation", "priority"}
    | {"flags", "offers", "bed_category", "language", "note", "persons-female-age_25_59"},
    "cases.send_referral": {"offers", "several", "to", "persons-female-age_25_59"},
    "cases.redraw_return": {"switch_locale", "desk", "id", "nationality", "from_consultation"}
    | {"country_of_departure", "country_of_return", "persons-female-age_25_59"},
    "cases.open_return": {"persons-female-age_25_59"},
    "consultations.record": {"groups-0-nationality", "groups-0-female-age_25_59", "topics"},
    "consultations.redraw_form": {
        "switch_locale",
        "groups-0-nationality",
        "groups-0-female-age_25_59",
    }
    | {"topics", "held_on", "desk", "card", "id", "more_groups", "version"},
    "consultations.correct": {"version", "reason", "groups-0-nationality"},
    "consultations.void": {"version", "reason"},
    "consultations.import_spreadsheet": {"do"},
    "returns.redraw_step": {"switch_locale", "text_version", "persons-female-age_25_59"},
    "shelters.set_beds": {"next"},
    "shelters.set_accepting": {"next"},
    "shelters.confirm": {"next"},
    "sync.resolve": {"reason", "switch_locale", "groups-0-nationality", "topics", "more_groups"},
    "sync.void_all": {"last"},
    "staff.set_pin": {"own_password", "pin", "repeated_pin"},
}
"""Fields that a view takes from the form itself, beside those that its form or reader knows."""
NO_FIELDS = frozenset(
    {
        "cases.next_shelter", "staff.close", "staff.remove_pin", "staff.reset", "staff.sign_out",
        "staff.sign_out_everywhere", "sync.renew_code", "sync.import_queue", "sync.revoke", "sync.void",
    }
)  # fmt: skip
"""Changes that read nothing but their address, or nothing but a file."""
ARGUMENTS = {
    "/sign-in": ("next",),
    "/today": ("desk", "day"),
    "/referrals/new": ("consultation", "to", "agreed", "desk"),
    "/consultations/new": ("desk", "like"),
    "/returns/new": ("consultation", "desk"),
    "/returns": ("stage", "desk", "closed"),
    "/returns/find": ("reference",),
    "/counts": ("country", "month", "compare", "desk", "revision"),
    "/counts.json": ("country", "month", "compare", "desk", "revision"),
    "/shelters.json": ("country",),
    "/offline": ("locale",),
    "/sw.js": ("tablet",),
}
"""What is asked of pages in their address."""
HEADERS = (
    "Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Content-Type", "Cookie",
    "If-None-Match", "Range", "X-CSRFToken", "X-Forwarded-For",
)  # fmt: skip


def mixed(parts: tuple[str, ...], size: int) -> str:
    """Long runs of each part, one after the other, in about so many bytes; a part that stands there often runs on."""
    each = size // len(parts)
    runs = groupby(part * (each // len(part.encode())) for part in parts)
    return "\x01".join("".join(run) for _, run in runs)


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds of CPU that a request took, and its answer."""
    begun = time.thread_time()
    answer = call()
    return time.thread_time() - begun, answer


def beyond(call: Callable[[], Any], bare: float) -> float:
    """The seconds of CPU that a request takes beyond the bare one; what is too long is measured again."""
    took = ROOM
    for _ in range(5):
        took, answer = cpu(call)
        assert answer.status_code < 500, answer.data[:200]
        if took - bare <= ROOM:
            break
    return took - bare


def changes() -> Iterator[tuple[str, Route, str]]:
    """Every route that takes a body, and a role that may; what ends a session comes last."""
    for endpoint, route in TABLE.items():
        if route.form or route.json:
            yield endpoint, route, next(r for r in ("anonymous", *ROLES.codes) if may(route, r))


class Watched:
    """Learns which fields a view's form or reader knows while it answers."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.names: set[str] = set()
        patch.setattr(PageForm, "field_errors", self._watching(PageForm.field_errors))
        patch.setattr(
            JsonReader, "refuse_unknown_fields", self._refusing(JsonReader.refuse_unknown_fields)
        )
        reading = schema_body._lenient_validator
        patch.setattr(schema_body, "_lenient_validator", self._reading(reading))

    def _watching(self, usual: Any) -> Any:
        def field_errors(form: Any) -> Any:
            self.names |= set(form._fields)
            return usual(form)

        return field_errors

    def _refusing(self, usual: Any) -> Any:
        def refuse_unknown_fields(reader: Any, given: Any, known: Any, where: str) -> Any:
            self.names |= set(known) if where == "" else set()
            return usual(reader, given, known, where)

        return refuse_unknown_fields

    def _reading(self, usual: Any) -> Any:
        def lenient_validator(schema: type[schema_body.Body]) -> Any:
            self.names |= set(schema.model_fields)
            return usual(schema)

        return lenient_validator


class Sending:
    """Sends one body to one route as a form in parts or as JSON, with the token it needs."""

    def __init__(self, browser: Browser, path: str) -> None:
        self.browser, self.path, self.token = browser, path, browser.token()

    def parts(self, fields: dict[str, Any]) -> Any:
        return self._post(data=fields, content_type="multipart/form-data")

    def json(self, body: dict[str, Any]) -> Any:
        return self.written(json.dumps(body, ensure_ascii=False).encode())

    def written(self, body: bytes, kind: str = "application/json") -> Any:
        return self._post(data=body, content_type=kind)

    def _post(self, **what: Any) -> Any:
        headers = {"X-CSRFToken": self.token}
        return alone(self.browser.client.post, self.path, headers=headers, **what)


@pytest.fixture
def quick(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app after its first pages: what is made once is made; a hash costs nothing, as it is dear on purpose."""
    from app.privacy.identifiers import find_identifier, find_identifier_in_note

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(hashing, "hasher", cheap)
    monkeypatch.setattr(hashing, "DUMMY_HASH", CHEAP_HASH)

    find_identifier("x")
    find_identifier_in_note("x")
    return app


def flat(body: dict[str, Any]) -> dict[str, Any]:
    """The plain fields of a body, as a form sends them."""
    return {name: value for name, value in body.items() if isinstance(value, (str, int))}


TEXTS = {
    "parts": mixed((*MARKS, *ASCII), BODY),
    "json": mixed((*MARKS, *ASCII, *OTHERS), BODY),
}
"""The text for each way of sending a body."""


@ONLY_SQLITE
def test_every_free_text_of_every_route_is_refused_or_read_at_once(
    quick: Flask, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, browsers, slow, sent = Watched(monkeypatch), {}, [], 0
    for endpoint, route, role in changes():
        if role not in browsers or endpoint.startswith("staff.sign_out"):
            browsers[role] = browser_of(quick, role)
        sending = Sending(browsers[role], route.own.format(**world))
        base = (route.json or route.form)(world["own"])
        watched.names = set(READ_BY_HAND.get(endpoint, ()))
        for kind, body in {"parts": flat(base), "json": base}.items():
            again = partial(getattr(sending, kind), {**body, "x": "x"})
            if again().status_code == 415:
                continue
            bare = cpu(again)[0]
            assert watched.names or endpoint in NO_FIELDS, endpoint
            for name in sorted({*watched.names, *base} - {"file"}) or ["x"]:
                full = {**body, name: TEXTS[kind]}
                took = beyond(partial(getattr(sending, kind), full), bare)
                sent += 1
                if took > ROOM:
                    slow.append((endpoint, kind, name, round(took, 3)))
    print(f"{sent} requests")
    assert slow == []
    assert sent > 400


SHAPES = {
    "a list of texts": b"[" + b'"a",' * (BODY // 4) + b'"a"]',
    "a list of lists": b"[" + b"[]," * (BODY // 3) + b"[]]",
    "an object of many": b"{" + b",".join(b'"%d":1' % n for n in range(BODY // 11)) + b"}",
    "a list of objects": b"[" + b'{"n":1},' * (BODY // 8) + b"{}]",
    "a long number": b"9" * 4000,
}


@ONLY_SQLITE
def test_every_shape_of_json_is_refused_or_read_at_once(
    quick: Flask, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, slow, shapes = Watched(monkeypatch), [], cycle(SHAPES.items())
    for endpoint, route, role in changes():
        if route.json is None:
            continue
        sending = Sending(browser_of(quick, role), route.own.format(**world))
        base = route.json(world["own"])
        watched.names = set()
        bare = min(cpu(partial(sending.json, {**base, "x": "x"}))[0] for _ in "12")
        for name in sorted({*watched.names, *base}):
            what, shape = next(shapes)
            body = json.dumps({**base, name: "?"}).encode().replace(b'"?"', shape)
            took = beyond(partial(sending.written, body), bare)
            if took > ROOM:
                slow.append((endpoint, name, what, round(took, 3)))
    assert slow == []


RAW = {
    "deep": b"[" * BODY,
    "deep objects": b'{"a":' * (BODY // 5),
    "long number": b'{"id":' + b"9" * BODY + b"}",
    "escapes": b'{"id":"' + b"\\u0041" * (BODY // 6) + b'"}',
    "blanks": b" " * BODY,
}
FORMS = {
    "many fields": b"a&" * (BODY // 2),
    "many named fields": "&".join(f"f{n}=1" for n in range(BODY // 10)).encode(),
    "one long name": b"a" * BODY + b"=1",
    "escapes": b"a=" + b"%41" * (BODY // 3),
    "one field many times": b"topics=a&" * (BODY // 9),
}
BOUNDARY = b"--x\r\nContent-Disposition: form-data; name="
PARTS = {
    "many parts": (BOUNDARY + b"a\r\n\r\n\r\n") * (BODY // 50),
    "a long header": BOUNDARY + b"a" * BODY,
    "only line ends": b"\r\n" * (BODY // 2),
    "only dashes": b"-" * BODY,
    "nearly boundaries": b"\r\n--" * (BODY // 4),
}


@ONLY_SQLITE
def test_every_strange_body_is_refused_or_read_at_once(quick: Flask, world: dict[str, str]) -> None:
    slow = []
    browser = browser_of(quick, "desk_staff")
    for path in ("/consultations", "/referrals", "/returns", "/cards/look", "/sign-in"):
        sending = Sending(browser, path)
        for kind, bodies in (
            ("application/json", RAW),
            ("application/x-www-form-urlencoded", FORMS),
            ("multipart/form-data; boundary=x", PARTS),
        ):
            bare = min(cpu(partial(sending.written, b"x", kind))[0] for _ in "12")
            for what, body in bodies.items():
                took = beyond(partial(sending.written, body, kind), bare)
                if took > ROOM:
                    slow.append((path, what, round(took, 3)))
        browser = browser_of(quick, "desk_staff")
    assert slow == []


@ONLY_SQLITE
def test_every_argument_and_header_is_read_at_once(quick: Flask, world: dict[str, str]) -> None:
    slow = []
    text = quote(mixed(("a0", "a@", " ", "\u0315\u0300"), LINE // 3))[:LINE]
    get = partial(alone, browser_of(quick, "desk_staff").client.get)
    for path, names in ARGUMENTS.items():
        bare = min(cpu(partial(get, path))[0] for _ in "12")
        for name in names:
            took = beyond(partial(get, f"{path}?{name}={text}"), bare)
            slow += [(path, name, took)] if took > ROOM else []
    bare = min(cpu(partial(get, "/account"))[0] for _ in "12")
    for name in HEADERS:
        for part in (*PIECES, "a,", "a;"):
            # A server joins a header that is sent many times.
            headers = {name: part * (4 * HEADER // len(part))}
            took = beyond(partial(get, "/account", headers=headers), bare)
            slow += [(name, part, took)] if took > ROOM else []
    assert slow == []


FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
HEAD = b"desk,held_on,nationality,repeat_contact,sex,age_band,n,topics,outcomes\n"
HOSTILE_SHEETS = {
    "blank lines": b"\n" * MAX_BYTES,
    "blank rows after the names": HEAD + b"\n" * MAX_BYTES,
    "separators": b"," * MAX_BYTES,
    "rows of separators": HEAD + (b"," * 17 + b"\n") * (MAX_BYTES // 18),
    "rows of blank cells": (b" ," * 59 + b"\n") * (MAX_BYTES // 119),
    "one line": HEAD + b"a" * MAX_BYTES,
    "a quotation mark that stays open": HEAD + b'"' + b"a\n" * (MAX_BYTES // 2),
    "quotation marks": b'"' * MAX_BYTES,
    "a million rows": HEAD + b"a\n" * (MAX_BYTES // 2),
    "zeros": b"\0" * MAX_BYTES,
}


@ONLY_SQLITE
def test_every_hostile_sheet_is_refused_at_once_in_one_sentence(
    quick: Flask, world: dict[str, str]
) -> None:
    sending = Sending(browser_of(quick, "supervisor"), "/consultations/import")
    slow = []

    def bring(content: bytes) -> Any:
        body = FILE + content[:MAX_BYTES] + b"\r\n--x--\r\n"
        return sending.written(body, "multipart/form-data; boundary=x")

    bring(HEAD)
    plain = min(cpu(partial(bring, b"a" * MAX_BYTES))[0] for _ in "12")
    for what, content in HOSTILE_SHEETS.items():
        answer = bring(content)
        assert answer.status_code == 422, what
        took = beyond(partial(bring, content), plain)
        slow += [(what, took)] if took > ROOM else []
    assert slow == []


def workbook(parts: dict[str, str]) -> bytes:
    """A workbook of one worksheet with these parts in the place of its own."""
    link = '<Relationship Id="r1" Type="x/{}" Target="{}"/>'
    usual = {
        "xl/workbook.xml": '<w xmlns:r="r"><sheet r:id="r1"/></w>',
        "xl/_rels/workbook.xml.rels": f"<r>{link.format('worksheet', 's.xml')}</r>",
        "xl/s.xml": "<s/>",
    }
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in {**usual, **parts}.items():
            archive.writestr(name, text)
        archive.writestr("pad", bytes(range(256)) * 400, ZIP_STORED)
    return file.getvalue()


MANY = 4 * 1024 * 1024
HOSTILE_PARTS: dict[str, dict[str, str]] = {
    "empty rows": {"xl/s.xml": f"<s>{'<row/>' * (MANY // 6)}</s>"},
    "empty cells": {"xl/s.xml": f"<s><row>{'<c/>' * (MANY // 4)}</row></s>"},
    "unknown elements": {"xl/s.xml": f"<s>{'<a/>' * (MANY // 4)}</s>"},
    "shared texts": {"xl/sharedStrings.xml": f"<s>{'<a/>' * (MANY // 4)}</s>"},
    "styles": {"xl/styles.xml": f"<s><cellXfs>{'<xf/>' * (MANY // 5)}</cellXfs></s>"},
    "a format": {
        "xl/styles.xml": f'<s><numFmt numFmtId="9" formatCode="{"[" * 200_000}"/>'
        '<cellXfs><xf numFmtId="9"/></cellXfs></s>'
    },
    "what looks merged": {
        "xl/s.xml": '<s><row><c t="inlineStr"><t>desk</t></c></row>'
        f"<![CDATA[{'<mergeCell ' * (MANY // 11)}]]></s>"
    },
}
FULL_ROW = "<row>" + '<c t="inlineStr"><is><t>x</t></is></c>' * 18 + "</row>"
FULL_SHEET = {"xl/s.xml": f"<s>{FULL_ROW * 5000}</s>"}


def test_no_hostile_workbook_costs_more_than_twice_a_full_one() -> None:
    def read(parts: dict[str, str]) -> float:
        content, begun = BytesIO(workbook(parts)), time.thread_time()
        with suppress(UnreadableSpreadsheet):
            deque(read_rows(content, lambda cells: True, LIMITS), maxlen=0)
        return time.thread_time() - begun

    full = read(FULL_SHEET)
    took = {what: read(parts) / full for what, parts in HOSTILE_PARTS.items()}
    print(f"a full sheet: {full:.2f} s", {what: round(times, 2) for what, times in took.items()})
    assert [what for what, times in took.items() if times > 2.5] == []


BACKTRACKING = r"(?<![a-z])[a-z][a-z0-9._]* ?[(\[] ?(?:at|arroba|a) ?[)\]] ?[a-z0-9]"


@ONLY_SQLITE
def test_the_measure_catches_a_rule_that_looks_at_any_text(
    quick: Flask, world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: notes are not cut, and one rule goes over a text again and again."""
    again = Rule("e_mail", "lower", None, re.compile(BACKTRACKING).search)
    monkeypatch.setattr(identifiers, "_rules", lambda texts: (again,))
    monkeypatch.setattr(identifiers, "is_too_long", lambda text: False)
    monkeypatch.setattr(referrals, "MAX_RAW_NOTE_LENGTH", BODY)
    sending = Sending(browser_of(quick, "desk_staff"), "/referrals/new")
    bare = min(cpu(partial(sending.parts, {"note": "x"}))[0] for _ in "123")
    assert beyond(partial(sending.parts, {"note": "a0" * 2500}), bare) > ROOM


LONG = "a" * 5000


@ONLY_SQLITE
def test_what_is_too_long_is_told_at_its_field_and_shown_as_far_as_it_was_kept(
    quick: Flask, world: dict[str, str]
) -> None:
    admin, desk = browser_of(quick, "admin"), browser_of(quick, "desk_staff")
    fields = flat(TABLE["places.open_new"].form("") or {})

    page = admin.post_form("/desks/new", {**fields, "organisation": LONG})
    program = admin.post_form("/desks/new", {**fields, "organisation": LONG}, headers=JSON)
    noted = desk.post("/referrals", {**TABLE["cases.send_referral"].json(""), "note": LONG})
    card = desk.post("/cards/look", {"desk": "HND-01", "card": LONG})

    assert page.status_code == 422 and fields["name"] in page.text
    assert "a" * 1000 in page.text and "a" * 1001 not in page.text
    assert [(one["field"], one["code"]) for one in program.get_json()["problems"]] == [
        ("organisation", "too_long")
    ]
    for answer, field in ((noted, "note"), (card, "card")):
        assert answer.status_code == 422
        told = [(one["field"], one["code"]) for one in answer.get_json()["problems"]]
        assert told == [(field, "too_long")]


@ONLY_SQLITE
def test_a_note_that_is_too_long_is_shown_again_as_far_as_a_note_goes(
    quick: Flask, world: dict[str, str]
) -> None:
    desk = browser_of(quick, "desk_staff")
    answer = desk.post_form("/referrals", {"desk": "HND-01", "note": "bring water " * 500})
    assert answer.status_code == 422
    assert "bring water bring water" in answer.text
    assert 'id="p-note"' in answer.text


@ONLY_SQLITE
def test_the_largest_that_a_tablet_may_send_is_taken_or_refused_at_once(
    quick: Flask, world: dict[str, str]
) -> None:
    admin = Principal(0, "", "admin", frozenset())
    named = find_account(db.session(), "the.admin")
    desk = find_desk(db.session(), Scope(programme=True), "HND-01")
    assert named is not None and desk is not None
    tablet = make_tablet(quick, replace(admin, account_id=named.id), desk, "Tablet L")
    headers = {"Authorization": f"Device {tablet.given['credential']}"}
    room = MAX_REQUEST_BYTES - 1000

    def send(body: bytes) -> Any:
        kind = {"content_type": "application/json", "headers": headers}
        return alone(quick.test_client().post, "/sync/envelopes", data=body, **kind)

    sealed = seal_bytes(tablet.given["keys"][0], b"[" * 1_000_000, NOWHERE)
    bodies = {
        "one envelope": b'{"envelopes":[{"sealed":"' + b"A" * room + b'"}]}',
        "no base64": b'{"envelopes":[{"sealed":"' + b"=" * room + b'"}]}',
        "many": b'{"envelopes":[' + b"{}," * (room // 3) + b"{}]}",
        "lists": b'{"envelopes":' + b"[" * room,
        "a record of lists": json.dumps({"envelopes": [sealed]}).encode(),
    }
    bare = min(cpu(partial(send, b'{"envelopes":[]}'))[0] for _ in "12")
    slow = {what: beyond(partial(send, body), bare) for what, body in bodies.items()}
    assert {what for what, took in slow.items() if took > ROOM} == set(), slow
