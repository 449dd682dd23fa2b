"""Pages and JSON of referrals: what is done (`acts`), one referral (`one`), its `slip`, a shelter's `inbox`."""

from app.referrals.views import actions, detail, inbox, slip  # noqa: F401 - register their views
from app.referrals.views.blueprint import blueprint

__all__ = ["blueprint"]
