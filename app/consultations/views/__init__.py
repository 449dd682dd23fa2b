"""Pages and JSON of consultations: recording (`recording`), one record (`record`), whole sheets (`importing`)."""

from app.consultations.views import (
    detail,
    recording,  # noqa: F401 - register their views
    spreadsheet_import,
)
from app.consultations.views.blueprint import blueprint

__all__ = ["blueprint"]
