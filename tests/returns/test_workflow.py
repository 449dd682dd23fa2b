"""No action passes a gate, by any account, in any order, at any time, sent twice; withdrawal always works."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.db.session import db
from app.returns.queries.requests import (
    REQUESTS,
    STEPS,
    RequestRow,
    find_request_unscoped,
    state_of,
)
from app.returns.queries.requests import list_steps as steps_of
from app.returns.rules import closing, gates, replay, workflow
from tests.factories.records import JSON, PASSWORD, at, in_new_context, make_account, make_desk
from tests.reference_models.returns import (
    ACTIONS,
    BEST_INTERESTS,
    CHECK,
    CONSENT,
    COUNSELLING,
    EARLY,
    HANDED,
    LATE,
    REASONS_AFTER_DEPARTURE,
    REASONS_BEFORE_DEPARTURE,
    ReturnModel,
)
from tests.server import ROUNDS

pytestmark = pytest.mark.both_databases

BEGIN = at("2026-03-10 18:00")
ZONE = "America/Tegucigalpa"
ACTORS = {"ana": "desk", "bea": "desk", "eva": "supervisor", "ivo": "supervisor"}
OTHERS = ("zoe", "gus", "max", "rita", "cora", "adan")
"""Staff of another desk, of another country, its supervisor; the region, a coordinator, an admin."""
WITHOUT_PERMISSION = {"rita", "cora", "adan"}
TEXT = {"language": "spa", "text_version": "2026-1"}
WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
CHILD = {"sex": "male", "age_band": "age_5_11", "n": 1}
CLOSING_REASONS = sorted(REASONS_BEFORE_DEPARTURE | REASONS_AFTER_DEPARTURE | {"withdrew"})
GROUPS = [[WOMAN], [WOMAN, CHILD], [CHILD], [{**WOMAN, "n": 2}, CHILD]]


class RequestFuzzer:
    """Sends random actions on the requests of one desk, by every account that might try."""

    def __init__(self, app: Flask, seed: int) -> None:
        self.app, self.draw, self.now = app, Random(seed), BEGIN
        self.browsers: dict[str, tuple[FlaskClient, datetime, str]] = {}
        self.outcomes: Counter[str] = Counter()
        self.replays: list[tuple[str, dict[str, Any]]] = []

    @property
    def today(self) -> date:
        return clock.day_at(self.now, ZONE)

    def post(self, username: str, path: str, fields: dict[str, Any]) -> Any:
        """Post and return the answer; sign in again if the clock has moved."""

        def send() -> Any:
            with clock.frozen_at(self.now):
                client, token = self._client(username)
                return client.post(path, json=fields, headers=_headers_with(token))

        return in_new_context(send)

    def _client(self, username: str) -> tuple[Any, str]:
        session_entry = self.browsers.get(username)
        if session_entry is None or self.now - session_entry[1] > timedelta(minutes=20):
            client = self.app.test_client()
            credentials = {"username": username, "password": PASSWORD}
            answer = client.post(
                "/sign-in", json=credentials, headers=_headers_with(_token(client))
            )
            assert answer.status_code == 200, answer.text
            session_entry = self.browsers[username] = (client, self.now, _token(client))
        return session_entry[0], session_entry[2]

    def open_request(self) -> ReturnModel:
        group = self.draw.choice(GROUPS)
        fields = {
            "id": str(uuid4()),
            "desk": "HND-01",
            "from_consultation": None,
            "country_of_departure": "HND",
            "country_of_return": "NIC",
            "nationality": "NIC",
            "persons": group,
            "child_alone": self.draw.random() < 0.2,
        }
        answer = self.post("ana", "/returns", fields)
        assert answer.status_code == 201, answer.text
        is_alone = fields["child_alone"] or group == [CHILD]
        return ReturnModel(answer.get_json()["reference"], group, bool(is_alone))

    def run(self, n_actions: int) -> ReturnModel:
        """Open a request and return its model: first steps that advance it, then blocked and random actions."""
        model = self.open_request()
        self.replays = []
        for _ in range(self.draw.choice((0, 2, 3, 4, 5, 6, 7, 9, 11, 12))):
            self.attempt(model, *self._next_step(model))
        for _ in range(n_actions):
            if self.draw.random() < 0.12:
                self.now += timedelta(days=self.draw.choice((1, 1, 2, 30, 91)))
            choose = self.draw.choice(
                (self._next_step,) * 3 + (self._blocked_step,) * 4 + (self._any_action,) * 3
            )
            self.attempt(model, *choose(model))
        return model

    def _next_step(self, model: ReturnModel) -> tuple[str, str, dict[str, Any]]:
        """Return an allowed action that advances the request, or any action if there is none."""
        pending = [action for action in (*EARLY, *LATE) if not model.has_recorded(action)]
        for action in (
            *pending,
            "resume",
            *("close",) * model.has_recorded("arrived"),
            CONSENT,
            CHECK,
        ):
            for username in ("ana", "eva"):
                fields = {**self.answers_for(action, good=True), "version": model.version}
                if model.is_allowed(action, fields, ACTORS[username], self.today):
                    return username, action, fields
        return self._any_action(model)

    def _blocked_step(self, model: ReturnModel) -> tuple[str, str, dict[str, Any]]:
        """Return a later step by its own actor, well answered: often after a step that ought to block it."""
        for action, fields in self.draw.choice(self._detours()):
            username = "eva" if action == "resume" else self._username_for(model, action)
            self.attempt(model, username, action, {**fields, "version": model.version})
        ahead = [action for action in (*EARLY, *LATE) if not model.has_recorded(action)]
        if self.draw.random() < 0.1 and not model.has_recorded("arrived"):
            return "eva", "close", {"reason": "returned", "version": model.version}
        repeatable = [action for action in (CHECK, BEST_INTERESTS) if model.has_recorded(action)]
        action = self.draw.choice((ahead or ["close"])[:3] + repeatable)
        good = self.draw.random() < 0.6
        fields = {**self.answers_for(action, good), "version": model.version}
        return self._username_for(model, action), action, fields

    @staticmethod
    def _username_for(model: ReturnModel, action: str) -> str:
        return "ana" if action in EARLY and not model.has_recorded(HANDED) else "eva"

    def _detours(self) -> list[list[tuple[str, dict[str, Any]]]]:
        """Return steps that ought to block a request: a warning sign, a doubt, an undecided child, time."""
        if self.draw.random() < 0.2:
            self.now += timedelta(days=91)
        resume = ("resume", self.answers_for("resume", good=True))
        doubt = (CHECK, {**self.answers_for(CHECK, good=True), "free_choice": "refer"})
        child_alone = ("stop", {"signs": ["child_without_family"]})
        pending = {**self.answers_for(BEST_INTERESTS, good=True), "decision": "pending"}
        undecided = (BEST_INTERESTS, pending)
        return [
            [],
            [],
            [("stop", self.answers_for("stop", good=True))],
            [doubt, resume],
            [undecided],
            [child_alone, resume],
        ]

    def _any_action(self, model: ReturnModel) -> tuple[str, str, dict[str, Any]]:
        if self.replays and self.draw.random() < 0.2:
            action, fields = self.draw.choice(self.replays)
            return self.draw.choice(tuple(ACTORS)), action, fields
        usernames = OTHERS if self.draw.random() < 0.2 else tuple(ACTORS)
        may_end = self.draw.random() < 0.15
        actions = (
            ACTIONS if may_end else tuple(a for a in ACTIONS if a not in ("withdraw", "close"))
        )
        action = self.draw.choice(actions)
        fields = self.answers_for(action, good=self.draw.random() < 0.5)
        stale = self.draw.random() < 0.1
        return self.draw.choice(usernames), action, {**fields, "version": model.version - stale}

    def answers_for(self, action: str, good: bool) -> dict[str, Any]:
        """Return the answers of an action: all that it needs, or something else."""
        tick, recent_day = good or self.draw.random() < 0.7, self._recent_day
        yes = "yes" if good else self.draw.choice(("yes", "no", "refer"))
        warning_signs = [] if good or self.draw.random() < 0.5 else [self._warning_sign()]
        pending = "yes" if good else self.draw.choice(("yes", "no", "pending"))
        ticks = {"family_assessed": True, "receiver_confirmed": tick, "child_heard": True}
        by_action: dict[str, dict[str, Any]] = {
            COUNSELLING: {"explained": ["asylum"], **TEXT},
            CONSENT: {
                "options_explained": True, "own_decision": tick, "may_withdraw": True, **TEXT
            },
            CHECK: {
                "free_choice": yes, "informed_decision": "yes", "signs": warning_signs,
                "text_version": "2026-1",
            },
            BEST_INTERESTS: {"authority": "family_court", "decision": pending, **ticks},
            "fit_to_travel": {"fit": pending},
            "travel_arranged": {"transport_mode": "air", "reconfirmed_on": recent_day(good)},
            "departed": {"departed_on": None if good else recent_day(False), "persons": self._departing(good)},
            "arrived": {"arrived_on": None if good else recent_day(False)},
            "stop": {"signs": [self._warning_sign()]},
            "resume": {"ground": "spoken_alone"},
            "close": {"reason": self.draw.choice(CLOSING_REASONS)},
        }  # fmt: skip
        return by_action.get(action, {})

    def _warning_sign(self) -> str:
        return self.draw.choice(("pressure", "detention", "trafficking", "child_without_family"))

    def _recent_day(self, good: bool) -> str:
        back = 0 if good else self.draw.choice((-1, 0, 0, 1, 1, 2, 40))
        return (self.today - timedelta(days=back)).isoformat()

    def _departing(self, good: bool) -> list[dict[str, Any]] | None:
        return None if good else self.draw.choice((None, [WOMAN], [CHILD], [WOMAN, CHILD]))

    def attempt(
        self, model: ReturnModel, username: str, action: str, fields: dict[str, Any]
    ) -> None:
        """Send an action and compare the answer and the database with the model."""
        before = self._rows(model)
        answer = self.post(username, f"/returns/{model.reference}/{action}", fields)
        context = (username, action, fields, model, answer.text)
        if username in OTHERS:
            assert answer.status_code in (
                {403} if username in WITHOUT_PERMISSION else {403, 404}
            ), context
        is_allowed = username in ACTORS and model.is_allowed(
            action, fields, ACTORS[username], self.today
        )
        assert (answer.status_code == 200) == is_allowed, context
        assert is_allowed or answer.status_code in (403, 404, 409, 422), context
        if is_allowed:
            model.record(action, fields, ACTORS[username], self.today)
            self.replays.append((action, fields))
            self.outcomes[action] += 1
        else:
            self.outcomes[self._refusal(answer)] += 1
        self._compare(model, before, answer, context)

    @staticmethod
    def _refusal(answer: Any) -> str:
        body = answer.get_json()
        return str(body.get("problem", "field")) if answer.status_code == 409 else ""

    def _compare(self, model: ReturnModel, before: Any, answer: Any, context: Any) -> None:
        row, steps = self._rows(model)
        assert (row.version, row.stage) == (model.version, model.stage), context
        assert steps[: len(before[1])] == before[1], "an earlier step was changed"
        assert len(steps) == len(model.history) + 1, context
        assert (row.closing_reason, row.is_stopped) == (model.closing_reason, model.is_stopped), (
            context
        )
        departed = model.departed_on if model.counts_as_departed else None
        month = departed.year * 100 + departed.month if departed else None
        assert row.departed_month == month, context
        if answer.status_code != 200:
            assert (row, steps) == before, context

    def _rows(self, model: ReturnModel) -> tuple[Any, list[Any]]:
        of_request = select(REQUESTS).where(REQUESTS.c.reference == model.reference[2:])
        row = db.session.execute(of_request).one()
        of_steps = select(STEPS).where(STEPS.c.request_id == row.id).order_by(STEPS.c.number)
        steps = db.session.execute(of_steps).all()
        db.session.remove()
        return row, list(steps)

    def withdraw(self, model: ReturnModel) -> None:
        """Withdraw, which works from every stage before departure, and only from there."""
        username = self.draw.choice(tuple(ACTORS))
        self.attempt(model, username, "withdraw", {})
        if model.closing_reason == "withdrew":
            self.outcomes[f"withdrawn by {ACTORS[username]}"] += 1


def _token(client: FlaskClient) -> str:
    return str(client.get("/sync/token", headers=JSON).get_json()["csrf_token"])


def _headers_with(token: str) -> dict[str, str]:
    return {"X-CSRFToken": token, **JSON}


def make_people(app: Flask) -> None:
    with clock.frozen_at(BEGIN):
        desk, other_desk = make_desk("HND-01"), make_desk("HND-02")
        abroad = make_desk("GTM-01", "GTM")
        make_account("ana", "desk_staff", (desk,))
        make_account("bea", "desk_staff", (desk,))
        make_account("zoe", "desk_staff", (other_desk,))
        make_account("gus", "desk_staff", (abroad,))
        make_account("eva", "supervisor", countries=("HND",))
        make_account("ivo", "supervisor", countries=("HND", "GTM"))
        make_account("max", "supervisor", countries=("GTM",))
        make_account("rita", "regional")
        make_account("cora", "shelter_coordinator")
        make_account("adan", "admin")
    db.session.remove()


GATES = {
    "consent", "consent_expired", "voluntariness", "supervisor_decision", "best_interests",
    "fit_to_travel", "reconfirmation", "stage_skipped", "already_recorded", "request_closed",
    "has_departed", "after_hand_over", "before_hand_over", "reason_not_now", "not_stopped",
    "not_a_child_alone", "stale",
}  # fmt: skip
EXPECTED_OUTCOMES = {*ACTIONS, *GATES, "withdrawn by desk", "withdrawn by supervisor"}


def run_seeds(app: Flask, n_seeds: int, first: int = 0) -> Counter[str]:
    """Run seeded requests until every expected outcome occurred; return the outcomes."""
    outcomes: Counter[str] = Counter()
    for seed in range(first, first + n_seeds):
        fuzzer = RequestFuzzer(app, seed)
        model = fuzzer.run(fuzzer.draw.choice((2, 6, 10, 14)))
        if seed % 3 == 0:
            fuzzer.withdraw(model)
        outcomes += fuzzer.outcomes
        if seed - first >= 7 * ROUNDS and set(outcomes) >= EXPECTED_OUTCOMES:
            return outcomes
    return outcomes


def test_no_action_passes_a_gate_and_withdrawal_works_from_everywhere_before(app: Flask) -> None:
    make_people(app)
    is_sqlite = app.config["SETTINGS"].database_url.startswith("sqlite")
    outcomes = run_seeds(app, (60 if is_sqlite else 12) * ROUNDS)
    assert not is_sqlite or set(outcomes) >= EXPECTED_OUTCOMES, EXPECTED_OUTCOMES - set(outcomes)
    assert all(matches_replay(row) for row in list_every_request())


def list_every_request() -> list[Any]:
    ids = db.session.scalars(select(REQUESTS.c.id).order_by(REQUESTS.c.id)).all()
    rows = [find_request_unscoped(db.session(), request_id) for request_id in ids]
    db.session.remove()
    return rows


def matches_replay(row: RequestRow) -> bool:
    """Return whether the row of a request is what replaying its steps gives."""
    steps = steps_of(db.session(), [row])[row.id]
    state = state_of(row, steps)
    db.session.remove()
    stored = (row.stage, row.is_stopped, row.departed_on, row.closing_reason, row.consent_until)
    replayed = (state.stage, state.is_stopped, state.departed_on, state.closing_reason)
    return stored == (*replayed, state.consent_until) and row.version == len(steps)


FAULTS: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "a stop does not stop": (
        gates, "_gates", lambda real: lambda state, day: real(replace(state, is_stopped=False), day),
    ),
    "consent never ends": (
        gates, "_gates",
        lambda real: lambda state, day: [gate for gate in real(state, day) if gate[0] != "consent_expired"],
    ),
    "a child alone is like anybody": (
        gates, "_gates",
        lambda real: lambda state, day: real(replace(state, is_child_alone=False), day),
    ),
    "one condition is enough": (
        gates, "_gates",
        lambda real: lambda state, day: real(
            replace(state, informed_decision="yes", free_choice="yes"), day
        ),
    ),
    "a step may be left out": (
        workflow, "next_stages", lambda real: lambda state: EARLY + LATE,
    ),
    "the desk goes on after the hand-over": (
        workflow, "actor_refusal", lambda real: lambda state, stage, actor: "",
    ),
    "withdrawal after departure": (
        closing, "withdrawal_refusal", lambda real: lambda state: "",
    ),
    "departure without asking again": (
        workflow, "blocking_gate", lambda real: lambda state, stage, day: "",
    ),
    "a removal counts as a return": (
        closing, "counts_as_departed", lambda real: lambda state: state.has_departed,
    ),
    "a later answer lifts a stop": (
        replay, "_apply_stop",
        lambda real: lambda state, step: replace(
            real(state, step), is_stopped=bool(step.answers.get("signs"))
        ),
    ),
}  # fmt: skip


FIRST_SEED = {
    "a stop does not stop": 8,
    "consent never ends": 30,
    "a child alone is like anybody": 18,
    "one condition is enough": 27,
    "a step may be left out": 1,
    "the desk goes on after the hand-over": 27,
    "withdrawal after departure": 0,
    "departure without asking again": 4,
    "a removal counts as a return": 0,
    "a later answer lifts a stop": 4,
}
"""The seed whose request shows each fault; if the requests change, the next that does."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_broken_gate_is_caught(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_people(app)
    missed = [name for name in FAULTS if not is_caught(app, monkeypatch, name)]
    assert not missed, missed


def is_caught(app: Flask, monkeypatch: pytest.MonkeyPatch, name: str) -> bool:
    """Return whether seeded requests with that fault differ from the model."""
    module, rule, break_rule = FAULTS[name]
    with monkeypatch.context() as patch:
        patch.setattr(module, rule, break_rule(getattr(module, rule)))
        if rule == "_apply_stop":
            patch.setitem(replay._EFFECTS, "stop", replay._apply_stop)
        try:
            run_seeds(app, 60, first=FIRST_SEED[name])
        except AssertionError:
            return True
        finally:
            db.session.remove()
    return False
