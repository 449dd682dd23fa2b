"""Only allowed actions succeed, by any account, in any order, at any time; beds follow from history."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from app import clock
from app.db.session import db, unit_of_work
from app.referrals.actions.expire import expire_overdue
from app.referrals.rules.states import ACTIONS
from app.shelters.models import BedChange, BedHold
from tests.factories.records import (
    JSON,
    Browser,
    at,
    in_new_context,
    make_account,
    make_desk,
    sign_in,
)
from tests.factories.shelters import make_coordinator, make_shelter, referral_json
from tests.server import ROUNDS

pytestmark = pytest.mark.both_databases

BEGIN = at("2026-03-10 18:00")
"""Noon at the desk: tonight ends at 12:00 UTC of the next day."""
TONIGHT = at("2026-03-11 12:00")
HOLD = timedelta(minutes=90)
WAITING = {"sent", "seen", "info_requested", "waitlisted"}
DESKS, COORDINATORS = ("ana", "sonia"), ("cora", "dora")
ACTORS = (*DESKS, *COORDINATORS, "eva", "foreign", "gus", "adan", "rita")
"""Of the desk, its supervisor, both shelters; of another desk, country and shelter; an admin, the region."""
FROM = {
    "accept": WAITING, "decline": WAITING, "waitlist": WAITING - {"waitlisted"},
    "request-info": WAITING - {"info_requested"}, "seen": WAITING, "undo": set(),
    "arrive": set(), "no-show": set(), "complete": set(),
}  # fmt: skip
"""The states of its own offer in which a shelter may take each action, while nobody has accepted."""
_numbers = count(1)


@dataclass
class ReferralModel:
    """The expected state of one referral."""

    id: str
    party: int
    deadline: datetime
    offers: dict[str, str]
    state: str = "sent"
    accepted_by: str = ""
    accepted_at: datetime | None = None
    hold_until: datetime | None = None
    is_written: bool = field(default=False)

    def state_at(self, moment: datetime) -> str:
        """Return the state at a moment, independently of the rules of the app."""
        if self.state in WAITING and moment >= self.deadline:
            return "expired"
        if self.state == "accepted" and moment >= self.hold_until + timedelta(hours=24):
            return "no_show"
        return self.state

    def state_of_offers(self) -> str:
        states = [state for state in self.offers.values() if state in WAITING]
        order = ("info_requested", "waitlisted", "seen", "sent")
        return next((state for state in order if state in states), "declined")


class ReferralMachine(RuleBasedStateMachine):
    """Two shelters, two desks of one country, one of another; every account tries every action."""

    app: Flask
    accepted_actions: Counter[tuple[str, str]] = Counter()

    @initialize()
    def begin(self) -> None:
        self.clock = self.signed_in_at = BEGIN
        self.run = next(_numbers)
        self.referrals: list[ReferralModel] = []
        self.beds: dict[str, dict[str, int]] = {}
        with clock.frozen_at(BEGIN):
            self.shelters = {
                name: make_shelter(f"S{self.run}-{name}", {"women": 4}).code
                for name in COORDINATORS
            }
            self.beds = {
                name: {"capacity": 4, "blocked": 0, "occupied": 0} for name in self.shelters
            }
            self._assign_coordinators()
        self.browsers: dict[str, Browser] = {}
        self.tokens: dict[str, str] = {}

    def _assign_coordinators(self) -> None:
        from app.shelters.queries.shelters import find_shelter
        from app.staff import queries as staff
        from app.staff.actions.scopes import assign_shelters

        for name, code in self.shelters.items():
            account = staff.find_account(db.session(), name)
            shelter = find_shelter(db.session(), code)
            with unit_of_work():
                assign_shelters(db.session(), account.id, [shelter.id])
        db.session.remove()

    def browser_of(self, name: str) -> Browser:
        """Return a browser of an account, signed in again before its session would be too old."""
        if self.clock - self.signed_in_at > timedelta(minutes=30):
            self.browsers, self.tokens, self.signed_in_at = {}, {}, self.clock
        if name not in self.browsers:
            self.browsers[name] = Browser(self.app.test_client())
            self._at_clock(self._sign_in, self.browsers[name], name)
        return self.browsers[name]

    @staticmethod
    def _sign_in(browser: Browser, name: str) -> None:
        browser.client = sign_in(browser.client.application, name).client

    def _at_clock(self, call: Any, *arguments: Any, **named: Any) -> Any:
        def run() -> Any:
            with clock.frozen_at(self.clock):
                return call(*arguments, **named)

        return run()

    def request(self, name: str, method: str, path: str, fields: Any = None) -> Any:
        browser = self.browser_of(name)

        def send() -> Any:
            with clock.frozen_at(self.clock):
                if method == "GET":
                    return browser.client.get(path, headers=JSON)
                if name not in self.tokens:
                    answer = browser.client.get("/sync/token", headers=JSON)
                    self.tokens[name] = answer.get_json()["csrf_token"]
                headers = {"X-CSRFToken": self.tokens[name], **JSON}
                return browser.client.post(path, json=fields, headers=headers)

        return in_new_context(send)

    @rule(n=st.integers(1, 3), both=st.booleans(), first=st.sampled_from(COORDINATORS))
    def send(self, n: int, both: bool, first: str) -> None:
        names = [first] + [name for name in COORDINATORS if both and name != first]
        fields = referral_json(
            "HND-01",
            id=str(uuid4()),
            shelters=[self.shelters[name] for name in names],
            persons=[{"sex": "female", "age_band": "age_25_59", "n": n}],
            priority="tonight" if self.clock < TONIGHT else "emergency_24h",
        )
        answer = self.request("ana", "POST", "/referrals", fields)
        assert answer.status_code == 201, answer.text
        deadline = datetime.fromisoformat(answer.get_json()["deadline"])
        self.referrals.append(
            ReferralModel(fields["id"], n, deadline, dict.fromkeys(names, "sent"))
        )

    @rule(seed=st.integers(0, 2**32))
    def run_random_actions(self, seed: int) -> None:
        """Attempt random actions: half of them allowed, so that referrals get far; the others any."""
        draw = Random(seed)
        for _ in range(12):
            if not self.referrals or draw.random() < 0.15:
                self.send(draw.randint(1, 3), draw.random() < 0.5, draw.choice(COORDINATORS))
            referral = draw.choice(self.referrals[-3:])
            allowed = self._allowed_actions(referral) or {"cancel": "ana"}
            action = draw.choice(sorted(allowed))
            self._attempt(referral, allowed[action], action)
            if action == "accept" and draw.random() < 0.3:
                self.wait(draw.choice((0.1, 0.2, 0.5, 1)))
                self._attempt(referral, allowed[action], "undo")
            if draw.random() < 0.4:
                self.wait(draw.choice((0.1, 1, 1, 100, 100, 1600)))
            usernames = (*DESKS, *referral.offers) if draw.random() < 0.8 else ACTORS
            self._attempt(referral, draw.choice(usernames), draw.choice(sorted(ACTIONS)))

    def _allowed_actions(self, referral: ReferralModel) -> dict[str, str]:
        """Return the allowed actions, each with an account that may take it."""
        return {
            action: username
            for action in sorted(ACTIONS)
            for username in (*DESKS, *COORDINATORS)
            if self._expected_status(referral, username, action) == 200
        }

    def _attempt(self, referral: ReferralModel, username: str, action: str) -> None:
        fields: dict[str, Any] = {"reason": "safety_risk"} if action == "decline" else {}
        if action == "request-info":
            fields = {"questions": ["stairs"]}
        if action == "answer-info":
            fields = {"answers": {"stairs": "yes"}}
        expected = self._expected_status(referral, username, action)
        answer = self.request(username, "POST", f"/referrals/{referral.id}/{action}", fields)
        assert answer.status_code == expected, (username, action, referral, answer.text)
        if expected == 200:
            self.accepted_actions[action, referral.state_at(self.clock)] += 1
            self._record(referral, username, action)
            assert answer.get_json()["state"] == referral.state_at(self.clock)

    def _expected_status(self, referral: ReferralModel, username: str, action: str) -> int:
        if username in ("adan", "rita"):
            return 403
        if username not in (*DESKS, *referral.offers):
            return 404
        is_desk_action = action in ("cancel", "answer-info")
        if is_desk_action != (username in DESKS):
            return 404
        return 200 if self._is_allowed(referral, username, action) else 409

    def _is_allowed(self, referral: ReferralModel, username: str, action: str) -> bool:
        state = referral.state_at(self.clock)
        if action == "cancel":
            return state in {*WAITING, "accepted"}
        if action == "answer-info":
            return state == "info_requested"
        if state in WAITING:
            fits = action != "accept" or self._count_free(username) >= referral.party
            return fits and referral.offers[username] in FROM[action]
        if referral.accepted_by != username:
            return False
        return self._after_accepting(referral, state, action)

    def _after_accepting(self, referral: ReferralModel, state: str, action: str) -> bool:
        if state == "arrived":
            return action == "complete"
        if state != "accepted":
            return False
        is_hold_over = self.clock >= referral.hold_until
        if action == "undo":
            return self.clock - referral.accepted_at <= timedelta(seconds=15)
        if action == "accept":
            return is_hold_over and self._count_free(referral.accepted_by) >= referral.party
        return action == "no-show" or (action == "arrive" and not is_hold_over)

    def _record(self, referral: ReferralModel, username: str, action: str) -> None:
        if action == "accept":
            referral.state, referral.accepted_by = "accepted", username
            referral.accepted_at, referral.hold_until = self.clock, self.clock + HOLD
            referral.offers = {
                k: "taken" if v in WAITING else v for k, v in referral.offers.items()
            }
            referral.offers[username] = "accepted"
        elif action == "undo":
            referral.state, referral.accepted_by = "seen", ""
            referral.accepted_at = referral.hold_until = None
            referral.offers = {k: "sent" if v == "taken" else v for k, v in referral.offers.items()}
            referral.offers[username] = "seen"
        elif action == "arrive":
            referral.state = "arrived"
            self.beds[username]["occupied"] += referral.party
        elif action in ("no-show", "complete", "cancel"):
            ends = {"no-show": "no_show", "complete": "completed", "cancel": "cancelled"}
            referral.state = ends[action]
        else:
            self._record_answer(referral, username, action)

    def _record_answer(self, referral: ReferralModel, username: str, action: str) -> None:
        if action == "answer-info":
            referral.offers = {
                k: "seen" if v == "info_requested" else v for k, v in referral.offers.items()
            }
        elif action != "seen" or referral.offers[username] == "sent":
            new = {"decline": "declined", "waitlist": "waitlisted", "seen": "seen"}
            referral.offers[username] = new.get(action, "info_requested")
        referral.state = referral.state_of_offers()

    @rule(minutes=st.sampled_from((0.1, 1, 20, 100, 400, 1500)))
    def wait(self, minutes: float) -> None:
        self.clock += timedelta(minutes=minutes)

    @rule()
    def expire(self) -> None:
        with clock.frozen_at(self.clock), unit_of_work():
            expire_overdue(db.session())
        db.session.remove()

    @rule(username=st.sampled_from(COORDINATORS), difference=st.sampled_from((-1, 1)))
    def change_occupied(self, username: str, difference: int) -> None:
        fields = {"category": "women", "occupied_by": difference, "confirmed": True}
        answer = self.request(username, "POST", f"/shelters/{self.shelters[username]}/beds", fields)
        wrong = self.beds[username]["occupied"] + difference < 0 or (
            difference > 0 and self._count_free(username) < 1
        )
        assert answer.status_code == (422 if wrong else 200), answer.text
        if not wrong:
            self.beds[username]["occupied"] += difference

    def _count_held(self, username: str) -> int:
        own = [referral for referral in self.referrals if referral.accepted_by == username]
        accepted = [referral for referral in own if referral.state == "accepted"]
        return sum(referral.party for referral in accepted if self.clock < referral.hold_until)

    def _count_free(self, username: str) -> int:
        beds = self.beds[username]
        return beds["capacity"] - beds["blocked"] - beds["occupied"] - self._count_held(username)

    @invariant()
    def states_are_what_they_should_be(self) -> None:
        for referral in self.referrals[-3:]:
            body = self.request("ana", "GET", f"/referrals/{referral.id}").get_json()
            assert body["state"] == referral.state_at(self.clock), (body, referral)

    @invariant()
    def beds_follow_from_history(self) -> None:
        if not self.beds:
            return
        shelters = self.request("ana", "GET", "/shelters.json?country=HND").get_json()["shelters"]
        beds_by_code = {shelter["code"]: shelter["beds"][0] for shelter in shelters}
        for username, code in self.shelters.items():
            beds = beds_by_code[code]
            assert (
                beds["free"] == self._count_free(username) == self._count_free_in_database(code)
            ), (username, beds)
            assert beds["held"] == self._count_held(username)

    def _count_free_in_database(self, code: str) -> int:
        from app.shelters.queries.shelters import find_shelter

        shelter = find_shelter(db.session(), code)
        changes, holds = BedChange.__table__, BedHold.__table__
        of_shelter = select(changes).where(changes.c.shelter_id == shelter.id)
        last_change = db.session.execute(of_shelter.order_by(changes.c.id.desc()).limit(1)).one()
        rows = db.session.execute(select(holds).where(holds.c.shelter_id == shelter.id)).all()
        n_held = sum(
            row.person_count for row in rows if row.ended_at is None and row.until > self.clock
        )
        db.session.remove()
        return last_change.capacity - last_change.blocked - last_change.occupied - n_held


def test_only_allowed_actions_succeed_and_beds_follow_from_history(app: Flask) -> None:
    with clock.frozen_at(BEGIN):
        desks = [make_desk(f"HND-0{n}") for n in (1, 2)]
        abroad = make_desk("GTM-01", "GTM")
        make_account("ana", "desk_staff", desks[:1])
        make_account("eva", "desk_staff", desks[1:])
        make_account("gus", "desk_staff", [abroad])
        make_account("sonia", "supervisor", countries=["HND"])
        make_account("adan", "admin")
        make_account("rita", "regional")
        for name in COORDINATORS:
            make_account(name, "shelter_coordinator")
        make_coordinator("foreign", make_shelter("GTM-S1", country="GTM"))
    db.session.remove()
    machine = type("LifeHere", (ReferralMachine,), {"app": app})
    _run_seeds(machine)
    hypothesis_settings = settings(
        max_examples=6 * ROUNDS,
        stateful_step_count=8,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(machine, settings=hypothesis_settings)


EXPECTED_ACTIONS = {("accept", "accepted"), ("accept", "seen"), *((name, "") for name in ACTIONS)}


def _run_seeds(machine: type[ReferralMachine]) -> None:
    """Run seeds until every action was accepted once: what hypothesis starts with is short."""
    accepted_actions: Counter[tuple[str, str]] = Counter()
    for seed in range(12 * ROUNDS):
        state_machine = machine()
        state_machine.accepted_actions = accepted_actions
        state_machine.begin()
        for part in range(5):
            state_machine.run_random_actions(1000 * seed + part)
            state_machine.expire() if part % 2 else state_machine.change_occupied("cora", 1)
            state_machine.states_are_what_they_should_be()
            state_machine.beds_follow_from_history()
        seen_actions = {*accepted_actions, *((name, "") for name, _ in accepted_actions)}
        if seed >= 2 * ROUNDS and seen_actions >= EXPECTED_ACTIONS:
            return
    raise AssertionError(f"never allowed: {EXPECTED_ACTIONS - seen_actions}")
