"""The figures of a month as programs get them (outside.md, Counts)."""

from typing import Literal

from pydantic import Field

from app.web.openapi.answers import Answer

Split = dict[str, int]


class PeopleReached(Answer):
    """People reached: at least, at most, and those of whom nobody knows if they were counted before."""

    low: int
    high: int
    unknown: int


class YearToDate(Answer):
    """The same from the beginning of the reporting year to the end of the month."""

    from_: str = Field(alias="from", description="First month of the reporting year, `YYYY-MM`.")
    reached: PeopleReached
    consultations: int
    persons_in_consultations: int


class CountsBySplit(Answer):
    """`reached.low` of the month by code; each of them adds up to it."""

    sex: Split
    age_band: Split
    nationality: Split
    situation: Split
    main_topic: Split
    desk: Split
    country: Split


class ReferralCounts(Answer):
    """The month's referrals and beds; `declined` by reason."""

    sent: int
    accepted: int
    declined: Split
    expired: int
    arrived: int
    no_show: int
    completed: int
    acceptance_pct: float | None
    median_answer_hours: float | None
    refused_no_places: int
    beds_available: int
    occupancy_pct: float | None


class DepartedBySplit(Answer):
    """The persons departed by code; null if they are too few to be shown."""

    sex: Split | None
    age_band: Split | None
    nationality: Split | None
    transport_mode: Split | None


class CompletenessAnswer(Answer):
    """How many desks should have reported and did, and how many records wait on tablets."""

    desks_expected: int
    desks_reported: int
    waiting_on_tablets: int | None


class ReturnCounts(Answer):
    """The month's voluntary returns; null if a figure is too small to be shown, or there is none."""

    opened: int | None
    withdrawn: int | None
    handed_over: int | None
    departed_persons: int | None
    children_alone: int | None
    median_days_consent_to_departure: float | None
    departed: DepartedBySplit


class FiguresAnswer(Answer):
    """The figures of a country, a desk or the programme in a month."""

    country: str | None = Field(description="ISO 3166-1 alpha-3; null for the whole programme.")
    desk: str | None = Field(None, description="Only if the figures are those of one desk.")
    month: str = Field(description="`YYYY-MM`.")
    state: Literal["open", "closed"]
    revision: int
    late: int = Field(description="Records of a closed month that arrived or changed since.")
    consultations: int
    tallies: int
    persons_in_consultations: int
    reached: PeopleReached
    new: int
    year_to_date: YearToDate
    by: CountsBySplit
    by_topic_any: Split
    referrals: ReferralCounts | None
    returns: ReturnCounts | None
    completeness: CompletenessAnswer
