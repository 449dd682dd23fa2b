"""Pages that span sibling packages: a desk's day, a consultation's timeline, new referrals and return requests."""

from app.cases.views import (  # noqa: F401 - register their views
    account,
    offline_referrals,
    referrals,
    returns,
    timeline,
    today,
)
from app.cases.views.blueprint import blueprint

__all__ = ["blueprint"]
