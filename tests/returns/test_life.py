"""No way leads past a gate, whoever acts, in whatever order, at whatever time, sent twice; withdrawal works."""

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
    ACTS,
    AFTER,
    BEFORE,
    BEST_INTERESTS,
    CHECK,
    CONSENT,
    COUNSELLING,
    EARLY,
    HANDED,
    LATE,
    Believed,
)
from tests.server import ROUNDS

pytestmark = pytest.mark.both_databases

BEGIN = at("2026-03-10 18:00")
ZONE = "America/Tegucigalpa"
SIDES = {"ana": "desk", "bea": "desk", "eva": "supervisor", "ivo": "supervisor"}
OTHERS = ("zoe", "gus", "max", "rita", "cora", "adan")
"""Another desk's, another country's desk and supervisor; the region, a coordinator, an admin."""
WITHOUT = {"rita", "cora", "adan"}
TEXT = {"language": "spa", "text_version": "2026-1"}
WOMAN = {"sex": "female", "age_band": "age_25_59", "n": 1}
CHILD = {"sex": "male", "age_band": "age_5_11", "n": 1}
GROUPS = [[WOMAN], [WOMAN, CHILD], [CHILD], [{**WOMAN, "n": 2}, CHILD]]


class Life:
    """One country with a desk, and everybody who might try something with its requests."""

    def __init__(self, app: Flask, seed: int) -> None:
        self.app, self.draw, self.now = app, Random(seed), BEGIN
        self.browsers: dict[str, tuple[FlaskClient, datetime, str]] = {}
        self.met: Counter[str] = Counter()
        self.replays: list[tuple[str, dict[str, Any]]] = []

    @property
    def today(self) -> date:
        return clock.day_at(self.now, ZONE)

    def ask(self, who: str, path: str, said: dict[str, Any]) -> Any:
        """The answer of a post; signs in again where the clock has moved."""

        def go() -> Any:
            with clock.frozen_at(self.now):
                client, token = self._client(who)
                return client.post(path, json=said, headers=_with(token))

        return in_new_context(go)

    def _client(self, who: str) -> tuple[Any, str]:
        known = self.browsers.get(who)
        if known is None or self.now - known[1] > timedelta(minutes=20):
            client = self.app.test_client()
            said = {"username": who, "password": PASSWORD}
            signed = client.post("/sign-in", json=said, headers=_with(_token(client)))
            assert signed.status_code == 200, signed.text
            known = self.browsers[who] = (client, self.now, _token(client))
        return known[0], known[2]

    def open(self) -> Believed:
        group = self.draw.choice(GROUPS)
        said = {
            "id": str(uuid4()),
            "desk": "HND-01",
            "from_consultation": None,
            "country_of_departure": "HND",
            "country_of_return": "NIC",
            "nationality": "NIC",
            "persons": group,
            "child_alone": self.draw.random() < 0.2,
        }
        answer = self.ask("ana", "/returns", said)
        assert answer.status_code == 201, answer.text
        is_alone = said["child_alone"] or group == [CHILD]
        return Believed(answer.get_json()["reference"], group, bool(is_alone))

    def live(self, moves: int) -> Believed:
        """One request's life: a part that leads on; then some push on though they may not, or do anything."""
        one = self.open()
        self.replays = []
        for _ in range(self.draw.choice((0, 2, 3, 4, 5, 6, 7, 9, 11, 12))):
            self.attempt(one, *self._onward(one))
        for _ in range(moves):
            if self.draw.random() < 0.12:
                self.now += timedelta(days=self.draw.choice((1, 1, 2, 30, 91)))
            move = self.draw.choice((self._onward,) * 3 + (self._push,) * 4 + (self._anything,) * 3)
            self.attempt(one, *move(one))
        return one

    def _onward(self, one: Believed) -> tuple[str, str, dict[str, Any]]:
        """A move that goes on, as far as one can be seen."""
        wanted = [act for act in (*EARLY, *LATE) if not one.did(act)]
        for act in (*wanted, "resume", *("close",) * one.did("arrived"), CONSENT, CHECK):
            for who in ("ana", "eva"):
                said = {**self.answers(act, good=True), "version": one.version}
                if one.may(act, said, SIDES[who], self.today):
                    return who, act, said
        return self._anything(one)

    def _push(self, one: Believed) -> tuple[str, str, dict[str, Any]]:
        """A step that lies ahead, by whose it is, well answered: often after something that ought to keep it."""
        for act, said in self.draw.choice(self._detours()):
            who = "eva" if act == "resume" else self._side(one, act)
            self.attempt(one, who, act, {**said, "version": one.version})
        ahead = [act for act in (*EARLY, *LATE) if not one.did(act)] or ["close"]
        if self.draw.random() < 0.1 and not one.did("arrived"):
            return "eva", "close", {"reason": "returned", "version": one.version}
        again = [act for act in (CHECK, BEST_INTERESTS) if one.did(act)]
        act = self.draw.choice(ahead[:3] + again)
        good = self.draw.random() < 0.6
        said = {**self.answers(act, good), "version": one.version}
        return self._side(one, act), act, said

    @staticmethod
    def _side(one: Believed, act: str) -> str:
        return "ana" if act in EARLY and not one.did(HANDED) else "eva"

    def _detours(self) -> list[list[tuple[str, dict[str, Any]]]]:
        """What ought to keep a request: time, a sign, a doubt that only the check can lift, a child nobody judged."""
        if self.draw.random() < 0.2:
            self.now += timedelta(days=91)
        resume = ("resume", self.answers("resume", good=True))
        doubt = (CHECK, {**self.answers(CHECK, good=True), "free_choice": "refer"})
        child_alone = ("stop", {"signs": ["child_without_family"]})
        open_still = {**self.answers(BEST_INTERESTS, good=True), "decision": "pending"}
        judged = (BEST_INTERESTS, open_still)
        return [
            [],
            [],
            [("stop", self.answers("stop", good=True))],
            [doubt, resume],
            [judged],
            [child_alone, resume],
        ]

    def _anything(self, one: Believed) -> tuple[str, str, dict[str, Any]]:
        if self.replays and self.draw.random() < 0.2:
            act, said = self.draw.choice(self.replays)
            return self.draw.choice(tuple(SIDES)), act, said
        rare = OTHERS if self.draw.random() < 0.2 else tuple(SIDES)
        ending_acts = self.draw.random() < 0.15
        acts = ACTS if ending_acts else tuple(a for a in ACTS if a not in ("withdraw", "close"))
        act = self.draw.choice(acts)
        said = self.answers(act, good=self.draw.random() < 0.5)
        stale = self.draw.random() < 0.1
        return self.draw.choice(rare), act, {**said, "version": one.version - stale}

    def answers(self, act: str, good: bool) -> dict[str, Any]:
        """What goes with an act: all that it needs, or something else."""
        tick, day = good or self.draw.random() < 0.7, self._day
        yes = "yes" if good else self.draw.choice(("yes", "no", "refer"))
        signs = [] if good or self.draw.random() < 0.5 else [self._sign()]
        pending = "yes" if good else self.draw.choice(("yes", "no", "pending"))
        ticks = {"family_assessed": True, "receiver_confirmed": tick, "child_heard": True}
        said: dict[str, dict[str, Any]] = {
            COUNSELLING: {"explained": ["asylum"], **TEXT},
            CONSENT: {
                "options_explained": True, "own_decision": tick, "may_withdraw": True, **TEXT
            },
            CHECK: {
                "free_choice": yes, "informed_decision": "yes", "signs": signs,
                "text_version": "2026-1",
            },
            BEST_INTERESTS: {"authority": "family_court", "decision": pending, **ticks},
            "fit_to_travel": {"fit": pending},
            "travel_arranged": {"transport_mode": "air", "reconfirmed_on": day(good)},
            "departed": {"departed_on": None if good else day(False), "persons": self._going(good)},
            "arrived": {"arrived_on": None if good else day(False)},
            "stop": {"signs": [self._sign()]},
            "resume": {"ground": "spoken_alone"},
            "close": {"reason": self.draw.choice(sorted(BEFORE | AFTER | {"withdrew"}))},
        }  # fmt: skip
        return said.get(act, {})

    def _sign(self) -> str:
        return self.draw.choice(("pressure", "detention", "trafficking", "child_without_family"))

    def _day(self, good: bool) -> str:
        back = 0 if good else self.draw.choice((-1, 0, 0, 1, 1, 2, 40))
        return (self.today - timedelta(days=back)).isoformat()

    def _going(self, good: bool) -> list[dict[str, Any]] | None:
        return None if good else self.draw.choice((None, [WOMAN], [CHILD], [WOMAN, CHILD]))

    def attempt(self, one: Believed, who: str, act: str, said: dict[str, Any]) -> None:
        """Sends a move and holds the answer and the database against what is believed."""
        before = self._rows(one)
        answer = self.ask(who, f"/returns/{one.reference}/{act}", said)
        told = (who, act, said, one, answer.text)
        if who in OTHERS:
            assert answer.status_code in ({403} if who in WITHOUT else {403, 404}), told
        may = who in SIDES and one.may(act, said, SIDES[who], self.today)
        assert (answer.status_code == 200) == may, told
        assert may or answer.status_code in (403, 404, 409, 422), told
        if may:
            one.follow(act, said, SIDES[who], self.today)
            self.replays.append((act, said))
            self.met[act] += 1
        else:
            self.met[self._refusal(answer)] += 1
        self._compare(one, before, answer, told)

    @staticmethod
    def _refusal(answer: Any) -> str:
        said = answer.get_json()
        return str(said.get("problem", "field")) if answer.status_code == 409 else ""

    def _compare(self, one: Believed, before: Any, answer: Any, told: Any) -> None:
        row, steps = self._rows(one)
        assert (row.version, row.stage) == (one.version, one.stage), told
        assert steps[: len(before[1])] == before[1], "an earlier step was changed"
        assert len(steps) == len(one.history) + 1, told
        assert (row.closing_reason, row.is_stopped) == (one.closed, one.is_stopped), told
        departed = one.departed_on if one.counts_as_departed else None
        month = departed.year * 100 + departed.month if departed else None
        assert row.departed_month == month, told
        if answer.status_code != 200:
            assert (row, steps) == before, told

    def _rows(self, one: Believed) -> tuple[Any, list[Any]]:
        mine = select(REQUESTS).where(REQUESTS.c.reference == one.reference[2:])
        row = db.session.execute(mine).one()
        theirs = select(STEPS).where(STEPS.c.request_id == row.id).order_by(STEPS.c.number)
        steps = db.session.execute(theirs).all()
        db.session.remove()
        return row, list(steps)

    def withdraw_at(self, one: Believed) -> None:
        """Withdrawal works from wherever the request stands before departure, and only from there."""
        who = self.draw.choice(tuple(SIDES))
        self.attempt(one, who, "withdraw", {})
        if one.closed == "withdrew":
            self.met[f"withdrawn by {SIDES[who]}"] += 1


def _token(client: FlaskClient) -> str:
    return str(client.get("/sync/token", headers=JSON).get_json()["csrf_token"])


def _with(token: str) -> dict[str, str]:
    return {"X-CSRFToken": token, **JSON}


def people(app: Flask) -> None:
    with clock.frozen_at(BEGIN):
        desk, other = make_desk("HND-01"), make_desk("HND-02")
        abroad = make_desk("GTM-01", "GTM")
        make_account("ana", "desk_staff", (desk,))
        make_account("bea", "desk_staff", (desk,))
        make_account("zoe", "desk_staff", (other,))
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
TO_MEET = {*ACTS, *GATES, "withdrawn by desk", "withdrawn by supervisor"}


def lives(app: Flask, most: int, first: int = 0) -> Counter[str]:
    """Seeded lives until everything was met that can be; what was met."""
    met: Counter[str] = Counter()
    for seed in range(first, first + most):
        life = Life(app, seed)
        one = life.live(life.draw.choice((2, 6, 10, 14)))
        if seed % 3 == 0:
            life.withdraw_at(one)
        met += life.met
        if seed - first >= 7 * ROUNDS and set(met) >= TO_MEET:
            return met
    return met


def test_no_way_leads_past_a_gate_and_withdrawal_works_from_everywhere_before(app: Flask) -> None:
    people(app)
    is_sqlite = app.config["SETTINGS"].database_url.startswith("sqlite")
    met = lives(app, (60 if is_sqlite else 12) * ROUNDS)
    assert not is_sqlite or set(met) >= TO_MEET, TO_MEET - set(met)
    assert all(folded(row) for row in every_request())


def every_request() -> list[Any]:
    found = db.session.scalars(select(REQUESTS.c.id).order_by(REQUESTS.c.id)).all()
    rows = [find_request_unscoped(db.session(), one) for one in found]
    db.session.remove()
    return rows


def folded(row: RequestRow) -> bool:
    """Whether what is kept of a request is what its steps add up to."""
    steps = steps_of(db.session(), [row])[row.id]
    stands = state_of(row, steps)
    db.session.remove()
    kept = (row.stage, row.is_stopped, row.departed_on, row.closing_reason, row.consent_until)
    told = (stands.stage, stands.is_stopped, stands.departed_on, stands.closing_reason)
    return kept == (*told, stands.consent_until) and row.version == len(steps)


MUTANTS: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "a stop does not stop": (
        gates, "_gates", lambda real: lambda standing, day: real(replace(standing, is_stopped=False), day),
    ),
    "consent never ends": (
        gates, "_gates",
        lambda real: lambda standing, day: [one for one in real(standing, day) if one[0] != "consent_expired"],
    ),
    "a child alone is like anybody": (
        gates, "_gates",
        lambda real: lambda standing, day: real(replace(standing, is_child_alone=False), day),
    ),
    "one condition is enough": (
        gates, "_gates",
        lambda real: lambda standing, day: real(
            replace(standing, informed_decision="yes", free_choice="yes"), day
        ),
    ),
    "a step may be left out": (
        workflow, "next_stages", lambda real: lambda standing: EARLY + LATE,
    ),
    "the desk goes on after the hand-over": (
        workflow, "actor_refusal", lambda real: lambda standing, stage, side: "",
    ),
    "withdrawal after departure": (
        closing, "withdrawal_refusal", lambda real: lambda standing: "",
    ),
    "departure without asking again": (
        workflow, "blocking_gate", lambda real: lambda standing, stage, day: "",
    ),
    "a removal counts as a return": (
        closing, "counts_as_departed", lambda real: lambda standing: standing.has_departed,
    ),
    "a later answer lifts a stop": (
        replay, "_apply_stop",
        lambda real: lambda standing, step: {
            **real(standing, step), "is_stopped": bool(step.answers.get("signs"))
        },
    ),
}  # fmt: skip


SHOWN_BY = {
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
"""The life that shows each of them; where lives change, the next that does."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_broken_gate_is_caught(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    people(app)
    missed = [name for name in MUTANTS if not is_caught(app, monkeypatch, name)]
    assert not missed, missed


def is_caught(app: Flask, monkeypatch: pytest.MonkeyPatch, name: str) -> bool:
    """Whether lives with that fault go another way than is believed."""
    room, rule, broken = MUTANTS[name]
    with monkeypatch.context() as patch:
        patch.setattr(room, rule, broken(getattr(room, rule)))
        if rule == "_apply_stop":
            patch.setitem(replay._FROM_STATE, "stop", replay._apply_stop)
        try:
            lives(app, 60, first=SHOWN_BY[name])
        except AssertionError:
            return True
        finally:
            db.session.remove()
    return False
