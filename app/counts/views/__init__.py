"""Pages of figures: views (`month`), what they show (`showing`), geometry (`charts`)."""

from app.counts.views.month import blueprint

__all__ = ["blueprint"]
