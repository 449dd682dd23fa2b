"""Pages and JSON of return requests: what is recorded (`acts`), `lists`, one request, its `steps` and `sheets`."""

from app.returns.views import acts, lists, one, sheets, steps  # noqa: F401 - register their views
from app.returns.views.blueprint import blueprint

__all__ = ["blueprint"]
