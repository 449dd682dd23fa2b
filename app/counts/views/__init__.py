"""Pages of figures: views and page of a `month`, its `figure_cards`, coordinates of `charts`."""

from app.counts.views.month import blueprint

__all__ = ["blueprint"]
