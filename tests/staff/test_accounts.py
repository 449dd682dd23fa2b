"""Inviting, resetting and closing accounts: who may, and within which scope."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db.session import db
from app.staff import queries
from app.staff.models import Invitation
from app.staff.queries import INVITATIONS
from tests.factories.records import (
    JSON,
    PASSWORD,
    Browser,
    in_new_context,
    make_account,
    make_desk,
    sign_in,
)
from tests.staff.links import NEW_PASSWORD, path_in, set_password

INVITED = {"username": "maria.tgu", "role": "desk_staff", "desks": "HND-01", "locale": "es"}


@pytest.fixture
def admin(app: Flask) -> Browser:
    make_desk("HND-01")
    make_desk("GTM-01", "GTM")
    make_account("admin", "admin")
    return sign_in(app, "admin")


def supervisor(app: Flask) -> Browser:
    make_account("supervisor.hnd", "supervisor", countries=("HND",))
    return sign_in(app, "supervisor.hnd")


def account_of(username: str):
    account = queries.find_account_line(db.session(), username)
    db.session.rollback()
    return account


def problems_of(answer) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.data
    return [(p["field"], p["code"]) for p in answer.get_json()["problems"]]


def test_invited_person_sets_a_password_and_signs_in(app: Flask, admin: Browser) -> None:
    link = path_in(admin.post_form("/accounts/new", INVITED))

    shown = Browser(app.test_client()).get(link)
    assert shown.status_code == 200 and "maria.tgu" in shown.text
    answer = set_password(app, link)

    assert answer.status_code == 302 and answer.location == "/sign-in"
    me = sign_in(app, "maria.tgu", NEW_PASSWORD).get_json("/sync/me").get_json()
    assert [desk["code"] for desk in me["desks"]] == ["HND-01"]


def test_link_works_once_and_used_old_and_unknown_links_get_the_same_answer(
    app: Flask, admin: Browser
) -> None:
    used = path_in(admin.post_form("/accounts/new", INVITED))
    set_password(app, used)
    earlier = path_in(admin.post_form("/accounts/maria.tgu/reset", {}))
    path_in(admin.post_form("/accounts/maria.tgu/reset", {}))

    bodies = set()
    for path in (used, earlier, "/invitations/never-existed"):
        page = Browser(app.test_client()).get(path)
        answer = set_password(app, path, "yet-another-phrase-altogether")
        assert (page.status_code, answer.status_code) == (404, 404)
        hidden = re.compile(r'name="csrf_token" value="[^"]*"|/invitations/[\w-]+')
        bodies.add(hidden.sub("", page.text))
    assert len(bodies) == 1
    assert sign_in(app, "maria.tgu", NEW_PASSWORD)


def test_link_expires_after_seven_days(app: Flask, admin: Browser) -> None:
    link = path_in(admin.post_form("/accounts/new", INVITED))

    def fetch(after: timedelta) -> int:
        with clock.frozen_at(clock.now() + after):
            return int(app.test_client().get(link).status_code)

    assert in_new_context(fetch, timedelta(days=7, seconds=-60)) == 200
    assert in_new_context(fetch, timedelta(days=7, seconds=1)) == 404


def test_only_the_digest_of_a_link_is_stored(app: Flask, admin: Browser) -> None:
    token = path_in(admin.post_form("/accounts/new", INVITED)).rsplit("/", 1)[1]

    rows = db.session.execute(select(Invitation.__table__)).all()

    assert len(rows) == 1 and token not in str(rows)


def test_link_is_shown_once_and_not_in_the_audit_log_or_the_list(
    app: Flask, admin: Browser
) -> None:
    token = path_in(admin.post_form("/accounts/new", INVITED)).rsplit("/", 1)[1]

    for path in ("/accounts", "/audit", "/account"):
        assert token not in admin.get(path).text


def test_bad_passwords_are_refused_and_leave_the_link_usable(app: Flask, admin: Browser) -> None:
    link = path_in(admin.post_form("/accounts/new", INVITED))

    for password, repeated in (
        ("short", ""),
        ("x" * 201, ""),
        ("aaaaaaaaaaaaaaaa", ""),
        ("maria.tgu-forever", ""),
        ("ventanilla-2026", ""),
        ("", ""),
        (NEW_PASSWORD, NEW_PASSWORD + "x"),
    ):
        answer = set_password(app, link, password, repeated)
        assert answer.status_code == 422, password
        assert password == "" or password not in answer.text
    assert set_password(app, link).status_code == 302


def test_password_is_set_even_if_somebody_else_sat_idle_in_the_browser(
    app: Flask, admin: Browser
) -> None:
    link = path_in(admin.post_form("/accounts/new", INVITED))
    fields = {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD}

    def set_password_five_minutes_later():
        with clock.frozen_at(clock.now() + timedelta(minutes=5)):
            page = admin.client.get(link).text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        with clock.frozen_at(clock.now() + timedelta(minutes=10)):
            return admin.client.post(link, data={**fields, "csrf_token": token})

    assert in_new_context(set_password_five_minutes_later).status_code == 302
    assert sign_in(app, "maria.tgu", NEW_PASSWORD)


def test_problems_of_an_invitation_are_reported_at_their_fields(admin: Browser) -> None:
    cases = (
        ({"username": ""}, [("username", "required")]),
        ({"username": "Maria"}, [("username", "not_a_username")]),
        ({"username": "a b"}, [("username", "not_a_username")]),
        ({"username": "m\x00ria"}, [("username", "not_a_username")]),
        ({"username": "admin"}, [("username", "taken")]),
        ({"role": "owner"}, [("role", "unknown_code")]),
        ({"desks": []}, [("desks", "required")]),
        ({"desks": "HND-99"}, [("desks", "unknown_code")]),
        ({"role": "supervisor"}, [("countries", "required")]),
        ({"role": "supervisor", "countries": "ESP"}, [("countries", "unknown_code")]),
        ({"locale": "de"}, [("locale", "unknown_code")]),
        ({"email": "a@b.c"}, [("email", "unknown_field")]),
    )
    for changes, problems in cases:
        assert (
            problems_of(admin.post_form("/accounts/new", {**INVITED, **changes}, headers=JSON))
            == problems
        )
    assert account_of("maria.tgu") is None


def test_invitation_page_keeps_what_was_typed(admin: Browser) -> None:
    answer = admin.post_form("/accounts/new", {**INVITED, "username": "<Maria>"})

    assert answer.status_code == 422
    assert 'value="&lt;Maria&gt;"' in answer.text and 'value="HND-01" checked' in answer.text


def test_admin_invites_every_role_with_the_scope_that_it_needs_and_no_other(
    app: Flask, admin: Browser
) -> None:
    for role in ("desk_staff", "shelter_coordinator", "supervisor", "regional", "admin"):
        fields = {
            "username": f"new.{role}",
            "role": role,
            "desks": ["HND-01"],
            "countries": ["GTM"],
            "locale": "es",
        }
        assert admin.post_form("/accounts/new", fields).status_code == 200
        line = account_of(f"new.{role}")
        assert bool(line.desks) == (role == "desk_staff")
        assert bool(line.countries) == (role == "supervisor")


def test_supervisor_invites_desk_staff_of_own_countries_and_nobody_else(
    app: Flask, admin: Browser
) -> None:
    browser = supervisor(app)

    page = browser.get("/accounts/new").text
    assert 'value="HND-01"' in page and "GTM-01" not in page and 'value="admin"' not in page
    assert 'name="countries"' not in page

    for changes, problem in (
        ({"role": "supervisor", "countries": "HND"}, ("role", "unknown_code")),
        ({"role": "admin"}, ("role", "unknown_code")),
        ({"desks": "GTM-01"}, ("desks", "unknown_code")),
        ({"desks": ["HND-01", "GTM-01"]}, ("desks", "unknown_code")),
        ({"desks": "NOT-THERE"}, ("desks", "unknown_code")),
    ):
        assert problems_of(
            browser.post_form("/accounts/new", {**INVITED, **changes}, headers=JSON)
        ) == [problem]
    assert account_of("maria.tgu") is None
    assert path_in(browser.post_form("/accounts/new", INVITED))


def test_supervisor_sees_and_manages_desk_staff_of_own_countries_alone(
    app: Flask, admin: Browser
) -> None:
    hnd, gtm = make_desk("HND-02"), make_desk("GTM-02", "GTM")
    make_account("desk.hnd", "desk_staff", (hnd,))
    make_account("desk.gtm", "desk_staff", (gtm,))
    make_account("desk.both", "desk_staff", (hnd, gtm))
    browser = supervisor(app)

    listed = browser.get("/accounts").text
    assert "desk.hnd" in listed and "desk.both" in listed
    assert "desk.gtm" not in listed and "GTM-02" not in listed and ">admin<" not in listed

    for username in ("desk.gtm", "desk.both", "admin", "supervisor.hnd", "nobody", "%00"):
        for action in ("reset", "close"):
            assert browser.post_form(f"/accounts/{username}/{action}", {}).status_code == 404
    assert browser.post_form("/accounts/desk.hnd/close", {}).status_code == 302
    assert account_of("desk.hnd") is None and account_of("desk.both")


def test_closed_account_is_signed_out_at_once_and_stays_closed(app: Flask, admin: Browser) -> None:
    link = path_in(admin.post_form("/accounts/new", INVITED))
    set_password(app, link)
    browser = sign_in(app, "maria.tgu", NEW_PASSWORD)
    reset = path_in(admin.post_form("/accounts/maria.tgu/reset", {}))

    assert admin.post_form("/accounts/maria.tgu/close", {}).status_code == 302

    assert browser.get_json("/sync/me").status_code == 401
    assert app.test_client().get(reset).status_code == 404
    credentials = {"username": "maria.tgu", "password": NEW_PASSWORD}
    assert Browser(app.test_client()).post("/sign-in", credentials).status_code == 401
    for action in ("close", "reset"):
        assert admin.post_form(f"/accounts/maria.tgu/{action}", {}).status_code == 404
    assert problems_of(admin.post_form("/accounts/new", INVITED, headers=JSON)) == [
        ("username", "taken")
    ]


def test_nobody_closes_the_own_account(admin: Browser) -> None:
    by_json = admin.post_form("/accounts/admin/close", {}, headers=JSON)

    assert problems_of(by_json) == [("username", "own_account")]
    assert admin.post_form("/accounts/admin/close", {}).status_code == 422
    assert admin.get_json("/sync/me").status_code == 200


def test_reset_keeps_the_old_password_until_the_new_one_is_set(app: Flask, admin: Browser) -> None:
    make_account("desk.hnd", "desk_staff")
    browser = sign_in(app, "desk.hnd")

    link = path_in(admin.post_form("/accounts/desk.hnd/reset", {}))
    assert browser.get_json("/sync/me").status_code == 200
    set_password(app, link)

    assert browser.get_json("/sync/me").status_code == 401
    old = Browser(app.test_client()).post(
        "/sign-in", {"username": "desk.hnd", "password": PASSWORD}
    )
    assert old.status_code == 401
    assert sign_in(app, "desk.hnd", NEW_PASSWORD)


def test_programs_get_the_link_as_json_and_never_a_redirect(admin: Browser) -> None:
    invited = admin.post_form("/accounts/new", INVITED, headers=JSON)

    assert invited.status_code == 200 and invited.get_json().keys() == {"account", "link"}
    closed = admin.post_form("/accounts/maria.tgu/close", {}, headers=JSON)
    assert closed.status_code == 200 and closed.get_json() == {}


def test_audit_log_is_paged_named_and_scoped(app: Flask, admin: Browser) -> None:
    admin.post_form("/accounts/new", INVITED)
    admin.post_form("/accounts/new", {**INVITED, "username": "juan.gua", "desks": "GTM-01"})
    browser = supervisor(app)
    admin.client.set_cookie("locale", "en")
    browser.client.set_cookie("locale", "en")

    everything, own_scope = admin.get("/audit").text, browser.get("/audit").text

    assert (
        "Invited an account" in everything
        and "maria.tgu" in everything
        and "juan.gua" in everything
    )
    assert "maria.tgu" in own_scope and "juan.gua" not in own_scope and "GTM-01" not in own_scope
    assert "Read the audit log" in admin.get("/audit").text
    assert "Invited an account" not in admin.get("/audit?before=1").text
    for before in ("x", "-1", "9" * 40, "٣"):
        assert admin.get(f"/audit?before={before}").status_code == 404
    assert admin.get("/trail?before=7").location == "/audit?before=7"


def test_two_uses_of_one_link_at_once_set_one_password(app: Flask, admin: Browser) -> None:
    from concurrent.futures import ThreadPoolExecutor

    link = path_in(admin.post_form("/accounts/new", INVITED))
    phrases = [f"{NEW_PASSWORD}-{n}" for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda phrase: set_password(app, link, phrase).status_code, phrases)
        )

    assert sorted(answers) == [302, 404, 404, 404]
    used = db.session.execute(select(INVITATIONS.c.used_at)).scalars().all()
    db.session.rollback()
    assert len(used) == 1 and used[0] is not None
    winner = phrases[answers.index(302)]
    assert sign_in(app, "maria.tgu", winner)
