"""What is recorded at one desk, day after day, with late, corrected and voided consultations."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.consultations.rules.consultation_data import ConsultationData
from app.demo.programme import survey_answers
from app.demo.programme.cards import NOTHING, Press, Shown
from app.demo.programme.distributions import Mix
from app.demo.programme.returning_visitors import Pool
from app.demo.programme.travel_groups import Party
from app.month import Month
from app.places.queries import DeskRow

TALLIES, LATE, CORRECTED, VOIDED = 0.01, 0.03, 0.02, 0.015
FORGOTTEN = 0.04
"""Parties that do not know whether they came before."""
CHANGES = Mix({"corrected": CORRECTED, "voided": VOIDED, "": 1 - CORRECTED - VOIDED})
OPENS, CLOSES = timedelta(hours=7, minutes=40), timedelta(hours=16, minutes=20)
VOID_REASONS = Mix({"duplicate": 55, "slip": 30, "undo": 15})
CORRECT_REASONS = Mix({"slip": 60, "person_corrected": 30, "other": 10})


@dataclass(frozen=True)
class Telling:
    """One consultation: what it says now, who came with which card, when it came in, how it was changed.

    `before` is the content that a correction replaced; `is_void` says that it was taken out.
    """

    content: ConsultationData
    telemetry: dict[str, Any]
    received_at: datetime
    party: Party | None = None
    shown: Shown = NOTHING
    before: ConsultationData | None = None
    is_void: bool = False
    reason: str | None = None
    changed_at: datetime | None = None
    by_supervisor: bool = False


class DeskStory:
    """Tells the consultations of one desk in the order of their days; same chance, same story."""

    def __init__(
        self, desk: DeskRow, now: datetime, pool: Pool, press: Press, chance: Random
    ) -> None:
        self.desk, self.pool, self.press, self.chance = desk, pool, press, chance
        self.zone = ZoneInfo(desk.time_zone)
        self.now = now.replace(minute=0, second=0, microsecond=0)
        self.sequence = 0

    def tell(self, day: date, many: int) -> Iterator[Telling]:
        """The consultations held on one day."""
        midnight = datetime.combine(day, time(), self.zone).astimezone(UTC)
        whole = CLOSES - OPENS
        moments = sorted(midnight + OPENS + whole * self.chance.random() for _ in range(many))
        for moment in moments:
            self.sequence += 1
            yield self._one(day, self._not_later_than_now(midnight, moment))

    def _not_later_than_now(self, midnight: datetime, moment: datetime) -> datetime:
        """Today's moments move together towards midnight: nothing is received in the future."""
        if midnight + CLOSES <= self.now:
            return moment
        gone = max(self.now - midnight, timedelta(0))
        return midnight + (moment - midnight) * (gone / CLOSES)

    def _one(self, day: date, moment: datetime) -> Telling:
        chance = self.chance
        known: dict[str, Any] = {"id": self._id(), "desk": self.desk.code, "held_on": day}
        telemetry = self._telemetry()
        if chance.random() < TALLIES:
            return Telling(ConsultationData(**known), dict.fromkeys(telemetry), moment)
        party, month = self.pool.next_party(day), Month.of(day)
        change = CHANGES.draw(chance)
        shown = self.press.show(party, month, chance)
        content = self._content(known, party, month, shown)
        party.last_day = day
        if change != "voided" and content.qualifies:
            party.came_in(month)
            self.pool.keep(party, day)
        if chance.random() < LATE:
            moment = min(moment + timedelta(days=chance.randint(1, 9)), max(moment, self.now))
        telling = Telling(content, telemetry, moment, party, shown)
        return self._changed(telling, change) if change else telling

    def _content(self, known: dict[str, Any], party: Party, month: Month, shown: Shown) -> ConsultationData:
        chance = self.chance
        asked = survey_answers.topics(party, chance)
        year_start = month.reporting_year_start(self.press.year_start)
        return ConsultationData(
            **known,
            channel=survey_answers.CHANNELS.draw(chance),
            modality=survey_answers.modality(self.desk.modality, asked, chance),
            travel_group=party.travel_group,
            language=party.language,
            groups=party.groups(month, year_start, forgot=chance.random() < FORGOTTEN),
            topics=asked,
            main_topic=asked[0],
            outcomes=survey_answers.outcomes(asked, chance),
            flags=survey_answers.flags(party, self.desk.country, chance),
            card_id=shown.card.id if shown.card else None,
        )

    def _changed(self, telling: Telling, change: str) -> Telling:
        chance = self.chance
        by_supervisor = chance.random() < 0.2
        later = timedelta(days=1 + 8 * chance.random()) if by_supervisor else timedelta(minutes=12)
        at = min(telling.received_at + later, max(telling.received_at, self.now))
        facts: dict[str, Any] = {"changed_at": at, "by_supervisor": by_supervisor}
        if change == "voided":
            return replace(telling, is_void=True, reason=VOID_REASONS.draw(chance), **facts)
        before = self._mistaken(telling.content)
        return replace(telling, before=before, reason=CORRECT_REASONS.draw(chance), **facts)

    def _mistaken(self, content: ConsultationData) -> ConsultationData:
        first, *rest = content.groups
        wrong = "unknown" if first.situation != "unknown" else "in_transit"
        return replace(content, groups=(replace(first, situation=wrong), *rest))

    def _id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def _telemetry(self) -> dict[str, Any]:
        chance = self.chance
        taps = 4 + int(9 * chance.random() ** 2)
        milliseconds = int(taps * 900 * chance.lognormvariate(0, 0.5))
        device = f"tablet-{self.desk.code.lower()}"
        return {
            "taps": taps,
            "milliseconds": milliseconds,
            "device": device,
            "sequence": self.sequence,
        }
