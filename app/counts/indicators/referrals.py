"""Figures of referrals and beds: code, label, unit, definition in words and formula (domain.md §4.3)."""

from app.codelists.codelist import N_
from app.counts.indicators.indicator import Indicator
from app.counts.rules.referrals import ReferralTotals

REFERRAL, PERCENT, HOURS, PLACES = N_("referrals"), N_("percent"), N_("hours"), N_("places")

_ALL: tuple[Indicator[ReferralTotals, int | float | None], ...] = (
    Indicator(
        "sent",
        N_("referrals sent"),
        REFERRAL,
        N_("Groups sent to a shelter or to another service in the month."),
        ReferralTotals.count_sent,
    ),
    Indicator(
        "accepted",
        N_("referrals accepted"),
        REFERRAL,
        N_(
            "Accepted by a shelter in the month. An acceptance that was undone at once does "
            "not count; places held a second time count once."
        ),
        ReferralTotals.count_accepted,
    ),
    Indicator(
        "declined",
        N_("referrals declined"),
        REFERRAL,
        N_("Declined in the month by every shelter that was asked; the reason is the last one's."),
        ReferralTotals.count_declined,
    ),
    Indicator(
        "expired",
        N_("referrals expired"),
        REFERRAL,
        N_(
            "Sent to shelters of which none accepted or declined before the deadline, which fell in the month."
        ),
        ReferralTotals.count_expired,
    ),
    Indicator(
        "arrived",
        N_("referrals arrived"),
        REFERRAL,
        N_("The shelter marked in the month that the group came."),
        ReferralTotals.count_arrived,
    ),
    Indicator(
        "no_show",
        N_("referrals not arrived"),
        REFERRAL,
        N_(
            "Marked in the month as not arrived, or nobody marked anything within 24 hours "
            "after the places were no longer held."
        ),
        ReferralTotals.count_no_show,
    ),
    Indicator(
        "completed",
        N_("referrals completed"),
        REFERRAL,
        N_("Closed in the month because the shelter or service had been given."),
        ReferralTotals.count_completed,
    ),
    Indicator(
        "acceptance_pct",
        N_("accepted, of those decided"),
        PERCENT,
        N_(
            "Of the referrals to shelters sent in the month: accepted, per 100 that were accepted, declined or left "
            "to expire."
        ),
        ReferralTotals.acceptance_pct,
    ),
    Indicator(
        "median_answer_hours",
        N_("hours to the first answer"),
        HOURS,
        N_(
            "Of the referrals to shelters sent in the month that were answered: half of them waited less than this "
            "for a yes, a place on the waiting list or the last no."
        ),
        ReferralTotals.median_answer_hours,
    ),
    Indicator(
        "refused_no_places",
        N_("refused for lack of places"),
        REFERRAL,
        N_("Declined in the month because the shelter had no capacity."),
        ReferralTotals.count_refused_no_places,
    ),
    Indicator(
        "beds_available",
        N_("places that can be used"),
        PLACES,
        N_(
            "Capacity without blocked beds in every shelter at the end of the month, or now while it runs; free or not."
        ),
        ReferralTotals.beds_available,
    ),
    Indicator(
        "occupancy_pct",
        N_("occupancy of shelters"),
        PERCENT,
        N_(
            "People per 100 usable places at the end of each day, the mean of the days; above"
            " 100 if more were taken in than there are places."
        ),
        ReferralTotals.occupancy_pct,
    ),
)
REFERRALS = {indicator.code: indicator for indicator in _ALL}
