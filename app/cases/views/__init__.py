"""Pages that span rooms: a desk's day, sending a referral, what came of a consultation, and who is asking."""

from app.cases.actions import notices  # noqa: F401 - takes the referrals that tablets send
from app.cases.views import (  # noqa: F401 - register their views
    me,
    offline,
    referring,
    returning,
    timeline,
    today,
)
from app.cases.views.blueprint import blueprint

__all__ = ["blueprint"]
