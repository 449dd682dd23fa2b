"""Pages and JSON of consultations: recording, one record (`detail`), import of a spreadsheet."""

from app.consultations.views import detail, recording, spreadsheet_import  # noqa: F401 - register their views
from app.consultations.views.blueprint import blueprint

__all__ = ["blueprint"]
