"""Pages of staff: signing in and out (`signing_in`), own account and accounts of others (`accounts`)."""

from app.staff.views import accounts, signing_in  # noqa: F401 - register their views
from app.staff.views.blueprint import blueprint

__all__ = ["blueprint"]
