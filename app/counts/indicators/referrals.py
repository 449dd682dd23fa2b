"""Figures of referrals and beds: code, label, unit, definition in words and formula (domain.md §4.3)."""

from app.codelists.codelist import N_
from app.counts.indicators.indicator import Indicator
from app.counts.rules.referrals import Referred, acceptance, hours, occupancy

REFERRAL, PERCENT, HOURS, PLACES = N_("referrals"), N_("percent"), N_("hours"), N_("places")
NO_PLACES = "no_capacity"


def _sent(facts: Referred) -> int:
    return facts.happened.get("sent", 0)


def _accepted(facts: Referred) -> int:
    return facts.happened.get("accepted", 0)


def _declined(facts: Referred) -> int:
    return sum(facts.declined.values())


def _expired(facts: Referred) -> int:
    return facts.happened.get("expired", 0)


def _arrived(facts: Referred) -> int:
    return facts.happened.get("arrived", 0)


def _no_show(facts: Referred) -> int:
    return facts.happened.get("no_show", 0)


def _completed(facts: Referred) -> int:
    return facts.happened.get("completed", 0)


def _acceptance(facts: Referred) -> float | None:
    return acceptance(facts.cohort)


def _median_answer(facts: Referred) -> float | None:
    return hours(facts.cohort.median_answer)


def _refused_no_places(facts: Referred) -> int:
    return facts.declined.get(NO_PLACES, 0)


def _beds_available(facts: Referred) -> int:
    return facts.beds[-1].usable if facts.beds else 0


def _occupancy(facts: Referred) -> float | None:
    return occupancy(facts.beds)


_ALL: tuple[Indicator[Referred, int | float | None], ...] = (
    Indicator(
        "sent",
        N_("referrals sent"),
        REFERRAL,
        N_("Groups sent to a shelter or to another service in the month."),
        _sent,
    ),
    Indicator(
        "accepted",
        N_("referrals accepted"),
        REFERRAL,
        N_(
            "Accepted by a shelter in the month. A yes that was taken back at once does not count; places held a "
            "second time count once."
        ),
        _accepted,
    ),
    Indicator(
        "declined",
        N_("referrals declined"),
        REFERRAL,
        N_("Declined in the month by every shelter that was asked; the reason is the last one's."),
        _declined,
    ),
    Indicator(
        "expired",
        N_("referrals expired"),
        REFERRAL,
        N_("To a shelter, and nobody said yes or no before the deadline, which fell in the month."),
        _expired,
    ),
    Indicator(
        "arrived",
        N_("referrals arrived"),
        REFERRAL,
        N_("The shelter marked in the month that the group came."),
        _arrived,
    ),
    Indicator(
        "no_show",
        N_("referrals not arrived"),
        REFERRAL,
        N_(
            "Marked in the month as not come, or nobody marked anything within 24 hours after the places were no "
            "longer held."
        ),
        _no_show,
    ),
    Indicator(
        "completed",
        N_("referrals completed"),
        REFERRAL,
        N_("Closed in the month because the shelter or service had been given."),
        _completed,
    ),
    Indicator(
        "acceptance_pct",
        N_("accepted, of those decided"),
        PERCENT,
        N_(
            "Of the referrals to shelters sent in the month: accepted, per 100 that were accepted, declined or left "
            "to expire."
        ),
        _acceptance,
    ),
    Indicator(
        "median_answer_hours",
        N_("hours to the first answer"),
        HOURS,
        N_(
            "Of the referrals to shelters sent in the month that were answered: half of them waited less than this "
            "for a yes, a place on the waiting list or the last no."
        ),
        _median_answer,
    ),
    Indicator(
        "refused_no_places",
        N_("refused for lack of places"),
        REFERRAL,
        N_("Declined in the month because the shelter had no capacity."),
        _refused_no_places,
    ),
    Indicator(
        "beds_available",
        N_("places that can be used"),
        PLACES,
        N_(
            "Capacity without blocked beds in every shelter at the end of the month, or now while it runs; free or not."
        ),
        _beds_available,
    ),
    Indicator(
        "occupancy_pct",
        N_("occupancy of shelters"),
        PERCENT,
        N_(
            "People per 100 usable places at the end of each day, the mean of the days; above 100 where more were "
            "taken in than there are places."
        ),
        _occupancy,
    ),
)
REFERRALS = {indicator.code: indicator for indicator in _ALL}


def reckon(facts: Referred) -> dict[str, int | float | None]:
    """Every figure by its code."""
    return {code: indicator.formula(facts) for code, indicator in REFERRALS.items()}
