"""What a test believes of one return request: what was accepted, what may come next, told without the rules."""

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
AFTERWARDS = ("arrived", "reintegration_referred", "follow_up_done")
LATE = (*PREPARING, "departed", *AFTERWARDS)
TURNS = ("stop", "resume", "withdraw", "close")
ACTS = (*EARLY, *LATE, *TURNS)
RENEWED = (CONSENT, CHECK, BEST_INTERESTS)
CHILDREN = {"age_0_4", "age_5_11", "age_12_17", "unknown_child"}
BEFORE = {"asylum_route", "lost_contact", "removed_by_authority", "duplicate", "other", "no_funds"}
AFTER = {"returned", "lost_contact", "removed_by_authority", "duplicate", "other"}
DAY, VALID = timedelta(days=1), timedelta(days=90)


@dataclass
class Accepted:
    """One thing that the server said yes to, on a day at the desk, by the desk or the supervisor."""

    act: str
    said: dict[str, Any]
    on: date
    side: str


@dataclass
class Believed:
    """One request: who asked, and everything that was accepted of it."""

    reference: str
    persons: list[dict[str, Any]]
    is_alone: bool
    version: int = 1
    history: list[Accepted] = field(default_factory=list)

    def last(self, act: str, name: str) -> Any:
        """The latest answer to a field of an act; None where there is none."""
        said = [one.said[name] for one in self.history if one.act == act and one.said.get(name)]
        return said[-1] if said else None

    def did(self, act: str) -> bool:
        return any(one.act == act for one in self.history)

    @property
    def consents(self) -> list[date]:
        return [one.on for one in self.history if one.act == CONSENT]

    def has_consent_on(self, day: date) -> bool:
        return any(one <= day <= one + VALID for one in self.consents)

    @property
    def is_voluntary(self) -> bool:
        return (self.last(CHECK, "free_choice"), self.last(CHECK, "informed_decision")) == (
            "yes",
            "yes",
        )

    @property
    def is_stopped(self) -> bool:
        stopped = False
        for one in self.history:
            doubt = "refer" in (one.said.get("free_choice"), one.said.get("informed_decision"))
            stopped = (stopped or bool(one.said.get("signs")) or doubt) and one.act != "resume"
        return stopped

    @property
    def is_child_alone(self) -> bool:
        return self.is_alone or any(
            "child_without_family" in one.said.get("signs", ()) for one in self.history
        )

    @property
    def closed(self) -> str:
        """The reason that it was closed with, empty while it is open."""
        reason = ""
        for one in self.history:
            if one.act == "withdraw":
                reason = "withdrew"
            elif one.act == "close":
                reason = one.said["reason"]
            elif one.act == CHECK and "no" in (
                one.said["free_choice"],
                one.said["informed_decision"],
            ):
                reason = "not_voluntary"
            elif one.act == BEST_INTERESTS and one.said["decision"] == "no":
                reason = "not_in_best_interests"
        return reason

    @property
    def departed_on(self) -> date | None:
        said = self.last("departed", "departed_on")
        return date.fromisoformat(said) if said else None

    @property
    def stage(self) -> str:
        if self.closed:
            return "closed"
        order = ("enquiry", *EARLY, *LATE)
        done = [act for act in order if self.did(act)]
        return done[-1] if done else "enquiry"

    def may(self, act: str, said: dict[str, Any], side: str, today: date) -> bool:
        """Whether this may be recorded now; `side` is that of a desk or of a supervisor, of its own country."""
        if "version" in said and said["version"] != self.version and act != "withdraw":
            return False
        if act in TURNS:
            return self._may_turn(act, said, side)
        if not self._is_their_turn(act, side) or not self._is_readable(act, said, today):
            return False
        if self.departed_on:
            return self._may_after_departure(act, said, today)
        return not self.closed and self._may_before_departure(act, said, today)

    def _may_turn(self, act: str, said: dict[str, Any], side: str) -> bool:
        if act == "withdraw" or (act == "close" and said["reason"] == "withdrew"):
            return not self.departed_on and self.closed in ("", "withdrew")
        if act == "stop":
            return not self.closed and not self.departed_on
        if act == "resume":
            return side == "supervisor" and not self.closed and self.is_stopped
        return self._may_close(said["reason"], side)

    def _may_close(self, reason: str, side: str) -> bool:
        if side == "desk" and (self.did(HANDED) or self.closed):
            return False
        if self.closed in ("withdrew", reason):
            return False
        if self.departed_on:
            return reason in AFTER and (reason != "returned" or self.did("arrived"))
        return reason in BEFORE

    def _is_their_turn(self, act: str, side: str) -> bool:
        if side == "desk":
            return act in EARLY and not self.did(HANDED)
        return act in LATE or (act in RENEWED and self.did(HANDED))

    @staticmethod
    def _is_readable(act: str, said: dict[str, Any], today: date) -> bool:
        """Without what every step needs it is refused at the field: ticks, and days that are not to come."""
        ticks = {
            CONSENT: ("options_explained", "own_decision", "may_withdraw"),
            BEST_INTERESTS: ("family_assessed", "receiver_confirmed", "child_heard"),
        }
        needed = ticks.get(act, ()) if said.get("decision", "yes") == "yes" else ()
        if not all(said.get(name) for name in needed):
            return False
        days = ("departed_on", "arrived_on", "reconfirmed_on")
        return all(date.fromisoformat(said[name]) <= today for name in days if said.get(name))

    def gate(self, day: date) -> bool:
        """Whether anything keeps the request from being handed over, or from what follows, on a day."""
        if self.is_stopped or not self.is_voluntary or not self.has_consent_on(day):
            return True
        return self.is_child_alone and self.last(BEST_INTERESTS, "decision") != "yes"

    def _may_before_departure(self, act: str, said: dict[str, Any], today: date) -> bool:
        if act in (COUNSELLING, *RENEWED) and self.did(act):
            return True
        if act in EARLY[:4] and self.is_stopped:
            return False
        early = {
            COUNSELLING: True,
            CONSENT: self.did(COUNSELLING),
            CHECK: self.has_consent_on(today),
            BEST_INTERESTS: self.is_child_alone
            and self.is_voluntary
            and self.has_consent_on(today),
        }
        if act in early:
            return early[act]
        if act == "departed":
            return self.did("travel_arranged") and self._is_lawful(self._going(said, today), said)
        return not self.gate(today) and self._is_next(act, said)

    def _is_next(self, act: str, said: dict[str, Any]) -> bool:
        if act == "travel_arranged" and self.last("fit_to_travel", "fit") != "yes":
            return False
        if act in ("fit_to_travel", "travel_arranged") and self.did(act):
            return self._is_after_consent(said)
        way = (CHECK, HANDED, *PREPARING)
        is_new = act in way[1:] and not self.did(act) and self.did(way[way.index(act) - 1])
        return is_new and self._is_after_consent(said)

    def _is_after_consent(self, said: dict[str, Any]) -> bool:
        again = said.get("reconfirmed_on")
        return not again or date.fromisoformat(again) >= self.consents[0]

    def _going(self, said: dict[str, Any], today: date) -> date:
        return date.fromisoformat(said["departed_on"]) if said.get("departed_on") else today

    def _is_lawful(self, day: date, said: dict[str, Any]) -> bool:
        """Whether these people may have departed on that day."""
        handed = next(one.on for one in self.history if one.act == HANDED)
        again = said.get("reconfirmed_on") or self.last("travel_arranged", "reconfirmed_on")
        if not again or day < handed or self.gate(day):
            return False
        eve = day - date.fromisoformat(again) in (timedelta(0), DAY)
        going = said.get("persons") or self.last("departed", "persons") or self.persons
        children = all(one["age_band"] in CHILDREN for one in going)
        alone = children and self.last(BEST_INTERESTS, "decision") != "yes"
        fits = self.last("fit_to_travel", "fit") == "yes"
        return eve and fits and not alone and not self._more(going)

    def _more(self, going: list[dict[str, Any]]) -> bool:
        asked, go = Counter[Any](), Counter[Any]()
        for group, counted in ((self.persons, asked), (going, go)):
            for one in group:
                counted[one["sex"], one["age_band"]] += one["n"]
        return bool(go - asked)

    def _may_after_departure(self, act: str, said: dict[str, Any], today: date) -> bool:
        departed = self.departed_on
        assert departed
        arrived = self.last("arrived", "arrived_on")
        if act == "departed":
            day = self._going(said, departed)
            return self._is_lawful(day, said) and (not arrived or day.isoformat() <= arrived)
        if act == "travel_arranged":
            return self._is_lawful(departed, said) and self._is_after_consent(said)
        if act == "arrived" and (self.did("arrived") or not self.closed):
            day = said.get("arrived_on") or arrived or today.isoformat()
            return day >= departed.isoformat()
        if self.closed or not self.did("arrived") or self.did("follow_up_done"):
            return False
        return act in AFTERWARDS[1:] and not self.did(act)

    def follow(self, act: str, said: dict[str, Any], side: str, today: date) -> None:
        """Keeps what was accepted; a withdrawal that is sent twice is one."""
        if act == "close" and said["reason"] == "withdrew":
            act = "withdraw"
        if act == "withdraw" and self.closed == "withdrew":
            return
        kept = dict(said)
        if act == "departed":
            kept["departed_on"] = self._going(said, self.departed_on or today).isoformat()
        if act == "arrived":
            kept["arrived_on"] = (
                said.get("arrived_on") or self.last("arrived", "arrived_on") or today.isoformat()
            )
        self.history.append(Accepted(act, kept, today, side))
        self.version += 1

    @property
    def counts_as_departed(self) -> bool:
        return bool(self.departed_on) and self.closed not in ("removed_by_authority", "duplicate")
