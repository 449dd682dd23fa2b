"""The API of tablets (`tablet`, `shells`, `take_over`), the installable app (`pwa`), the pages about tablets."""

from app.sync.views import (  # noqa: F401 - register their views
    devices,
    pwa,
    quarantine,
    queue_import,
    resolve,
    shells,
    tablet,
    take_over,
)
from app.sync.views.blueprint import blueprint

__all__ = ["blueprint"]
