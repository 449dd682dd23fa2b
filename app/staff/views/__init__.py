"""Pages of staff: sign-in, the own account (`profile`, `pins`), other accounts (`accounts`), the two logs."""

from app.staff.views import (  # noqa: F401 - register their views
    accounts,
    audit_log,
    pins,
    profile,
    security_log,
    sign_in,
)
from app.staff.views.blueprint import blueprint

__all__ = ["blueprint"]
