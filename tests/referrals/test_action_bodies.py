"""What a request may send with an action on a referral, and what is reported at which field."""

from typing import Any

import pytest

from app.referrals.actions.action_context import ActionInput
from app.referrals.rules.states import ACTIONS
from app.referrals.schemas.action_bodies import ACTION_BODIES, parse_action

SHELTERS = {"HND-S1": 7}
WOMEN = {"sex": "female", "age_band": "age_25_59", "n": 2}
READ: list[tuple[str, dict[str, Any], ActionInput]] = [
    ("seen", {}, ActionInput()),
    ("cancel", {"version": None}, ActionInput()),
    ("seen", {"reason": "no_capacity", "persons": 3}, ActionInput()),
    ("cancel", {"version": "12"}, ActionInput(version=12)),
    ("accept", {"shelter": "HND-S1", "version": 3}, ActionInput(3, 7)),
    ("accept", {"over_capacity": {"reason": "damage"}}, ActionInput(over_capacity="damage")),
    ("accept", {"over_capacity": "damage"}, ActionInput(over_capacity="damage")),
    ("decline", {"reason": "no_capacity"}, ActionInput(reason="no_capacity")),
    ("request-info", {"questions": ["cot", "cot"]}, ActionInput(questions=("cot",))),
    ("answer-info", {"answers": {"cot": "yes"}}, ActionInput(answers={"cot": "yes"})),
    ("arrive", {"persons": "4"}, ActionInput(arrived=4)),
    ("arrive", {"persons": [WOMEN]}, ActionInput(arrived=2)),
]
REFUSED: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("seen", {"version": "x"}, ("version", "not_a_number")),
    ("seen", {"version": True}, ("version", "not_a_number")),
    ("seen", {"shelter": "HND-S9"}, ("shelter", "unknown_shelter")),
    ("seen", {"shelter": ["HND-S1"]}, ("shelter", "unreadable")),
    ("cancel", {"name": "Maria"}, ("name", "unknown_field")),
    ("accept", {"over_capacity": {"reason": 5}}, ("over_capacity.reason", "unreadable")),
    ("accept", {"over_capacity": "x" * 1001}, ("over_capacity", "too_long")),
    ("decline", {"reason": "x" * 81}, ("reason", "unreadable")),
    ("request-info", {"questions": "cot"}, ("questions", "unreadable")),
    ("answer-info", {"answers": {"cot": 1}}, ("answers", "unreadable")),
    ("arrive", {"persons": []}, ("persons", "no_people")),
    ("arrive", {"persons": [{**WOMEN, "n": 100}]}, ("persons.0.n", "out_of_range")),
    ("arrive", {"persons": "many"}, ("persons", "not_a_number")),
]


def test_every_action_has_a_schema() -> None:
    assert ACTION_BODIES.keys() == ACTIONS.keys()


@pytest.mark.parametrize(("action", "raw", "expected"), READ)
def test_an_action_gets_its_input(action: str, raw: dict[str, Any], expected: ActionInput) -> None:
    assert parse_action(action, raw, SHELTERS) == (expected, [])


@pytest.mark.parametrize(("action", "raw", "error"), REFUSED)
def test_what_cannot_be_read_is_reported_at_its_field(
    action: str, raw: dict[str, Any], error: tuple[str, str]
) -> None:
    _, errors = parse_action(action, raw, SHELTERS)
    assert [(each.field, each.code) for each in errors] == [error]
