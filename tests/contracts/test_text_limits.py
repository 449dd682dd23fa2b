"""Every text is bounded before a rule reads it: the largest body of every route costs at most 100 ms more CPU."""

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
from app.web.schemas import body as schema_body
from tests.contracts.test_permissions import (
    NOWHERE,
    TABLE,
    Route,
    browser_of,
    matrix_world,
    may,
)
from tests.factories.records import CHEAP_HASH, JSON, Browser, in_new_context
from tests.sync.sealing import seal_bytes
from tests.sync.tablet import make_tablet

__all__ = ["matrix_world"]
MAX_EXTRA_SECONDS = 0.100
"""Seconds of CPU that the largest text may cost beyond a short one."""
BODY_BYTES = 250 * 1024
"""Just below the 256 KB of a request, with space for the other fields."""
MAX_LINE, MAX_HEADER = 4000, 8000
"""The longest address and header that the server takes, nearly (gunicorn: 4,094 and 8,190 characters)."""
ASCII = ("a0", "1 ", "A a ", "a@", " ", "San calle ", "o|", "-", "\n", "uno ")
OTHERS = ("\ufdfa", "é ", "\u00a0", "\u0660")
MARKS = ("\u0315\u0300",) * 10
"""Marks in the wrong order, which Unicode puts in order at a cost that grows with their square."""
PIECES = ("es;q=0.5,", "text/html;q=0.5,", "a=b; ", '"a",', "W/", "1-2,")
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The cost of a text before it is refused does not depend on the database."""
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
"""Fields that a view takes from the form itself, in addition to those that its form or reader declares."""
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
"""The arguments of pages in their address."""
HEADERS = (
    "Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Content-Type", "Cookie",
    "If-None-Match", "Range", "X-CSRFToken", "X-Forwarded-For",
)  # fmt: skip


def make_mixed_text(parts: tuple[str, ...], size: int) -> str:
    """Return long runs of each part, one after the other, in about `size` bytes; equal parts are one run."""
    run_bytes = size // len(parts)
    runs = groupby(part * (run_bytes // len(part.encode())) for part in parts)
    return "\x01".join("".join(run) for _, run in runs)


def measure_cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of CPU of a request, and its answer."""
    started_at = time.thread_time()
    answer = call()
    return time.thread_time() - started_at, answer


def measure_extra_cpu(call: Callable[[], Any], baseline: float) -> float:
    """Return the seconds of CPU of a request beyond the baseline; a slow one is measured again."""
    seconds = MAX_EXTRA_SECONDS
    for _ in range(5):
        seconds, answer = measure_cpu(call)
        assert answer.status_code < 500, answer.data[:200]
        if seconds - baseline <= MAX_EXTRA_SECONDS:
            break
    return seconds - baseline


def routes_with_body() -> Iterator[tuple[str, Route, str]]:
    """Yield every route with a body, and a role that may call it; those that end a session come last."""
    for endpoint, route in TABLE.items():
        if route.form or route.json:
            yield endpoint, route, next(r for r in ("anonymous", *ROLES.codes) if may(route, r))


class FieldRecorder:
    """Records which fields a view's form or reader declares while it answers."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.names: set[str] = set()
        patch.setattr(PageForm, "field_errors", self._record_form_fields(PageForm.field_errors))
        original = schema_body._lenient_validator
        patch.setattr(schema_body, "_lenient_validator", self._record_schema_fields(original))

    def _record_form_fields(self, original: Any) -> Any:
        def field_errors(form: Any) -> Any:
            self.names |= set(form._fields)
            return original(form)

        return field_errors

    def _record_schema_fields(self, original: Any) -> Any:
        def lenient_validator(schema: type[schema_body.Body]) -> Any:
            self.names |= set(schema.model_fields)
            return original(schema)

        return lenient_validator


class BodySender:
    """Sends one body to one route as multipart form or as JSON, with its token."""

    def __init__(self, browser: Browser, path: str) -> None:
        self.browser, self.path, self.token = browser, path, browser.token()

    def form(self, fields: dict[str, Any]) -> Any:
        return self._post(data=fields, content_type="multipart/form-data")

    def json(self, body: dict[str, Any]) -> Any:
        return self.send_bytes(json.dumps(body, ensure_ascii=False).encode())

    def send_bytes(self, body: bytes, content_type: str = "application/json") -> Any:
        return self._post(data=body, content_type=content_type)

    def _post(self, **request: Any) -> Any:
        headers = {"X-CSRFToken": self.token}
        return in_new_context(self.browser.client.post, self.path, headers=headers, **request)


@pytest.fixture
def warm_app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Return the app with warm caches and cheap hashes, as a hash is expensive on purpose."""
    from app.privacy.identifiers import find_identifier, find_identifier_in_note

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(hashing, "hasher", cheap)
    monkeypatch.setattr(hashing, "DUMMY_HASH", CHEAP_HASH)

    find_identifier("x")
    find_identifier_in_note("x")
    return app


def plain_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Return the plain fields of a body, as a form sends them."""
    return {name: value for name, value in body.items() if isinstance(value, (str, int))}


TEXTS = {
    "form": make_mixed_text((*MARKS, *ASCII), BODY_BYTES),
    "json": make_mixed_text((*MARKS, *ASCII, *OTHERS), BODY_BYTES),
}
"""The text for each way of sending a body."""


@ONLY_SQLITE
def test_every_free_text_of_every_route_is_refused_or_read_at_once(
    warm_app: Flask, matrix_world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, browsers, slow, n_requests = FieldRecorder(monkeypatch), {}, [], 0
    for endpoint, route, role in routes_with_body():
        if role not in browsers or endpoint.startswith("staff.sign_out"):
            browsers[role] = browser_of(warm_app, role)
        sender = BodySender(browsers[role], route.own.format(**matrix_world))
        base = (route.json or route.form)(matrix_world["own"])
        recorder.names = set(READ_BY_HAND.get(endpoint, ()))
        for kind, body in {"form": plain_fields(base), "json": base}.items():
            send_short = partial(getattr(sender, kind), {**body, "x": "x"})
            if send_short().status_code == 415:
                continue
            baseline = measure_cpu(send_short)[0]
            assert recorder.names or endpoint in NO_FIELDS, endpoint
            for name in sorted({*recorder.names, *base} - {"file"}) or ["x"]:
                long_body = {**body, name: TEXTS[kind]}
                seconds = measure_extra_cpu(partial(getattr(sender, kind), long_body), baseline)
                n_requests += 1
                if seconds > MAX_EXTRA_SECONDS:
                    slow.append((endpoint, kind, name, round(seconds, 3)))
    print(f"{n_requests} requests")
    assert slow == []
    assert n_requests > 400


SHAPES = {
    "a list of texts": b"[" + b'"a",' * (BODY_BYTES // 4) + b'"a"]',
    "a list of lists": b"[" + b"[]," * (BODY_BYTES // 3) + b"[]]",
    "an object of many": b"{" + b",".join(b'"%d":1' % n for n in range(BODY_BYTES // 11)) + b"}",
    "a list of objects": b"[" + b'{"n":1},' * (BODY_BYTES // 8) + b"{}]",
    "a long number": b"9" * 4000,
}


@ONLY_SQLITE
def test_every_shape_of_json_is_refused_or_read_at_once(
    warm_app: Flask, matrix_world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, slow, shapes = FieldRecorder(monkeypatch), [], cycle(SHAPES.items())
    for endpoint, route, role in routes_with_body():
        if route.json is None:
            continue
        sender = BodySender(browser_of(warm_app, role), route.own.format(**matrix_world))
        base = route.json(matrix_world["own"])
        recorder.names = set()
        baseline = min(measure_cpu(partial(sender.json, {**base, "x": "x"}))[0] for _ in "12")
        for field in sorted({*recorder.names, *base}):
            shape_name, shape = next(shapes)
            body = json.dumps({**base, field: "?"}).encode().replace(b'"?"', shape)
            seconds = measure_extra_cpu(partial(sender.send_bytes, body), baseline)
            if seconds > MAX_EXTRA_SECONDS:
                slow.append((endpoint, field, shape_name, round(seconds, 3)))
    assert slow == []


RAW = {
    "deep": b"[" * BODY_BYTES,
    "deep objects": b'{"a":' * (BODY_BYTES // 5),
    "long number": b'{"id":' + b"9" * BODY_BYTES + b"}",
    "escapes": b'{"id":"' + b"\\u0041" * (BODY_BYTES // 6) + b'"}',
    "blanks": b" " * BODY_BYTES,
}
FORMS = {
    "many fields": b"a&" * (BODY_BYTES // 2),
    "many named fields": "&".join(f"f{n}=1" for n in range(BODY_BYTES // 10)).encode(),
    "one long name": b"a" * BODY_BYTES + b"=1",
    "escapes": b"a=" + b"%41" * (BODY_BYTES // 3),
    "one field many times": b"topics=a&" * (BODY_BYTES // 9),
}
BOUNDARY = b"--x\r\nContent-Disposition: form-data; name="
PARTS = {
    "many parts": (BOUNDARY + b"a\r\n\r\n\r\n") * (BODY_BYTES // 50),
    "a long header": BOUNDARY + b"a" * BODY_BYTES,
    "only line ends": b"\r\n" * (BODY_BYTES // 2),
    "only dashes": b"-" * BODY_BYTES,
    "nearly boundaries": b"\r\n--" * (BODY_BYTES // 4),
}


@ONLY_SQLITE
def test_every_strange_body_is_refused_or_read_at_once(
    warm_app: Flask, matrix_world: dict[str, str]
) -> None:
    slow = []
    browser = browser_of(warm_app, "desk_staff")
    for path in ("/consultations", "/referrals", "/returns", "/cards/lookup", "/sign-in"):
        sender = BodySender(browser, path)
        for kind, bodies in (
            ("application/json", RAW),
            ("application/x-www-form-urlencoded", FORMS),
            ("multipart/form-data; boundary=x", PARTS),
        ):
            baseline = min(measure_cpu(partial(sender.send_bytes, b"x", kind))[0] for _ in "12")
            for name, body in bodies.items():
                seconds = measure_extra_cpu(partial(sender.send_bytes, body, kind), baseline)
                if seconds > MAX_EXTRA_SECONDS:
                    slow.append((path, name, round(seconds, 3)))
        browser = browser_of(warm_app, "desk_staff")
    assert slow == []


@ONLY_SQLITE
def test_every_argument_and_header_is_read_at_once(
    warm_app: Flask, matrix_world: dict[str, str]
) -> None:
    slow = []
    text = quote(make_mixed_text(("a0", "a@", " ", "\u0315\u0300"), MAX_LINE // 3))[:MAX_LINE]
    get = partial(in_new_context, browser_of(warm_app, "desk_staff").client.get)
    for path, names in ARGUMENTS.items():
        baseline = min(measure_cpu(partial(get, path))[0] for _ in "12")
        for name in names:
            seconds = measure_extra_cpu(partial(get, f"{path}?{name}={text}"), baseline)
            slow += [(path, name, seconds)] if seconds > MAX_EXTRA_SECONDS else []
    baseline = min(measure_cpu(partial(get, "/account"))[0] for _ in "12")
    for name in HEADERS:
        for part in (*PIECES, "a,", "a;"):
            # A server joins a header that is sent many times.
            headers = {name: part * (4 * MAX_HEADER // len(part))}
            seconds = measure_extra_cpu(partial(get, "/account", headers=headers), baseline)
            slow += [(name, part, seconds)] if seconds > MAX_EXTRA_SECONDS else []
    assert slow == []


FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
HEADER_ROW = b"desk,held_on,nationality,repeat_contact,sex,age_band,n,topics,outcomes\n"
HOSTILE_SPREADSHEETS = {
    "blank lines": b"\n" * MAX_BYTES,
    "blank rows after the names": HEADER_ROW + b"\n" * MAX_BYTES,
    "separators": b"," * MAX_BYTES,
    "rows of separators": HEADER_ROW + (b"," * 17 + b"\n") * (MAX_BYTES // 18),
    "rows of blank cells": (b" ," * 59 + b"\n") * (MAX_BYTES // 119),
    "one line": HEADER_ROW + b"a" * MAX_BYTES,
    "a quotation mark that stays open": HEADER_ROW + b'"' + b"a\n" * (MAX_BYTES // 2),
    "quotation marks": b'"' * MAX_BYTES,
    "a million rows": HEADER_ROW + b"a\n" * (MAX_BYTES // 2),
    "zeros": b"\0" * MAX_BYTES,
}


@ONLY_SQLITE
def test_every_hostile_spreadsheet_is_refused_at_once_in_one_sentence(
    warm_app: Flask, matrix_world: dict[str, str]
) -> None:
    sender = BodySender(browser_of(warm_app, "supervisor"), "/consultations/import")
    slow = []

    def upload(content: bytes) -> Any:
        body = FILE + content[:MAX_BYTES] + b"\r\n--x--\r\n"
        return sender.send_bytes(body, "multipart/form-data; boundary=x")

    upload(HEADER_ROW)
    plain = min(measure_cpu(partial(upload, b"a" * MAX_BYTES))[0] for _ in "12")
    for name, content in HOSTILE_SPREADSHEETS.items():
        answer = upload(content)
        assert answer.status_code == 422, name
        seconds = measure_extra_cpu(partial(upload, content), plain)
        slow += [(name, seconds)] if seconds > MAX_EXTRA_SECONDS else []
    assert slow == []


def workbook(parts: dict[str, str]) -> bytes:
    """Return a workbook of one worksheet with these parts instead of its own."""
    link = '<Relationship Id="r1" Type="x/{}" Target="{}"/>'
    defaults = {
        "xl/workbook.xml": '<w xmlns:r="r"><sheet r:id="r1"/></w>',
        "xl/_rels/workbook.xml.rels": f"<r>{link.format('worksheet', 's.xml')}</r>",
        "xl/s.xml": "<s/>",
    }
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in {**defaults, **parts}.items():
            archive.writestr(name, text)
        archive.writestr("pad", bytes(range(256)) * 400, ZIP_STORED)
    return file.getvalue()


N_BYTES = 4 * 1024 * 1024
HOSTILE_PARTS: dict[str, dict[str, str]] = {
    "empty rows": {"xl/s.xml": f"<s>{'<row/>' * (N_BYTES // 6)}</s>"},
    "empty cells": {"xl/s.xml": f"<s><row>{'<c/>' * (N_BYTES // 4)}</row></s>"},
    "unknown elements": {"xl/s.xml": f"<s>{'<a/>' * (N_BYTES // 4)}</s>"},
    "shared texts": {"xl/sharedStrings.xml": f"<s>{'<a/>' * (N_BYTES // 4)}</s>"},
    "styles": {"xl/styles.xml": f"<s><cellXfs>{'<xf/>' * (N_BYTES // 5)}</cellXfs></s>"},
    "a format": {
        "xl/styles.xml": f'<s><numFmt numFmtId="9" formatCode="{"[" * 200_000}"/>'
        '<cellXfs><xf numFmtId="9"/></cellXfs></s>'
    },
    "what looks merged": {
        "xl/s.xml": '<s><row><c t="inlineStr"><t>desk</t></c></row>'
        f"<![CDATA[{'<mergeCell ' * (N_BYTES // 11)}]]></s>"
    },
}
FULL_ROW = "<row>" + '<c t="inlineStr"><is><t>x</t></is></c>' * 18 + "</row>"
FULL_SHEET = {"xl/s.xml": f"<s>{FULL_ROW * 5000}</s>"}


def test_no_hostile_workbook_costs_more_than_twice_a_full_one() -> None:
    def read(parts: dict[str, str]) -> float:
        content, started_at = BytesIO(workbook(parts)), time.thread_time()
        with suppress(UnreadableSpreadsheet):
            deque(read_rows(content, lambda cells: True, LIMITS), maxlen=0)
        return time.thread_time() - started_at

    full = read(FULL_SHEET)
    factors = {name: read(parts) / full for name, parts in HOSTILE_PARTS.items()}
    print(
        f"a full spreadsheet: {full:.2f} s",
        {name: round(times, 2) for name, times in factors.items()},
    )
    assert [name for name, times in factors.items() if times > 2.5] == []


BACKTRACKING = r"(?<![a-z])[a-z][a-z0-9._]* ?[(\[] ?(?:at|arroba|a) ?[)\]] ?[a-z0-9]"


@ONLY_SQLITE
def test_the_measure_catches_a_rule_that_reads_any_text(
    warm_app: Flask, matrix_world: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: notes are not cut, and one rule backtracks over a text."""
    backtracking_rule = Rule("e_mail", "lower", None, re.compile(BACKTRACKING).search)
    monkeypatch.setattr(identifiers, "_rules", lambda texts: (backtracking_rule,))
    monkeypatch.setattr(identifiers, "is_too_long", lambda text: False)
    monkeypatch.setattr(referrals, "MAX_RAW_NOTE_LENGTH", BODY_BYTES)
    sender = BodySender(browser_of(warm_app, "desk_staff"), "/referrals/new")
    baseline = min(measure_cpu(partial(sender.form, {"note": "x"}))[0] for _ in "123")
    assert (
        measure_extra_cpu(partial(sender.form, {"note": "a0" * 2500}), baseline) > MAX_EXTRA_SECONDS
    )


LONG = "a" * 5000


@ONLY_SQLITE
def test_a_text_that_is_too_long_is_reported_at_its_field_and_shown_cut(
    warm_app: Flask, matrix_world: dict[str, str]
) -> None:
    admin, desk = browser_of(warm_app, "admin"), browser_of(warm_app, "desk_staff")
    fields = plain_fields(TABLE["places.open_new"].form("") or {})

    page = admin.post_form("/desks/new", {**fields, "organisation": LONG})
    program = admin.post_form("/desks/new", {**fields, "organisation": LONG}, headers=JSON)
    note_answer = desk.post("/referrals", {**TABLE["cases.send_referral"].json(""), "note": LONG})
    card_answer = desk.post("/cards/lookup", {"desk": "HND-01", "card": LONG})

    assert page.status_code == 422 and fields["name"] in page.text
    assert "a" * 1000 in page.text and "a" * 1001 not in page.text
    assert [(problem["field"], problem["code"]) for problem in program.get_json()["problems"]] == [
        ("organisation", "too_long")
    ]
    for answer, field in ((note_answer, "note"), (card_answer, "card")):
        assert answer.status_code == 422
        problems = [
            (problem["field"], problem["code"]) for problem in answer.get_json()["problems"]
        ]
        assert problems == [(field, "too_long")]


@ONLY_SQLITE
def test_a_note_that_is_too_long_is_shown_again_as_far_as_a_note_goes(
    warm_app: Flask, matrix_world: dict[str, str]
) -> None:
    desk = browser_of(warm_app, "desk_staff")
    answer = desk.post_form("/referrals", {"desk": "HND-01", "note": "bring water " * 500})
    assert answer.status_code == 422
    assert "bring water bring water" in answer.text
    assert 'id="p-note"' in answer.text


@ONLY_SQLITE
def test_the_largest_that_a_tablet_may_send_is_taken_or_refused_at_once(
    warm_app: Flask, matrix_world: dict[str, str]
) -> None:
    admin = Principal(0, "", "admin", frozenset())
    account = find_account(db.session(), "the.admin")
    desk = find_desk(db.session(), Scope(programme=True), "HND-01")
    assert account is not None and desk is not None
    tablet = make_tablet(warm_app, replace(admin, account_id=account.id), desk, "Tablet L")
    headers = {"Authorization": f"Device {tablet.enrolment['credential']}"}
    size = MAX_REQUEST_BYTES - 1000

    def send(body: bytes) -> Any:
        options = {"content_type": "application/json", "headers": headers}
        return in_new_context(warm_app.test_client().post, "/sync/envelopes", data=body, **options)

    sealed = seal_bytes(tablet.enrolment["keys"][0], b"[" * 1_000_000, NOWHERE)
    bodies = {
        "one envelope": b'{"envelopes":[{"sealed":"' + b"A" * size + b'"}]}',
        "no base64": b'{"envelopes":[{"sealed":"' + b"=" * size + b'"}]}',
        "many": b'{"envelopes":[' + b"{}," * (size // 3) + b"{}]}",
        "lists": b'{"envelopes":' + b"[" * size,
        "a record of lists": json.dumps({"envelopes": [sealed]}).encode(),
    }
    baseline = min(measure_cpu(partial(send, b'{"envelopes":[]}'))[0] for _ in "12")
    slow = {name: measure_extra_cpu(partial(send, body), baseline) for name, body in bodies.items()}
    assert {name for name, seconds in slow.items() if seconds > MAX_EXTRA_SECONDS} == set(), slow
