"""Every answer carries the same protection, for any request and any status."""

import pytest

from tests.factories.records import JSON, Browser, in_new_context, make_account, make_desk, sign_in

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; font-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types ventanilla"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}


@pytest.fixture
def ana(app) -> Browser:
    desk = make_desk()
    make_account("ana", "desk_staff", (desk,))

    def raise_fault() -> str:
        raise ValueError("a fault")

    app.add_url_rule("/broken", "broken", raise_fault)
    return sign_in(app, "ana")


def _answers_by_status(browser: Browser) -> dict[int, list]:
    token = {"X-CSRFToken": browser.token()}
    post = browser.client.post
    large_body = b'{"id":"' + b"1" * 300_000 + b'"}'
    return {
        200: [browser.get("/today"), browser.get("/healthz")],
        302: [browser.get("/")],
        400: [
            in_new_context(post, "/consultations", json={}),
            browser.post("/consultations", "text"),
        ],
        401: [
            in_new_context(browser.client.application.test_client().get, "/sync/me", headers=JSON)
        ],
        403: [browser.get("/desks"), browser.get_json("/desks")],
        404: [browser.get("/nowhere"), browser.get("/static/nowhere.js")],
        405: [browser.post("/today"), browser.get("/sign-out")],
        413: [
            in_new_context(
                post, "/consultations", data=large_body, headers=token, mimetype="application/json"
            )
        ],
        415: [
            in_new_context(
                post, "/consultations", data="text", headers=token, mimetype="text/plain"
            )
        ],
        422: [browser.post("/consultations", {})],
        500: [browser.get("/broken"), browser.get_json("/broken")],
    }


def test_every_answer_carries_every_header(ana):
    for status, answers in _answers_by_status(ana).items():
        for answer in answers:
            assert answer.status_code == status, (answer.request.path, answer.status_code)
            for name, value in ALWAYS.items():
                assert answer.headers.getlist(name) == [value], (answer.request.path, status, name)
            if "/static/" not in answer.request.path:
                assert answer.headers["Cache-Control"] == "no-store", answer.request.path


def test_an_error_shows_nothing_of_the_inside_nor_of_what_was_sent(ana):
    for answer in _answers_by_status(ana)[500]:
        assert b"a fault" not in answer.data and b"Traceback" not in answer.data


def test_scripts_and_styles_carry_them_too(ana):
    for path in ("style.css", "boot.js"):
        answer = ana.get(f"/static/{path}")
        assert answer.status_code == 200
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
        answer.close()


def test_json_is_never_a_redirect(app, ana):
    nobody = Browser(app.test_client())
    for path in ("/", "/today", "/counts", "/consultations/new", "/account", "/desks"):
        for browser in (nobody, ana):
            answer = browser.get_json(path)
            assert not 300 <= answer.status_code < 400, (path, answer.status_code)


def test_session_cookies_are_kept_from_scripts_and_other_sites(app):
    answer = Browser(app.test_client()).get("/sync/token")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("ventanilla="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_only_the_form_may_use_the_camera_and_nothing_else(ana):
    answer = ana.get("/consultations/new")
    expected = {**ALWAYS, "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)"}
    assert {name: answer.headers[name] for name in expected} == expected


def test_doubled_slashes_lead_nowhere(app):
    """A redirect would contain a full address, made of the requested host."""
    for path in ("/counts//", "/counts//x", "/v//x", "/accounts/%2F%2Fevil.example/close"):
        answer = in_new_context(app.test_client().get, path, headers={"Host": "evil.example"})
        assert answer.status_code == 404, path
        assert "Location" not in answer.headers


def test_a_long_address_without_a_session_leads_to_sign_in_by_a_short_one(app):
    """A proxy takes an answer's headers up to some length only."""
    client = app.test_client()
    for query in ("x=" + "a" * 3000, "x=" + "%EF%B7%BA" * 300):
        answer = in_new_context(client.get, f"/counts?{query}")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/sign-in?next=%2Fcounts"
