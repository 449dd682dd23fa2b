"""How a return request of the demo goes on: step after step with its waits, doubts, withdrawals and ends."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from app.demo.programme import return_payloads
from app.demo.programme.distributions import Mix
from app.demo.programme.return_history import Asked
from app.returns.rules import stages
from app.returns.rules.gates import is_reconfirmed_for
from app.returns.rules.stages import (
    TRAVEL_ARRANGED,
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
"""How many days each step takes, at least and at most."""
FATES = Mix(
    {
        "": 900, stages.WITHDRAW: 26, stages.STOP: 14, "lost_contact": 14, "asylum_route": 5,
        "local_regularisation": 6, "left_by_own_means": 5, "duplicate": 4, "removed_by_authority": 3,
        "no_funds": 3, "waits": 20,
    }
)  # fmt: skip
"""What may come between two steps before departure, most often nothing."""
DECISIONS = Mix({"resume": 70, "unsafe_return": 9, "asylum_route": 9, "": 12})
FREE = Mix({YES: 93, stages.REFER: 4, NO: 3})
INTERESTS = Mix({YES: 66, NO: 14, PENDING: 20})
FITNESS = Mix({YES: 93, PENDING: 4, NO: 3})
MODES = Mix({"land": 62, "air": 34, "mixed": 4})
GROUNDS = Mix(
    {"spoken_alone": 60, "sign_mistaken": 15, "protection_declined": 15, "claim_ended": 10}
)
REINTEGRATED, CORRECTED, REMOVED = 0.3, 0.04, 0.02
GIVEN_UP_AFTER = (110, 170)


class Life:
    """Goes on with one request as far as time and the rules let it."""

    def __init__(self, asked: Asked, language: str, chance: Random) -> None:
        self.asked, self.language, self.chance = asked, language, chance
        self.at: datetime = asked.row["opened_at"]

    def live(self) -> None:
        """Tells the whole way, until it ends or it is today."""
        for stage, days in DAYS_UNTIL.items():
            if self._is_left_out(stage):
                continue
            self._wait(*days)
            if not self._meet() or not self._take(stage):
                return
        self._end("returned")

    def go_to(self, last: str) -> None:
        """Tells the way up to a step, within hours and without anything between."""
        for stage in DAYS_UNTIL:
            if not self._is_left_out(stage):
                self.at += 10 * MINUTE
                self._say(stage, self._saying(stage, YES))
            if stage == last:
                return

    def _is_left_out(self, stage: str) -> bool:
        if stage == BEST_INTERESTS:
            return not self.asked.standing.is_child_alone
        return stage == REINTEGRATION and self.chance.random() >= REINTEGRATED

    def _wait(self, least: int, most: int) -> None:
        days = self.chance.randint(least, most)
        self.at += days * DAY if days else (10 + 30 * self.chance.random()) * MINUTE

    def _say(self, act: str, said: dict[str, Any]) -> bool:
        return self.asked.record(act, said, self.at)

    def _meet(self) -> bool:
        """Whether the way goes on after what came between."""
        if self.asked.standing.has_departed:
            return True
        fate = FATES.draw(self.chance)
        if fate == "waits":
            self._wait(*GIVEN_UP_AFTER)
            return self._end("lost_contact")
        if fate == stages.WITHDRAW:
            self._say(fate, {})
            return False
        if fate == stages.STOP:
            return (
                self._say(fate, {"signs": [self.chance.choice(WARNING_SIGNS.codes[:4])]}) and self._decide()
            )
        return self._end(fate) if fate else True

    def _end(self, reason: str) -> bool:
        self._say(stages.CLOSE, {"reason": reason})
        return False

    def _decide(self) -> bool:
        """Whether a supervisor lets a stopped request go on."""
        self._wait(1, 5)
        decided = DECISIONS.draw(self.chance)
        if decided == "resume":
            return self._say(stages.RESUME, {"ground": GROUNDS.draw(self.chance)})
        return self._end(decided) if decided else False

    def _take(self, stage: str) -> bool:
        """Whether a step is recorded and the way goes on behind it."""
        self._renew()
        if stage == DEPARTED and not is_reconfirmed_for(self.asked.standing, self._day):
            self._say(TRAVEL_ARRANGED, self._travel())
        answer = {CHECK: FREE, BEST_INTERESTS: INTERESTS, FIT_TO_TRAVEL: FITNESS}.get(stage)
        said = answer.draw(self.chance) if answer else YES
        if not self._say(stage, self._saying(stage, said)):
            return False
        if stage == DEPARTED:
            self._after_departure()
        if self.asked.standing.is_closed:
            return False
        return said == YES or self._after_doubt(stage, said)

    def _renew(self) -> None:
        """A consent that has expired is given once more, before anything else is recorded."""
        standing = self.asked.standing
        expired = standing.consent_days and not standing.has_consent_on(self._day)
        if expired and not standing.has_departed:
            self._say(CONSENT, self._saying(CONSENT, YES))

    def _after_doubt(self, stage: str, said: str) -> bool:
        if said == NO:
            return self._end("not_fit_to_travel")
        if self.asked.standing.is_stopped and not self._decide():
            return False
        self._wait(4, 9)
        self._renew()
        return self._say(stage, self._saying(stage, YES))

    def _after_departure(self) -> None:
        """Now and then the day was another one, or an authority had removed them."""
        luck, standing = self.chance.random(), self.asked.standing
        if luck < CORRECTED and standing.reconfirmed_on:
            self.at += 30 * MINUTE
            persons = self.asked.row["persons"]
            self._say(DEPARTED, {"departed_on": f"{standing.reconfirmed_on}", "persons": persons})
        elif luck > 1 - REMOVED:
            self.at += 30 * MINUTE
            self._end("removed_by_authority")

    def _saying(self, stage: str, answer: str) -> dict[str, Any]:
        said: dict[str, Callable[[str], dict[str, Any]]] = {
            COUNSELLING: lambda _: {
                "explained": list(EXPLAINED_TOPICS.codes[:4]),
                **return_payloads.read(self.language),
            },
            CONSENT: lambda _: {**return_payloads.TICKS, **return_payloads.read(self.language)},
            CHECK: return_payloads.check,
            BEST_INTERESTS: return_payloads.interests,
            FIT_TO_TRAVEL: lambda fit: {"fit": fit},
            TRAVEL_ARRANGED: lambda _: self._travel(),
            DEPARTED: lambda _: {"departed_on": self._today, "persons": self.asked.row["persons"]},
            ARRIVED: lambda _: {"arrived_on": self._today},
        }
        return said[stage](answer) if stage in said else {}

    @property
    def _day(self) -> date:
        return self.asked.day(self.at)

    @property
    def _today(self) -> str:
        return self._day.isoformat()

    def _travel(self) -> dict[str, Any]:
        mode = self.asked.standing.transport_mode or MODES.draw(self.chance)
        leaves = f"{self._day + DAY}"
        return {"transport_mode": mode, "travel_on": leaves, "reconfirmed_on": self._today}
