"""Pages and JSON of shelters: their beds (`beds`), and the configuration (`admin`, rendered by `pages`)."""

from app.shelters.views import admin, beds  # noqa: F401 - register their views
from app.shelters.views.blueprint import blueprint

__all__ = ["blueprint"]
