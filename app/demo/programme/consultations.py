"""The consultations of one desk, day after day, with late, corrected and voided ones."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.consultations.rules.consultation_data import ConsultationData
from app.demo.programme import survey_answers
from app.demo.programme.cards import NO_CARD, CardPrinter, CardShowing
from app.demo.programme.distributions import Distribution
from app.demo.programme.returning_visitors import VisitorPool
from app.demo.programme.travel_groups import Party
from app.month import Month
from app.places.queries import DeskRow

TALLIES, LATE, CORRECTED, VOIDED = 0.01, 0.03, 0.02, 0.015
FORGOTTEN = 0.04
"""Share of parties that do not know whether they came before."""
CHANGES = Distribution({"corrected": CORRECTED, "voided": VOIDED, "": 1 - CORRECTED - VOIDED})
OPENS, CLOSES = timedelta(hours=7, minutes=40), timedelta(hours=16, minutes=20)
VOID_REASONS = Distribution({"duplicate": 55, "slip": 30, "undo": 15})
CORRECT_REASONS = Distribution({"slip": 60, "person_corrected": 30, "other": 10})


@dataclass(frozen=True)
class DemoConsultation:
    """One consultation: its present content, party and card, when it was received, and how it was changed.

    `before` is the content that a correction replaced.
    """

    content: ConsultationData
    telemetry: dict[str, Any]
    received_at: datetime
    party: Party | None = None
    showing: CardShowing = NO_CARD
    before: ConsultationData | None = None
    is_void: bool = False
    reason: str | None = None
    changed_at: datetime | None = None
    by_supervisor: bool = False


class DeskSimulation:
    """Generates the consultations of one desk in the order of their days; the same generator gives the same ones."""

    def __init__(
        self, desk: DeskRow, now: datetime, pool: VisitorPool, printer: CardPrinter, rng: Random
    ) -> None:
        self.desk, self.pool, self.printer, self.rng = desk, pool, printer, rng
        self.zone = ZoneInfo(desk.time_zone)
        self.now = now.replace(minute=0, second=0, microsecond=0)
        self.sequence = 0

    def generate_consultations(self, day: date, n: int) -> Iterator[DemoConsultation]:
        """Yield the n consultations held on one day."""
        midnight = datetime.combine(day, time(), self.zone).astimezone(UTC)
        open_time = CLOSES - OPENS
        moments = sorted(midnight + OPENS + open_time * self.rng.random() for _ in range(n))
        for moment in moments:
            self.sequence += 1
            yield self._consultation(day, self._before_now(midnight, moment))

    def _before_now(self, midnight: datetime, moment: datetime) -> datetime:
        """Move today's moments towards midnight in proportion, so that nothing is received in the future."""
        if midnight + CLOSES <= self.now:
            return moment
        gone = max(self.now - midnight, timedelta(0))
        return midnight + (moment - midnight) * (gone / CLOSES)

    def _consultation(self, day: date, moment: datetime) -> DemoConsultation:
        rng = self.rng
        identity: dict[str, Any] = {"id": self._id(), "desk": self.desk.code, "held_on": day}
        telemetry = self._telemetry()
        if rng.random() < TALLIES:
            return DemoConsultation(ConsultationData(**identity), dict.fromkeys(telemetry), moment)
        party, month = self.pool.next_party(day), Month.containing(day)
        change = CHANGES.draw(rng)
        showing = self.printer.show(party, month, rng)
        content = self._content(identity, party, month, showing)
        party.last_day = day
        if change != "voided" and content.qualifies:
            party.remember_month(month)
            self.pool.keep(party, day)
        if rng.random() < LATE:
            moment = min(moment + timedelta(days=rng.randint(1, 9)), max(moment, self.now))
        consultation = DemoConsultation(content, telemetry, moment, party, showing)
        return self._changed(consultation, change) if change else consultation

    def _content(
        self, identity: dict[str, Any], party: Party, month: Month, showing: CardShowing
    ) -> ConsultationData:
        rng = self.rng
        topics = survey_answers.draw_topics(party, rng)
        year_start = month.reporting_year_start(self.printer.year_start)
        return ConsultationData(
            **identity,
            channel=survey_answers.CHANNELS.draw(rng),
            modality=survey_answers.draw_modality(self.desk.modality, topics, rng),
            travel_group=party.travel_group,
            language=party.language,
            groups=party.groups(month, year_start, forgot=rng.random() < FORGOTTEN),
            topics=topics,
            main_topic=topics[0],
            outcomes=survey_answers.draw_outcomes(topics, rng),
            flags=survey_answers.draw_flags(party, self.desk.country, rng),
            card_id=showing.card.id if showing.card else None,
        )

    def _changed(self, consultation: DemoConsultation, change: str) -> DemoConsultation:
        rng = self.rng
        by_supervisor = rng.random() < 0.2
        later = timedelta(days=1 + 8 * rng.random()) if by_supervisor else timedelta(minutes=12)
        at = min(consultation.received_at + later, max(consultation.received_at, self.now))
        change_fields: dict[str, Any] = {"changed_at": at, "by_supervisor": by_supervisor}
        if change == "voided":
            return replace(
                consultation, is_void=True, reason=VOID_REASONS.draw(rng), **change_fields
            )
        before = self._mistaken(consultation.content)
        return replace(
            consultation, before=before, reason=CORRECT_REASONS.draw(rng), **change_fields
        )

    def _mistaken(self, content: ConsultationData) -> ConsultationData:
        first, *rest = content.groups
        wrong = "unknown" if first.situation != "unknown" else "in_transit"
        return replace(content, groups=(replace(first, situation=wrong), *rest))

    def _id(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def _telemetry(self) -> dict[str, Any]:
        rng = self.rng
        taps = 4 + int(9 * rng.random() ** 2)
        milliseconds = int(taps * 900 * rng.lognormvariate(0, 0.5))
        device = f"tablet-{self.desk.code.lower()}"
        return {
            "taps": taps,
            "milliseconds": milliseconds,
            "device": device,
            "sequence": self.sequence,
        }
