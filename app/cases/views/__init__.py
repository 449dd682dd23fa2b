"""Pages that span rooms: a desk's day, sending a referral, what came of a consultation, and who is asking."""

from app.cases.views import me, referring, returning, timeline, today  # noqa: F401 - register their views
from app.cases.views.blueprint import blueprint

__all__ = ["blueprint"]
