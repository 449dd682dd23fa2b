"""A browser is never locked out: every page without sign-in is drawn with any state that an earlier person left."""

import ast
import itertools
from pathlib import Path
from uuid import uuid4

import pytest
from flask.sessions import SecureCookieSessionInterface
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import text

from app.db.session import db
from app.i18n.language import LOCALES
from app.web import anonymous
from app.web.access import Principal, login_manager
from app.web.pages import MODES
from tests.contracts.test_permissions import send_referral
from tests.factories.records import JSON, in_new_context, make_account, make_desk, sign_in
from tests.factories.shelters import make_coordinator, make_shelter

APP = Path(__file__).resolve().parents[2] / "app"
BRAND = 'class="brand"'
NOTICE_VALUES = {
    "record": str(uuid4()),
    "version": "1",
    "returning": "yes",
    "consultation": str(uuid4()),
}
"""The values of a notice by name; a name that is new in the code must get a value here."""
ARGUMENTS = {"token": "no-such-token", "code": "ABCDEF", "name": "record", "filename": "style.css"}
COOKIES = ("none", "ended", "closed", "unknown", "foreign_key", "garbage", "empty", "old_shape")
ODD_COOKIES = (
    {},
    {"locale": "xx", "mode": "<b>"},
    {"device": "\x7f", "lock": "1", "usual": "{", "desk": "é"},
)


def value_names_of_notices():
    """Return the names of the values of every notice in the code, as sets: read from the calls themselves."""
    names = set()
    for path in APP.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in (
                "flash_message",
                "flash",
            ):
                named = {keyword.arg for keyword in call.keywords if keyword.arg}
                has_more = any(keyword.arg is None for keyword in call.keywords)
                names.add(frozenset(named | ({"returning"} if has_more else set())))
    return sorted(names, key=sorted)


NOTICES = [
    {name: NOTICE_VALUES[name] for name in sorted(names)} for names in value_names_of_notices()
]
NOTICES += [
    {"record": "no-uuid", "version": "1"},
    {"record": NOTICE_VALUES["record"]},
    {"text": None},
]


@pytest.fixture(scope="module")
def visited(sqlite_template, tmp_path_factory):
    """Yield an app, and the content of the session for each kind of cookie."""
    from tests.conftest import create_app, limiter, settings_for

    path = tmp_path_factory.mktemp("visited") / "one.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    app = create_app(settings_for(f"sqlite:///{path}"))
    limiter.enabled = False
    with app.app_context():
        desk = make_desk()
        sessions: dict[str, dict] = {}
        make_coordinator("cora", make_shelter())
        ARGUMENTS["referral_id"] = send_referral(make_account("ana", "desk_staff", (desk,)))
        for name in ("ended", "closed"):
            make_account(name, "desk_staff", (desk,))
            browser = sign_in(app, name)
            with browser.client.session_transaction() as session:
                sessions[name] = dict(session)
        db.session.execute(text("UPDATE staff_session SET ended_at = seen_at"))
        db.session.execute(
            text("UPDATE account SET closed_at = '2026-01-01' WHERE username = 'closed'")
        )
        db.session.commit()
        db.session.remove()
        yield app, sessions
        db.session.remove()
        db.engine.dispose()


def public_pages(app):
    """Yield the path of every page that needs no sign-in."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if "GET" in rule.methods and getattr(view, "permission", "") == "public":
            yield rule.build({name: ARGUMENTS[name] for name in rule.arguments})[1]


ERRORS = (
    ("GET", "/no-such-page", 404),
    ("PUT", "/sign-in", 405),
    ("POST", "/sign-in", 400),
    ("GET", "/consultations/no-uuid", 404),
    ("POST", "/consultations", 401),
    ("GET", "/sign-in?next=//elsewhere", 200),
)


def browser_with(visited, cookie, notice=None, locale="", mode="", odd_cookies=None):
    """Return a browser with a left-over session, a waiting notice and the device's cookies."""
    app, sessions = visited
    client = app.test_client()
    session = dict(sessions.get(cookie, {}))
    if cookie in ("unknown", "foreign_key"):
        session = {"_user_id": "a-token-of-nobody", "_fresh": True, "csrf_token": "x" * 40}
    if cookie == "old_shape":
        session = {"_user_id": 7, "_flashes": "no list", "csrf_token": 5}
    if notice is not None and "_flashes" not in session:
        session["_flashes"] = [("saved", {"text": "Saved.", **notice}), ("done", "an old text")]
    signed = SecureCookieSessionInterface().get_signing_serializer(app).dumps(session)
    if cookie == "foreign_key":
        signed = signed[:-3] + "AAA"
    value = {"none": None, "garbage": "\x80.{}é", "empty": ""}.get(cookie, signed)
    if cookie == "none" and notice is not None:
        value = signed
    for name, cookie_value in {
        "ventanilla": value,
        "locale": locale,
        "mode": mode,
        **(odd_cookies or {}),
    }.items():
        if cookie_value:
            client.set_cookie(name, cookie_value)
    return client


def check(client, method, path, **options):
    answer = in_new_context(client.open, path, method=method, **options)
    assert answer.status_code < 500, (method, path, answer.status_code)
    if answer.mimetype == "text/html" and answer.status_code not in (301, 302, 308):
        assert BRAND in answer.text, (method, path, "a bare page")
    answer.close()
    return answer


def test_the_code_leaves_notices_with_values_and_all_of_them_are_listed():
    assert len(NOTICES) > 4
    assert any("record" in notice for notice in NOTICES)


@pytest.mark.parametrize("cookie", COOKIES)
def test_every_public_page_is_drawn_with_every_cookie_and_a_notice(visited, cookie):
    app = visited[0]
    pages = sorted(set(public_pages(app)))
    assert len(pages) > 8
    locales_and_modes = itertools.cycle(itertools.product(LOCALES, ("", *MODES)))
    notices, odd_cookie_sets = itertools.cycle(NOTICES), itertools.cycle(ODD_COOKIES)
    for path in pages:
        locale, mode = next(locales_and_modes)
        client = browser_with(visited, cookie, next(notices), locale, mode, next(odd_cookie_sets))
        check(client, "GET", path)
        check(client, "GET", path, headers=JSON)
    for method, path, status in ERRORS:
        client = browser_with(visited, cookie, next(notices), *next(locales_and_modes))
        assert check(client, method, path).status_code in (status, 400, 302)


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: "-".join(notice) or "text")
def test_every_notice_is_drawn_without_sign_in_and_once(visited, notice):
    for path, (locale, mode) in itertools.product(
        ("/sign-in", "/no-such-page", "/lock"), itertools.product(LOCALES, ("", *MODES))
    ):
        client = browser_with(visited, "ended", notice, locale, mode)
        first = check(client, "GET", path)
        assert "/void" not in first.text, "what needs a person is not offered"
    assert "Saved." not in in_new_context(client.get, "/sign-in").text


def test_answers_given_and_a_notice_survive_an_ended_session(visited):
    """The half-finished form: its answers are on the sign-in page, with any other notice."""
    for cookie, notice in itertools.product(("ended", "closed", "unknown"), NOTICES):
        client = browser_with(visited, cookie, notice)
        for path in ("/consultations", "/returns", "/referrals/new", "/sign-in"):
            fields = {
                "topics": ["asylum", "<b>"],
                "kept.topics": "x",
                "username": "u",
                "password": "p",
            }
            answer = check(client, "POST", path, data=fields)
            assert answer.status_code in (400, 401, 404, 405)
        refused = in_new_context(client.post, "/consultations", data={"topics": "asylum"})
        assert (refused.status_code, 'name="kept.topics"' in refused.text) == (401, True)


def test_the_anonymous_principal_has_every_attribute_of_a_principal(visited):
    names = {name for name in dir(Principal) if not name.startswith("_")}
    names |= set(Principal.__dataclass_fields__)
    nobody = anonymous.AnonymousPrincipal()
    assert {name for name in names if not hasattr(nobody, name)} == set()
    assert login_manager.anonymous_user is anonymous.AnonymousPrincipal
    assert nobody.may("configure") is False
    assert nobody.is_authenticated is False
    assert not nobody.scope.desks


def test_a_notice_that_needs_a_person_is_caught(visited, monkeypatch):
    """The mutant: a waiting notice needs a signed-in person, on every page and on that of the error too."""
    app = visited[0]
    broken_template = DictLoader({"parts/notices.html": "{{ me.shift_of_today() }}"})
    monkeypatch.setattr(
        app.jinja_env, "loader", ChoiceLoader([broken_template, app.jinja_env.loader])
    )
    monkeypatch.setattr(app.jinja_env, "cache", None)
    with pytest.raises(AssertionError, match="500"):
        check(browser_with(visited, "ended", NOTICES[0]), "GET", "/sign-in")
    with pytest.raises(AssertionError, match="bare"):
        check(browser_with(visited, "ended", NOTICES[0]), "GET", "/no-such-page")


def test_a_notice_that_cannot_be_drawn_fails_once(visited, monkeypatch):
    """A fault of a later version: the page with it fails, the browser recovers."""
    app = visited[0]
    broken_template = DictLoader(
        {"parts/notices.html": "{% if notices() %}{{ me.shift() }}{% endif %}"}
    )
    monkeypatch.setattr(
        app.jinja_env, "loader", ChoiceLoader([broken_template, app.jinja_env.loader])
    )
    monkeypatch.setattr(app.jinja_env, "cache", None)
    client = browser_with(visited, "ended", NOTICES[0])
    assert in_new_context(client.get, "/sign-in").status_code == 500
    assert check(client, "GET", "/sign-in").status_code == 200
