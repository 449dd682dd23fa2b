"""Pages of staff: signing in (`signing_in`), one's own account (`own`), those of others (`accounts`), the trail."""

from app.staff.views import accounts, own, pins, signing_in, trail  # noqa: F401 - register their views
from app.staff.views.blueprint import blueprint

__all__ = ["blueprint"]
