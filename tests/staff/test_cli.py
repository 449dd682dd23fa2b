"""`staff invite|close|reset`: exit 0 done, 1 refused with one sentence, 2 wrong usage."""

import pytest
from click.testing import Result
from flask import Flask

from app.db.session import db
from app.staff import queries
from tests.factories.records import make_account, make_desk, sign_in
from tests.staff.links import NEW_PASSWORD, path_in, set_password

DESK = ("--role", "desk_staff", "--desk", "HND-01")


@pytest.fixture
def staff(app: Flask):
    make_desk("HND-01")

    def run(*arguments: str) -> Result:
        db.session.rollback()
        return app.test_cli_runner().invoke(args=["staff", *arguments])

    return run


def test_invite_prints_a_link_that_works(app: Flask, staff) -> None:
    result = staff("invite", "maria.tgu", *DESK)

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("http://127.0.0.1:8000/invitations/")
    assert set_password(app, path_in(result.stdout)).status_code == 302
    assert sign_in(app, "maria.tgu", NEW_PASSWORD)


@pytest.mark.parametrize(
    "arguments",
    [
        ("Maria", *DESK),
        ("taken", *DESK),
        ("maria.tgu", "--role", "desk_staff"),
        ("maria.tgu", "--role", "desk_staff", "--desk", "HND-99"),
        ("maria.tgu", "--role", "supervisor", "--country", "ESP"),
    ],
)
def test_refused_invitation_says_one_sentence_and_stores_nothing(staff, arguments) -> None:
    make_account("taken", "admin")

    result = staff("invite", *arguments)

    assert result.exit_code == 1
    assert result.stdout == "" and len(result.stderr.strip().splitlines()) == 1
    assert queries.find_account(db.session(), "maria.tgu") is None


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("maria.tgu",),
        ("maria.tgu", "--role", "owner"),
        ("maria.tgu", *DESK, "--locale", "de"),
        ("maria.tgu", *DESK, "--password", "x"),
    ],
)
def test_wrong_usage_exits_2(staff, arguments) -> None:
    assert staff("invite", *arguments).exit_code == 2


def test_close_ends_the_sessions_and_cannot_be_done_twice(app: Flask, staff) -> None:
    make_account("maria.tgu", "admin")
    browser = sign_in(app, "maria.tgu")

    assert staff("close", "maria.tgu").exit_code == 0
    assert browser.get_json("/sync/me").status_code == 401
    for action in ("close", "reset"):
        second = staff(action, "maria.tgu")
        assert second.exit_code == 1 and second.stderr.strip() and second.stdout == ""


def test_reset_prints_a_link_and_an_unknown_name_is_refused(app: Flask, staff) -> None:
    make_account("maria.tgu", "admin")

    result = staff("reset", "maria.tgu")

    assert result.exit_code == 0 and set_password(app, path_in(result.stdout)).status_code == 302
    assert staff("reset", "nobody").exit_code == 1
