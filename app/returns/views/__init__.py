"""Pages and JSON of return requests: what is recorded (`acts`), one request (`one`), the pages of its `steps`."""

from app.returns.views import acts, one, steps  # noqa: F401 - register their views
from app.returns.views.blueprint import blueprint

__all__ = ["blueprint"]
