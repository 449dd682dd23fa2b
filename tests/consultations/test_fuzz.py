"""A valid consultation with parts replaced, removed, added at random: refused or accepted, never a bug."""

import copy
import json
import os
from collections import Counter
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.consultations.form_fields import as_fields
from tests.factories.records import JSON, consultation_json, in_new_context
from tests.factories.two_country_world import row_counts

pytestmark = pytest.mark.both_databases

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))
MANY = settings(
    max_examples=100 if ROUNDS == 1 else 200 * ROUNDS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
EXPECTED = {200, 201, 400, 409, 413, 415, 422}
NASTY = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    99,
    100,
    10_000,
    10**20,
    -(10**400),
    0.5,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "\ud800",
    "\U0010ffff",
    "\u202e",
    "null",
    "1",
    "HND-01",
    "GTM-01",
    "HND",
    "XXX",
    "person_declined_record",
    "none",
    "uasc",
    "health",
    "first_this_month",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "1900-01-01",
    "'; DROP TABLE desk; --",
    "{{ 7*7 }}",
    "<script>",
    "%s%n",
    "../../etc",
    "x" * 5000,
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": None},
    [[[[[[[[]]]]]]]],
    ["health", "health"],
    ["person_declined_record"],
    ["information_given", "person_declined_record"],
    "\r\nX: 1",
]
NAMES = [
    "id",
    "desk",
    "name",
    "",
    "\x00",
    "\ud800",
    "groups",
    "n",
    "__proto__",
    "csrf_token",
    "version",
    "reason",
    "flags",
    "card",
    "device",
    "groups-0-nationality",
    "x" * 500,
]
VALUES = st.one_of(
    st.sampled_from(NASTY),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    ),
)


def containers_of(value):
    """Return every container within a JSON value."""
    containers = [value] if isinstance(value, (dict, list)) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return containers + [container for item in inner for container in containers_of(item)]


@st.composite
def spoiled_records(draw):
    """Return a valid consultation after one to four random changes."""
    content = consultation_json(
        flags=["disability"], taps=3, device="tablet-1", main_topic="asylum"
    )
    content["id"] = "{new}"
    for _ in range(draw(st.integers(1, 4))):
        target = draw(st.sampled_from(containers_of(content)))
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        action = draw(st.sampled_from(["replace", "remove", "add"])) if keys else "add"
        if action == "add" and isinstance(target, dict):
            target[draw(st.sampled_from(NAMES) | st.text())] = copy.deepcopy(draw(VALUES))
        elif action == "add":
            target.append(copy.deepcopy(draw(VALUES)))
        elif action == "remove":
            del target[draw(st.sampled_from(keys))]
        else:
            target[draw(st.sampled_from(keys))] = copy.deepcopy(draw(VALUES))
    return content


def encode(content):
    if content.get("id") == "{new}":
        content["id"] = str(uuid4())
    return json.dumps(content).encode("utf-8", "surrogatepass")


def assert_refused_or_stored_whole(answer, before):
    assert answer.status_code in EXPECTED, (answer.status_code, answer.data)
    if answer.status_code not in (200, 201, 302):
        assert row_counts() == before
    else:
        added = Counter(row_counts()) - Counter(before)
        assert answer.status_code != 200 or not added
        assert set(added) <= {"consultation", "person_line", "audit_entry"}
        assert added["consultation"] <= 1


def test_spoiled_json_is_never_a_bug_and_never_half_stored(world):
    ana = world["ana"]
    headers = {**JSON, "X-CSRFToken": ana.token(), "Content-Type": "application/json"}

    @MANY
    @given(spoiled_records())
    def run(content):
        before = row_counts()
        assert_refused_or_stored_whole(
            in_new_context(
                ana.client.post, "/consultations", data=encode(content), headers=headers
            ),
            before,
        )

    run()


def test_spoiled_corrections_are_never_a_bug_and_never_half_stored(world):
    ana = world["ana"]
    record = consultation_json()
    assert ana.post("/consultations", record).status_code == 201
    path = f"/consultations/{record['id']}"
    headers = {**JSON, "X-CSRFToken": ana.token(), "Content-Type": "application/json"}

    @MANY
    @given(spoiled_records(), st.sampled_from(["correct", "void"]), VALUES, VALUES)
    def run(content, action, version, reason):
        if content.get("id") == "{new}":
            content["id"] = record["id"]
        content |= {"version": version, "reason": reason}
        if action == "void":
            content = {"version": version, "reason": reason}
        before = row_counts()
        answer = in_new_context(
            ana.client.post, f"{path}/{action}", data=encode(content), headers=headers
        )
        assert answer.status_code in EXPECTED
        if answer.status_code != 200:
            assert row_counts() == before

    run()


def test_random_bytes_are_never_a_bug(world):
    ana = world["ana"]
    headers = {**JSON, "X-CSRFToken": ana.token()}
    types = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json; charset=utf-16",
    ]

    @MANY
    @given(st.binary(max_size=200), st.sampled_from(types))
    def run(body, content_type):
        before = row_counts()
        answer = in_new_context(
            ana.client.post, "/consultations", data=body, content_type=content_type, headers=headers
        )
        assert_refused_or_stored_whole(answer, before)
        assert answer.status_code not in (200, 201)

    run()


FORM_NAMES = st.sampled_from(
    [
        "id",
        "desk",
        "held_on",
        "topics",
        "outcomes",
        "flags",
        "groups",
        "main_topic",
        "taps",
        "version",
        "groups-0-nationality",
        "groups-1-nationality",
        "groups-7-female-age_0_4",
        "groups-8-nationality",
        "groups-0-female-age_25_59",
        "groups-0-male-nonsense",
        "groups--1-nationality",
        "name",
        "",
        "kept.id",
        "switch_locale",
        "more_groups",
        "channel",
    ]
) | st.text(max_size=20)
FORM_VALUES = st.sampled_from(
    [
        "",
        "0",
        "-0",
        "--1",
        "-1",
        "1",
        "100",
        "1.5",
        "1e3",
        "+1",
        " 2 ",
        "²",
        "٣",
        "9" * 30,
        "\x00",
        "x" * 5000,
        "health",
        "HND",
        "unknown",
        "HND-01",
        "GTM-01",
        "2026-02-30",
        "none",
        "person_declined_record",
        "<b>",
    ]
) | st.text(max_size=20)


@st.composite
def spoiled_fields(draw):
    """Return the form fields of a valid consultation after one to five random changes."""
    fields = as_fields(consultation_json(taps=3))
    for _ in range(draw(st.integers(1, 5))):
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "add" or not fields:
            fields.append((draw(FORM_NAMES), draw(FORM_VALUES)))
            continue
        index = draw(st.integers(0, len(fields) - 1))
        name, _ = fields.pop(index)
        if action == "replace":
            fields.append((name, draw(FORM_VALUES)))
    return fields


def test_spoiled_form_fields_are_never_a_bug_and_never_half_stored(world):
    ana = world["ana"]
    token = ana.token()

    @MANY
    @given(spoiled_fields(), st.sampled_from(["text/html", "application/json"]))
    def run(fields, accept):
        before = row_counts()
        data: dict[str, list[str]] = {"csrf_token": [token]}
        for name, value in fields:
            if name != "csrf_token":
                data.setdefault(name, []).append(
                    str(uuid4()) if name == "id" and len(value) == 36 else value
                )
        for path in ("/consultations/new", "/consultations"):
            answer = in_new_context(ana.client.post, path, data=data, headers={"Accept": accept})
            if path == "/consultations/new":
                assert answer.status_code in (200, 404)
                assert row_counts() == before
        if accept == "text/html" and answer.status_code == 302:
            assert row_counts()["consultation"] == before["consultation"] + 1
        else:
            assert_refused_or_stored_whole(answer, before)

    run()
