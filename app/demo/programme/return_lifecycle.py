"""The lifecycle of a return request of the demo: steps with their waits, doubts, withdrawals and closings."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

from app.demo.programme import return_payloads
from app.demo.programme.distributions import Distribution
from app.demo.programme.return_history import ReturnHistory
from app.json_object import JsonObject
from app.returns.rules import stages
from app.returns.rules.gates import is_reconfirmed_for
from app.returns.rules.stages import (
    ARRIVED,
    BEST_INTERESTS,
    CHECK,
    CONSENT,
    COUNSELLING,
    DEPARTED,
    FIT_TO_TRAVEL,
    NO,
    PENDING,
    REINTEGRATION,
    TRAVEL_ARRANGED,
    YES,
)
from app.returns.vocabulary import EXPLAINED_TOPICS, WARNING_SIGNS

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DAYS_UNTIL = {
    COUNSELLING: (0, 2), CONSENT: (0, 6), CHECK: (0, 1), BEST_INTERESTS: (6, 30),
    stages.HANDED_OVER: (0, 4), stages.APPROVED: (3, 18), stages.DOCUMENTS: (3, 25), FIT_TO_TRAVEL: (1, 6),
    TRAVEL_ARRANGED: (2, 12), DEPARTED: (1, 1), ARRIVED: (0, 1), REINTEGRATION: (3, 20),
    stages.FOLLOW_UP: (28, 60),
}  # fmt: skip
"""The least and the most days before each step."""
EVENTS = Distribution(
    {
        "": 900, stages.WITHDRAW: 26, stages.STOP: 14, "lost_contact": 14, "asylum_route": 5,
        "local_regularisation": 6, "left_by_own_means": 5, "duplicate": 4, "removed_by_authority": 3,
        "no_funds": 3, "waits": 20,
    }
)  # fmt: skip
"""Events that may come between two steps before departure, most often none."""
DECISIONS = Distribution({"resume": 70, "unsafe_return": 9, "asylum_route": 9, "": 12})
FREE = Distribution({YES: 93, stages.REFER: 4, NO: 3})
INTERESTS = Distribution({YES: 66, NO: 14, PENDING: 20})
FITNESS = Distribution({YES: 93, PENDING: 4, NO: 3})
TRANSPORT = Distribution({"land": 62, "air": 34, "mixed": 4})
GROUNDS = Distribution(
    {"spoken_alone": 60, "sign_mistaken": 15, "protection_declined": 15, "claim_ended": 10}
)
REINTEGRATION_SHARE, CORRECTION_SHARE, REMOVAL_SHARE = 0.3, 0.04, 0.02
GIVEN_UP_AFTER_DAYS = (110, 170)


class ReturnLifecycle:
    """Simulates one request as far as time and the rules allow."""

    def __init__(self, history: ReturnHistory, language: str, rng: Random) -> None:
        self.history, self.language, self.rng = history, language, rng
        self.at: datetime = history.row["opened_at"]

    def run(self) -> None:
        """Record all steps, until the request ends or the end of the demo."""
        for stage, days in DAYS_UNTIL.items():
            if self._is_skipped(stage):
                continue
            self._wait(*days)
            if not self._continues() or not self._record_stage(stage):
                return
        self._end("returned")

    def run_until(self, last: str) -> None:
        """Record the steps up to a stage, within hours and without events between."""
        for stage in DAYS_UNTIL:
            if not self._is_skipped(stage):
                self.at += 10 * MINUTE
                self._record(stage, self._payload(stage, YES))
            if stage == last:
                return

    def _is_skipped(self, stage: str) -> bool:
        if stage == BEST_INTERESTS:
            return not self.history.state.is_child_alone
        return stage == REINTEGRATION and self.rng.random() >= REINTEGRATION_SHARE

    def _wait(self, least: int, most: int) -> None:
        days = self.rng.randint(least, most)
        self.at += days * DAY if days else (10 + 30 * self.rng.random()) * MINUTE

    def _record(self, action: str, payload: JsonObject) -> bool:
        return self.history.record(action, payload, self.at)

    def _continues(self) -> bool:
        """Record what comes between two steps; return whether the request continues."""
        if self.history.state.has_departed:
            return True
        event = EVENTS.draw(self.rng)
        if event == "waits":
            self._wait(*GIVEN_UP_AFTER_DAYS)
            return self._end("lost_contact")
        if event == stages.WITHDRAW:
            self._record(event, {})
            return False
        if event == stages.STOP:
            return (
                self._record(event, {"signs": [self.rng.choice(WARNING_SIGNS.codes[:4])]})
                and self._decide_stop()
            )
        return self._end(event) if event else True

    def _end(self, reason: str) -> bool:
        self._record(stages.CLOSE, {"reason": reason})
        return False

    def _decide_stop(self) -> bool:
        """Record a supervisor's decision on a stopped request; return whether it continues."""
        self._wait(1, 5)
        decision = DECISIONS.draw(self.rng)
        if decision == "resume":
            return self._record(stages.RESUME, {"ground": GROUNDS.draw(self.rng)})
        return self._end(decision) if decision else False

    def _record_stage(self, stage: str) -> bool:
        """Record a stage; return whether it was recorded and the request continues."""
        self._renew()
        if stage == DEPARTED and not is_reconfirmed_for(self.history.state, self._day):
            self._record(TRAVEL_ARRANGED, self._travel())
        answer = {CHECK: FREE, BEST_INTERESTS: INTERESTS, FIT_TO_TRAVEL: FITNESS}.get(stage)
        result = answer.draw(self.rng) if answer else YES
        if not self._record(stage, self._payload(stage, result)):
            return False
        if stage == DEPARTED:
            self._after_departure()
        if self.history.state.is_closed:
            return False
        return result == YES or self._after_doubt(stage, result)

    def _renew(self) -> None:
        """Record a new consent if it has expired, before any other step."""
        state = self.history.state
        expired = state.consent_days and not state.has_consent_on(self._day)
        if expired and not state.has_departed:
            self._record(CONSENT, self._payload(CONSENT, YES))

    def _after_doubt(self, stage: str, result: str) -> bool:
        if result == NO:
            return self._end("not_fit_to_travel")
        if self.history.state.is_stopped and not self._decide_stop():
            return False
        self._wait(4, 9)
        self._renew()
        return self._record(stage, self._payload(stage, YES))

    def _after_departure(self) -> None:
        """Record, now and then, that the day of departure was another one or that an authority removed the people."""
        luck, state = self.rng.random(), self.history.state
        if luck < CORRECTION_SHARE and state.reconfirmed_on:
            self.at += 30 * MINUTE
            persons = self.history.row["persons"]
            self._record(DEPARTED, {"departed_on": f"{state.reconfirmed_on}", "persons": persons})
        elif luck > 1 - REMOVAL_SHARE:
            self.at += 30 * MINUTE
            self._end("removed_by_authority")

    def _payload(self, stage: str, answer: str) -> JsonObject:
        payloads: dict[str, Callable[[str], JsonObject]] = {
            COUNSELLING: lambda _: {
                "explained": list(EXPLAINED_TOPICS.codes[:4]),
                **return_payloads.text_version(self.language),
            },
            CONSENT: lambda _: {
                **return_payloads.TICKS,
                **return_payloads.text_version(self.language),
            },
            CHECK: return_payloads.free_choice,
            BEST_INTERESTS: return_payloads.best_interests,
            FIT_TO_TRAVEL: lambda fit: {"fit": fit},
            TRAVEL_ARRANGED: lambda _: self._travel(),
            DEPARTED: lambda _: {
                "departed_on": self._today,
                "persons": self.history.row["persons"],
            },
            ARRIVED: lambda _: {"arrived_on": self._today},
        }
        return payloads[stage](answer) if stage in payloads else {}

    @property
    def _day(self) -> date:
        return self.history.day(self.at)

    @property
    def _today(self) -> str:
        return self._day.isoformat()

    def _travel(self) -> JsonObject:
        mode = self.history.state.transport_mode or TRANSPORT.draw(self.rng)
        travel_on = f"{self._day + DAY}"
        return {"transport_mode": mode, "travel_on": travel_on, "reconfirmed_on": self._today}
