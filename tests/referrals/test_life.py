"""No referral leaves the allowed moves, whoever acts, whatever the order and the clock; beds follow from history."""

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
from tests.factories.records import JSON, Browser, alone, at, make_account, make_desk, sign_in
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
"""Of the desk, its supervisor, both shelters; then another desk, country, shelter, an admin, the region."""
FROM = {
    "accept": WAITING, "decline": WAITING, "waitlist": WAITING - {"waitlisted"},
    "request-info": WAITING - {"info_requested"}, "seen": WAITING, "undo": set(),
    "arrive": set(), "no-show": set(), "complete": set(),
}  # fmt: skip
"""From which states of its own offer a shelter may do what, while nobody has accepted."""
_numbers = count(1)


@dataclass
class Sent:
    """What the test believes of one referral."""

    id: str
    party: int
    deadline: datetime
    offers: dict[str, str]
    state: str = "sent"
    by: str = ""
    accepted_at: datetime | None = None
    until: datetime | None = None
    is_written: bool = field(default=False)

    def now(self, now: datetime) -> str:
        """The state that is true at a moment, told without the rules of the app."""
        if self.state in WAITING and now >= self.deadline:
            return "expired"
        if self.state == "accepted" and now >= self.until + timedelta(hours=24):
            return "no_show"
        return self.state

    def together(self) -> str:
        states = [state for state in self.offers.values() if state in WAITING]
        order = ("info_requested", "waitlisted", "seen", "sent")
        return next((state for state in order if state in states), "declined")


class Life(RuleBasedStateMachine):
    """Two shelters, two desks of one country, one of another; everybody tries everything."""

    app: Flask
    happened: Counter[tuple[str, str]] = Counter()

    @initialize()
    def begin(self) -> None:
        self.clock = self.signed_in_at = BEGIN
        self.run = next(_numbers)
        self.sent: list[Sent] = []
        self.beds: dict[str, dict[str, int]] = {}
        with clock.frozen_at(BEGIN):
            self.shelters = {
                name: make_shelter(f"S{self.run}-{name}", {"women": 4}).code
                for name in COORDINATORS
            }
            self.beds = {one: {"capacity": 4, "blocked": 0, "occupied": 0} for one in self.shelters}
            self._people()
        self.browsers: dict[str, Browser] = {}
        self.tokens: dict[str, str] = {}

    def _people(self) -> None:
        from app.shelters.queries.shelters import find_shelter
        from app.staff import queries as staff
        from app.staff.actions.scopes import assign_shelters

        for name, code in self.shelters.items():
            account = staff.find_account(db.session(), name)
            shelter = find_shelter(db.session(), code)
            with unit_of_work():
                assign_shelters(db.session(), account.id, [shelter.id])
        db.session.remove()

    def as_(self, name: str) -> Browser:
        """A browser of that account, signed in again before its session would be too old."""
        if self.clock - self.signed_in_at > timedelta(minutes=30):
            self.browsers, self.tokens, self.signed_in_at = {}, {}, self.clock
        if name not in self.browsers:
            self.browsers[name] = Browser(self.app.test_client())
            self._at_clock(self._enter, self.browsers[name], name)
        return self.browsers[name]

    @staticmethod
    def _enter(browser: Browser, name: str) -> None:
        browser.client = sign_in(browser.client.application, name).client

    def _at_clock(self, call: Any, *arguments: Any, **named: Any) -> Any:
        def standing() -> Any:
            with clock.frozen_at(self.clock):
                return call(*arguments, **named)

        return standing()

    def ask(self, name: str, method: str, path: str, said: Any = None) -> Any:
        browser = self.as_(name)

        def go() -> Any:
            with clock.frozen_at(self.clock):
                if method == "GET":
                    return browser.client.get(path, headers=JSON)
                if name not in self.tokens:
                    told = browser.client.get("/sync/token", headers=JSON).get_json()
                    self.tokens[name] = told["csrf_token"]
                headers = {"X-CSRFToken": self.tokens[name], **JSON}
                return browser.client.post(path, json=said, headers=headers)

        return alone(go)

    @rule(n=st.integers(1, 3), both=st.booleans(), first=st.sampled_from(COORDINATORS))
    def send(self, n: int, both: bool, first: str) -> None:
        names = [first] + [one for one in COORDINATORS if both and one != first]
        said = referral_json(
            "HND-01",
            id=str(uuid4()),
            shelters=[self.shelters[name] for name in names],
            persons=[{"sex": "female", "age_band": "age_25_59", "n": n}],
            priority="tonight" if self.clock < TONIGHT else "emergency_24h",
        )
        answer = self.ask("ana", "POST", "/referrals", said)
        assert answer.status_code == 201, answer.text
        ends = datetime.fromisoformat(answer.get_json()["deadline"])
        self.sent.append(Sent(said["id"], n, ends, dict.fromkeys(names, "sent")))

    @rule(seed=st.integers(0, 2**32))
    def live(self, seed: int) -> None:
        """A stretch of life: half of it allowed, for else few referrals would get far; the rest anything."""
        draw = Random(seed)
        for _ in range(12):
            if not self.sent or draw.random() < 0.15:
                self.send(draw.randint(1, 3), draw.random() < 0.5, draw.choice(COORDINATORS))
            one = draw.choice(self.sent[-3:])
            ways = self._allowed(one) or {"cancel": "ana"}
            name = draw.choice(sorted(ways))
            self._try(one, ways[name], name)
            if name == "accept" and draw.random() < 0.3:
                self.wait(draw.choice((0.1, 0.2, 0.5, 1)))
                self._try(one, ways[name], "undo")
            if draw.random() < 0.4:
                self.wait(draw.choice((0.1, 1, 1, 100, 100, 1600)))
            side = (*DESKS, *one.offers) if draw.random() < 0.8 else ACTORS
            self._try(one, draw.choice(side), draw.choice(sorted(ACTIONS)))

    def _allowed(self, one: Sent) -> dict[str, str]:
        """Who may do what now."""
        return {
            name: who
            for name in sorted(ACTIONS)
            for who in (*DESKS, *COORDINATORS)
            if self._expected(one, who, name) == 200
        }

    def _try(self, one: Sent, who: str, name: str) -> None:
        said: dict[str, Any] = {"reason": "safety_risk"} if name == "decline" else {}
        if name == "request-info":
            said = {"questions": ["stairs"]}
        if name == "answer-info":
            said = {"answers": {"stairs": "yes"}}
        expected = self._expected(one, who, name)
        answer = self.ask(who, "POST", f"/referrals/{one.id}/{name}", said)
        assert answer.status_code == expected, (who, name, one, answer.text)
        if expected == 200:
            self.happened[name, one.now(self.clock)] += 1
            self._follow(one, who, name)
            assert answer.get_json()["state"] == one.now(self.clock)

    def _expected(self, one: Sent, who: str, name: str) -> int:
        if who in ("adan", "rita"):
            return 403
        if who not in (*DESKS, *one.offers):
            return 404
        is_desk_act = name in ("cancel", "answer-info")
        if is_desk_act != (who in DESKS):
            return 404
        return 200 if self._is_allowed(one, who, name) else 409

    def _is_allowed(self, one: Sent, who: str, name: str) -> bool:
        now = one.now(self.clock)
        if name == "cancel":
            return now in {*WAITING, "accepted"}
        if name == "answer-info":
            return now == "info_requested"
        if now in WAITING:
            fits = name != "accept" or self._free(who) >= one.party
            return fits and one.offers[who] in FROM[name]
        if one.by != who:
            return False
        return self._after_accepting(one, now, name)

    def _after_accepting(self, one: Sent, now: str, name: str) -> bool:
        if now == "arrived":
            return name == "complete"
        if now != "accepted":
            return False
        over = self.clock >= one.until
        if name == "undo":
            return self.clock - one.accepted_at <= timedelta(seconds=15)
        if name == "accept":
            return over and self._free(one.by) >= one.party
        return name == "no-show" or (name == "arrive" and not over)

    def _follow(self, one: Sent, who: str, name: str) -> None:
        if name == "accept":
            one.state, one.by, one.accepted_at = "accepted", who, self.clock
            one.until = self.clock + HOLD
            one.offers = {k: "taken" if v in WAITING else v for k, v in one.offers.items()}
            one.offers[who] = "accepted"
        elif name == "undo":
            one.state, one.by, one.accepted_at, one.until = "seen", "", None, None
            one.offers = {k: "sent" if v == "taken" else v for k, v in one.offers.items()}
            one.offers[who] = "seen"
        elif name == "arrive":
            one.state = "arrived"
            self.beds[who]["occupied"] += one.party
        elif name in ("no-show", "complete", "cancel"):
            one.state = {"no-show": "no_show", "complete": "completed", "cancel": "cancelled"}[name]
        else:
            self._answer(one, who, name)

    def _answer(self, one: Sent, who: str, name: str) -> None:
        if name == "answer-info":
            one.offers = {k: "seen" if v == "info_requested" else v for k, v in one.offers.items()}
        elif name != "seen" or one.offers[who] == "sent":
            new = {"decline": "declined", "waitlist": "waitlisted", "seen": "seen"}
            one.offers[who] = new.get(name, "info_requested")
        one.state = one.together()

    @rule(minutes=st.sampled_from((0.1, 1, 20, 100, 400, 1500)))
    def wait(self, minutes: float) -> None:
        self.clock += timedelta(minutes=minutes)

    @rule()
    def tidy(self) -> None:
        with clock.frozen_at(self.clock), unit_of_work():
            expire_overdue(db.session())
        db.session.remove()

    @rule(who=st.sampled_from(COORDINATORS), by=st.sampled_from((-1, 1)))
    def move(self, who: str, by: int) -> None:
        said = {"category": "women", "occupied_by": by, "confirmed": True}
        answer = self.ask(who, "POST", f"/shelters/{self.shelters[who]}/beds", said)
        wrong = self.beds[who]["occupied"] + by < 0 or (by > 0 and self._free(who) < 1)
        assert answer.status_code == (422 if wrong else 200), answer.text
        if not wrong:
            self.beds[who]["occupied"] += by

    def _held(self, who: str) -> int:
        mine = [one for one in self.sent if one.by == who and one.state == "accepted"]
        return sum(one.party for one in mine if self.clock < one.until)

    def _free(self, who: str) -> int:
        beds = self.beds[who]
        return beds["capacity"] - beds["blocked"] - beds["occupied"] - self._held(who)

    @invariant()
    def states_are_what_they_should_be(self) -> None:
        for one in self.sent[-3:]:
            told = self.ask("ana", "GET", f"/referrals/{one.id}").get_json()
            assert told["state"] == one.now(self.clock), (told, one)

    @invariant()
    def beds_follow_from_history(self) -> None:
        if not self.beds:
            return
        every = self.ask("ana", "GET", "/shelters.json?country=HND").get_json()["shelters"]
        told = {shelter["code"]: shelter["beds"][0] for shelter in every}
        for who, code in self.shelters.items():
            beds = told[code]
            assert beds["free"] == self._free(who) == self._recomputed(code), (who, beds)
            assert beds["held"] == self._held(who)

    def _recomputed(self, code: str) -> int:
        from app.shelters.queries.shelters import find_shelter

        shelter = find_shelter(db.session(), code)
        changes, holds = BedChange.__table__, BedHold.__table__
        mine = select(changes).where(changes.c.shelter_id == shelter.id)
        last = db.session.execute(mine.order_by(changes.c.id.desc()).limit(1)).one()
        rows = db.session.execute(select(holds).where(holds.c.shelter_id == shelter.id)).all()
        held = sum(row.n for row in rows if row.ended_at is None and row.until > self.clock)
        db.session.remove()
        return last.capacity - last.blocked - last.occupied - held


def test_no_way_leads_out_of_the_allowed_moves_and_beds_follow_from_history(app: Flask) -> None:
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
    machine = type("LifeHere", (Life,), {"app": app})
    _long_lives(machine)
    many = settings(
        max_examples=6 * ROUNDS,
        stateful_step_count=8,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(machine, settings=many)


ALL_WAYS = {("accept", "accepted"), ("accept", "seen"), *((name, "") for name in ACTIONS)}


def _long_lives(machine: type[Life]) -> None:
    """Seeded lives until every act was allowed somewhere: what hypothesis starts with is short."""
    happened: Counter[tuple[str, str]] = Counter()
    for life in range(12 * ROUNDS):
        one = machine()
        one.happened = happened
        one.begin()
        for stretch in range(5):
            one.live(1000 * life + stretch)
            one.tidy() if stretch % 2 else one.move("cora", 1)
            one.states_are_what_they_should_be()
            one.beds_follow_from_history()
        met = {*happened, *((name, "") for name, _ in happened)}
        if life >= 2 * ROUNDS and met >= ALL_WAYS:
            return
    raise AssertionError(f"never allowed: {ALL_WAYS - met}")
