"""What a tablet asks for (`tablet`, `shells`, `shell_app`, `switching`), and the pages about tablets."""

from app.sync.views import (  # noqa: F401 - register their views
    bringing,
    devices,
    quarantine,
    shell_app,
    shells,
    switching,
    tablet,
)
from app.sync.views.blueprint import blueprint

__all__ = ["blueprint"]
