"""Pages and JSON of consultations: recording (`recording`) and one record (`record`)."""

from app.consultations.views import record, recording  # noqa: F401 - register their views
from app.consultations.views.blueprint import blueprint

__all__ = ["blueprint"]
