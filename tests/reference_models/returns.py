"""Model of one return request, independent of the app's rules: what was accepted and what may come next."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

EARLY = (
    "counselling",
    "consent_recorded",
    "voluntariness_vulnerability_check",
    "best_interests_process",
    "handed_to_iom",
)
COUNSELLING, CONSENT, CHECK, BEST_INTERESTS, HANDED = EARLY
PREPARING = ("approved", "travel_documents", "fit_to_travel", "travel_arranged")
AFTER_DEPARTURE = ("arrived", "reintegration_referred", "follow_up_done")
LATE = (*PREPARING, "departed", *AFTER_DEPARTURE)
STOP_RESUME_CLOSE = ("stop", "resume", "withdraw", "close")
ACTIONS = (*EARLY, *LATE, *STOP_RESUME_CLOSE)
RENEWABLE = (CONSENT, CHECK, BEST_INTERESTS)
CHILDREN = {"age_0_4", "age_5_11", "age_12_17", "unknown_child"}
REASONS_BEFORE_DEPARTURE = {
    "asylum_route",
    "lost_contact",
    "removed_by_authority",
    "duplicate",
    "other",
    "no_funds",
}
REASONS_AFTER_DEPARTURE = {"returned", "lost_contact", "removed_by_authority", "duplicate", "other"}
DAY, VALID = timedelta(days=1), timedelta(days=90)


@dataclass
class AcceptedAction:
    """One action that the server accepted, on a day at the desk, by the desk or the supervisor."""

    action: str
    answers: dict[str, Any]
    recorded_on: date
    actor: str


@dataclass
class ReturnModel:
    """One request: its people, and every action on it that was accepted."""

    reference: str
    persons: list[dict[str, Any]]
    is_alone: bool
    version: int = 1
    history: list[AcceptedAction] = field(default_factory=list)

    def last_answer(self, action: str, name: str) -> Any:
        """Return the latest answer to a field of an action, None if there is none."""
        answers = [
            accepted.answers[name]
            for accepted in self.history
            if accepted.action == action and accepted.answers.get(name)
        ]
        return answers[-1] if answers else None

    def has_recorded(self, action: str) -> bool:
        return any(accepted.action == action for accepted in self.history)

    @property
    def consents(self) -> list[date]:
        return [accepted.recorded_on for accepted in self.history if accepted.action == CONSENT]

    def has_consent_on(self, day: date) -> bool:
        return any(consent <= day <= consent + VALID for consent in self.consents)

    @property
    def is_voluntary(self) -> bool:
        return (
            self.last_answer(CHECK, "free_choice"),
            self.last_answer(CHECK, "informed_decision"),
        ) == (
            "yes",
            "yes",
        )

    @property
    def is_stopped(self) -> bool:
        stopped = False
        for accepted in self.history:
            doubt = "refer" in (
                accepted.answers.get("free_choice"),
                accepted.answers.get("informed_decision"),
            )
            stopped = (
                stopped or bool(accepted.answers.get("signs")) or doubt
            ) and accepted.action != "resume"
        return stopped

    @property
    def is_child_alone(self) -> bool:
        return self.is_alone or any(
            "child_without_family" in accepted.answers.get("signs", ()) for accepted in self.history
        )

    @property
    def closing_reason(self) -> str:
        """Return the reason that it was closed with, empty while it is open."""
        reason = ""
        for accepted in self.history:
            if accepted.action == "withdraw":
                reason = "withdrew"
            elif accepted.action == "close":
                reason = accepted.answers["reason"]
            elif accepted.action == CHECK and "no" in (
                accepted.answers["free_choice"],
                accepted.answers["informed_decision"],
            ):
                reason = "not_voluntary"
            elif accepted.action == BEST_INTERESTS and accepted.answers["decision"] == "no":
                reason = "not_in_best_interests"
        return reason

    @property
    def departed_on(self) -> date | None:
        day = self.last_answer("departed", "departed_on")
        return date.fromisoformat(day) if day else None

    @property
    def stage(self) -> str:
        if self.closing_reason:
            return "closed"
        order = ("enquiry", *EARLY, *LATE)
        done = [action for action in order if self.has_recorded(action)]
        return done[-1] if done else "enquiry"

    def is_allowed(self, action: str, answers: dict[str, Any], actor: str, today: date) -> bool:
        """Return whether this may be recorded now; `actor` is the desk or a supervisor of the request's country."""
        if "version" in answers and answers["version"] != self.version and action != "withdraw":
            return False
        if action in STOP_RESUME_CLOSE:
            return self._may_stop_resume_close(action, answers, actor)
        if not self._is_their_stage(action, actor) or not self._is_readable(action, answers, today):
            return False
        if self.departed_on:
            return self._may_after_departure(action, answers, today)
        return not self.closing_reason and self._may_before_departure(action, answers, today)

    def _may_stop_resume_close(self, action: str, answers: dict[str, Any], actor: str) -> bool:
        if action == "withdraw" or (action == "close" and answers["reason"] == "withdrew"):
            return not self.departed_on and self.closing_reason in ("", "withdrew")
        if action == "stop":
            return not self.closing_reason and not self.departed_on
        if action == "resume":
            return actor == "supervisor" and not self.closing_reason and self.is_stopped
        return self._may_close(answers["reason"], actor)

    def _may_close(self, reason: str, actor: str) -> bool:
        if actor == "desk" and (self.has_recorded(HANDED) or self.closing_reason):
            return False
        if self.closing_reason in ("withdrew", reason):
            return False
        if self.departed_on:
            return reason in REASONS_AFTER_DEPARTURE and (
                reason != "returned" or self.has_recorded("arrived")
            )
        return reason in REASONS_BEFORE_DEPARTURE

    def _is_their_stage(self, action: str, actor: str) -> bool:
        if actor == "desk":
            return action in EARLY and not self.has_recorded(HANDED)
        return action in LATE or (action in RENEWABLE and self.has_recorded(HANDED))

    @staticmethod
    def _is_readable(action: str, answers: dict[str, Any], today: date) -> bool:
        """Return whether the step has what its fields need: its ticks, and no day in the future."""
        ticks = {
            CONSENT: ("options_explained", "own_decision", "may_withdraw"),
            BEST_INTERESTS: ("family_assessed", "receiver_confirmed", "child_heard"),
        }
        needed = ticks.get(action, ()) if answers.get("decision", "yes") == "yes" else ()
        if not all(answers.get(name) for name in needed):
            return False
        days = ("departed_on", "arrived_on", "reconfirmed_on")
        return all(date.fromisoformat(answers[name]) <= today for name in days if answers.get(name))

    def is_blocked(self, day: date) -> bool:
        """Return whether a gate keeps the request from being handed over, or from what follows, on a day."""
        if self.is_stopped or not self.is_voluntary or not self.has_consent_on(day):
            return True
        return self.is_child_alone and self.last_answer(BEST_INTERESTS, "decision") != "yes"

    def _may_before_departure(self, action: str, answers: dict[str, Any], today: date) -> bool:
        if action in (COUNSELLING, *RENEWABLE) and self.has_recorded(action):
            return True
        if action in EARLY[:4] and self.is_stopped:
            return False
        early = {
            COUNSELLING: True,
            CONSENT: self.has_recorded(COUNSELLING),
            CHECK: self.has_consent_on(today),
            BEST_INTERESTS: self.is_child_alone
            and self.is_voluntary
            and self.has_consent_on(today),
        }
        if action in early:
            return early[action]
        if action == "departed":
            return self.has_recorded("travel_arranged") and self._may_depart(
                self._departure_date(answers, today), answers
            )
        return not self.is_blocked(today) and self._is_next(action, answers)

    def _is_next(self, action: str, answers: dict[str, Any]) -> bool:
        if action == "travel_arranged" and self.last_answer("fit_to_travel", "fit") != "yes":
            return False
        if action in ("fit_to_travel", "travel_arranged") and self.has_recorded(action):
            return self._is_reconfirmed_after_consent(answers)
        order = (CHECK, HANDED, *PREPARING)
        is_new = (
            action in order[1:]
            and not self.has_recorded(action)
            and self.has_recorded(order[order.index(action) - 1])
        )
        return is_new and self._is_reconfirmed_after_consent(answers)

    def _is_reconfirmed_after_consent(self, answers: dict[str, Any]) -> bool:
        reconfirmed = answers.get("reconfirmed_on")
        return not reconfirmed or date.fromisoformat(reconfirmed) >= self.consents[0]

    def _departure_date(self, answers: dict[str, Any], today: date) -> date:
        return date.fromisoformat(answers["departed_on"]) if answers.get("departed_on") else today

    def _may_depart(self, day: date, answers: dict[str, Any]) -> bool:
        """Return whether these people may have departed on that day."""
        handed = next(each.recorded_on for each in self.history if each.action == HANDED)
        reconfirmed = answers.get("reconfirmed_on") or self.last_answer(
            "travel_arranged", "reconfirmed_on"
        )
        if not reconfirmed or day < handed or self.is_blocked(day):
            return False
        is_reconfirmed_in_time = day - date.fromisoformat(reconfirmed) in (timedelta(0), DAY)
        departing = (
            answers.get("persons") or self.last_answer("departed", "persons") or self.persons
        )
        children = all(group["age_band"] in CHILDREN for group in departing)
        alone = children and self.last_answer(BEST_INTERESTS, "decision") != "yes"
        fits = self.last_answer("fit_to_travel", "fit") == "yes"
        return (
            is_reconfirmed_in_time and fits and not alone and not self._exceeds_request(departing)
        )

    def _exceeds_request(self, departing: list[dict[str, Any]]) -> bool:
        requested, leaving = Counter[Any](), Counter[Any]()
        for groups, counted in ((self.persons, requested), (departing, leaving)):
            for group in groups:
                counted[group["sex"], group["age_band"]] += group["n"]
        return bool(leaving - requested)

    def _may_after_departure(self, action: str, answers: dict[str, Any], today: date) -> bool:
        departed = self.departed_on
        assert departed
        arrived = self.last_answer("arrived", "arrived_on")
        if action == "departed":
            day = self._departure_date(answers, departed)
            return self._may_depart(day, answers) and (not arrived or day.isoformat() <= arrived)
        if action == "travel_arranged":
            return self._may_depart(departed, answers) and self._is_reconfirmed_after_consent(
                answers
            )
        if action == "arrived" and (self.has_recorded("arrived") or not self.closing_reason):
            day = answers.get("arrived_on") or arrived or today.isoformat()
            return day >= departed.isoformat()
        if (
            self.closing_reason
            or not self.has_recorded("arrived")
            or self.has_recorded("follow_up_done")
        ):
            return False
        return action in AFTER_DEPARTURE[1:] and not self.has_recorded(action)

    def record(self, action: str, answers: dict[str, Any], actor: str, today: date) -> None:
        """Record an accepted action; a withdrawal that is sent twice is one."""
        if action == "close" and answers["reason"] == "withdrew":
            action = "withdraw"
        if action == "withdraw" and self.closing_reason == "withdrew":
            return
        recorded = dict(answers)
        if action == "departed":
            recorded["departed_on"] = self._departure_date(
                answers, self.departed_on or today
            ).isoformat()
        if action == "arrived":
            recorded["arrived_on"] = (
                answers.get("arrived_on")
                or self.last_answer("arrived", "arrived_on")
                or today.isoformat()
            )
        self.history.append(AcceptedAction(action, recorded, today, actor))
        self.version += 1

    @property
    def counts_as_departed(self) -> bool:
        return bool(self.departed_on) and self.closing_reason not in (
            "removed_by_authority",
            "duplicate",
        )
