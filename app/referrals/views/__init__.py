"""Pages and JSON of referrals: one referral, its slip, the actions on it, and the inbox of shelters."""

from app.referrals.views import actions, detail, inbox, slip  # noqa: F401 - register their views
from app.referrals.views.blueprint import blueprint

__all__ = ["blueprint"]
