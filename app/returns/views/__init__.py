"""Pages and JSON of return requests: `actions` on one, `lists`, its `detail`, `steps` and `printed_sheets`."""

from app.returns.views import (  # noqa: F401 - register their views
    actions,
    detail,
    lists,
    printed_sheets,
    steps,
)
from app.returns.views.blueprint import blueprint

__all__ = ["blueprint"]
