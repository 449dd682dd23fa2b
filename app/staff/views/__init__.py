"""Pages of staff: signing in (`signing_in`), the own account (`own`, `pins`), those of others, the two logs."""

from app.staff.views import (  # noqa: F401 - register their views
    accounts,
    own,
    pins,
    security,
    signing_in,
    trail,
)
from app.staff.views.blueprint import blueprint

__all__ = ["blueprint"]
