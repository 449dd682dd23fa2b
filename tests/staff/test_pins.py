"""The PIN of a shared tablet: how it is set, what a tablet gets of it, and how often it may be tried."""

from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select

from app import clock
from app.db.session import db, unit_of_work
from app.staff import queries, rules
from app.staff.actions import accounts, hashing, pins
from app.staff.queries import PINS
from tests.factories.records import PASSWORD, at, in_new_context, make_account, make_desk, sign_in

PIN = "493817"
WRONG = "593817"
NEW_PASSWORD = "another-long-phrase"
MORNING = at("2026-03-14 15:00")


@pytest.fixture
def desk(app):
    return make_desk()


@pytest.fixture
def ana(desk):
    return make_account("ana", "desk_staff", (desk,))


def set_pin(principal, pin=PIN):
    with unit_of_work():
        assert pins.set_pin(db.session(), principal, PASSWORD, pin, pin) == []


def check_pin(desk, pin, username="ana"):
    with unit_of_work():
        return pins.check_pin(username, pin, desk.id)


def stored_pins():
    return db.session.execute(select(PINS).order_by(PINS.c.account_id)).mappings().all()


def pin_form(**fields):
    return {"own_password": PASSWORD, "pin": PIN, "repeated_pin": PIN, **fields}


def test_six_digits_that_neither_count_nor_repeat_are_a_pin():
    assert rules.pin_error(PIN) is None
    for text in ("", "12345", "1234567", "12345a", "４９３８１７", "493817\n"):
        assert rules.pin_error(text) == "not_a_pin", text
    for text in ("000000", "777777", "123456", "654321", "012345", "121212", "123123", "112233"):
        assert rules.pin_error(text) == "pin_too_easy", text


def test_a_pin_is_set_with_the_password_on_the_own_account_page(app, ana):
    browser = sign_in(app, "ana")
    assert browser.post_form("/account/pin", pin_form()).status_code == 302
    assert [row["account_id"] for row in stored_pins()] == [ana.account_id]
    db.session.rollback()
    assert "/account/pin/remove" in browser.get("/account").text
    assert browser.post_form("/account/pin/remove", {}).status_code == 302
    assert stored_pins() == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"own_password": "not-the-password"}, "own_password"),
        ({"pin": "123456", "repeated_pin": "123456"}, "pin"),
        ({"repeated_pin": WRONG}, "repeated_pin"),
        ({"pin": ""}, "pin"),
        ({"name": "ana"}, "name"),
    ],
)
def test_a_refused_pin_names_its_field_and_sets_nothing(app, ana, fields, field):
    answer = sign_in(app, "ana").post_form(
        "/account/pin", pin_form(**fields), headers={"Accept": "application/json"}
    )
    assert answer.status_code == 422
    assert field in answer.text
    assert PIN not in answer.text
    assert stored_pins() == []


def test_who_does_not_work_at_a_desk_has_no_pin(app, desk):
    make_account("eva", "supervisor", countries=("HND",))
    browser = sign_in(app, "eva")
    assert browser.post_form("/account/pin", pin_form()).status_code == 403
    assert "/account/pin" not in browser.get("/account").text


def test_nothing_stored_or_sent_to_a_tablet_holds_more_than_ten_bits_of_the_pin(desk, ana):
    set_pin(ana)
    (row,) = stored_pins()
    assert PIN not in str(dict(row))
    assert row["pin_hash"].startswith("$argon2id$")
    (desk_pin,) = queries.list_pins(db.session(), desk.id)
    salt = urlsafe_b64decode(desk_pin.salt + "==")
    assert len(salt) == 16
    bits = int.from_bytes(sha256(salt + PIN.encode()).digest(), "big") >> 246
    assert desk_pin.check == bits < 1024
    left = [n for n in range(1_000_000) if rules.pin_check_bits(salt, f"{n:06d}") == bits]
    assert 850 < len(left) < 1100


def test_a_tablet_knows_the_open_desk_staff_of_its_own_desk_only(desk, ana):
    other = make_desk("HND-02")
    make_account("berta", "desk_staff", (desk, other))
    make_account("carlos", "desk_staff", (other,))
    make_account("eva", "supervisor", countries=("HND",))
    make_account("dora", "desk_staff", (desk,))
    set_pin(ana)
    with unit_of_work():
        accounts.close_account(db.session(), None, queries.find_account(db.session(), "dora"))
    people = queries.list_pins(db.session(), desk.id)
    assert [person.account for person in people] == ["ana", "berta"]
    assert [person.check is None for person in people] == [False, True]


def test_the_right_pin_opens_and_forgets_the_wrong_ones_before(desk, ana):
    set_pin(ana)
    assert check_pin(desk, WRONG).left == 4
    assert check_pin(desk, PIN).account.username == "ana"
    assert check_pin(desk, WRONG).left == 4


def test_after_five_wrong_pins_even_the_right_one_waits_a_quarter_of_an_hour(desk, ana):
    with clock.frozen_at(MORNING):
        set_pin(ana)
        assert [check_pin(desk, WRONG).left for _ in range(5)] == [4, 3, 2, 1, 0]
        assert check_pin(desk, PIN).must_wait
    with clock.frozen_at(MORNING + timedelta(minutes=14)):
        assert check_pin(desk, PIN).must_wait
    with clock.frozen_at(MORNING + timedelta(minutes=15)):
        assert check_pin(desk, PIN).account is not None


def test_after_ten_wrong_pins_in_a_row_the_pin_is_removed(desk, ana):
    for hour in (0, 1):
        with clock.frozen_at(MORNING + timedelta(hours=hour)):
            if hour == 0:
                set_pin(ana)
            for _ in range(5):
                assert check_pin(desk, WRONG).account is None
    assert stored_pins() == []
    check = check_pin(desk, PIN)
    assert check.account is None
    assert not check.must_wait


def test_an_attempt_stays_counted_if_the_request_fails_afterwards(desk, ana):
    set_pin(ana)
    with pytest.raises(RuntimeError), unit_of_work():
        pins.check_pin("ana", WRONG, desk.id)
        raise RuntimeError
    assert stored_pins()[0]["failed_attempts"] == 1


def test_twenty_tries_at_once_check_no_more_than_five(app, desk, ana):
    set_pin(ana)
    db.session.remove()

    def check_wrong_pin(_):
        with app.app_context():
            return check_pin(desk, WRONG)

    with ThreadPoolExecutor(hashing.MAX_HASHING_THREADS) as pool:
        checks = list(pool.map(lambda n: in_new_context(check_wrong_pin, n), range(20)))
    assert sum(check.must_wait for check in checks) == 15
    assert stored_pins()[0]["failed_attempts"] == 5


@pytest.mark.parametrize("username", ["carlos", "nobody", "", "a\x00b", "x" * 5000])
def test_a_stranger_to_the_desk_opens_nothing(desk, ana, username):
    set_pin(make_account("carlos", "desk_staff", (make_desk("HND-02"),)))
    assert check_pin(desk, PIN, username) == pins.PinCheck()


@pytest.mark.parametrize("pin", ["", "\x00", "9" * 5000, "\ud800"])
def test_what_is_no_pin_is_a_wrong_one(desk, ana, pin):
    set_pin(ana)
    assert check_pin(desk, pin).left == 4


def close_account(principal):
    accounts.close_account(db.session(), None, queries.find_account(db.session(), "ana"))


def start_reset(principal):
    accounts.start_reset(db.session(), None, queries.find_account(db.session(), "ana"))


def change_password(principal):
    passwords = (PASSWORD, NEW_PASSWORD, NEW_PASSWORD)
    assert accounts.change_password(db.session(), principal, *passwords) == []


@pytest.mark.parametrize("change", [close_account, start_reset, change_password])
def test_a_closed_account_a_reset_and_a_new_password_take_the_pin_away(desk, ana, change):
    set_pin(ana)
    with unit_of_work():
        change(ana)
    assert stored_pins() == []
    assert check_pin(desk, PIN).account is None


def test_setting_and_removing_a_pin_stand_in_the_audit_log(desk, ana):
    set_pin(ana)
    with unit_of_work():
        pins.remove_pin(db.session(), ana)
        pins.remove_pin(db.session(), ana)
    actions = [line.action for line in queries.list_audit_log(db.session(), None, None, 9)]
    assert actions.count("pin_set") == 1
    assert actions.count("pin_removed") == 1
