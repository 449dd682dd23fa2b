"""The pages that a tablet keeps for when there is no network, by name."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flask import Response

from app.staff.vocabulary import ROLE_PERMISSIONS
from app.sync.forms.tablet_config import TabletConfig
from app.web.access import Principal, Scope

Draw: TypeAlias = Callable[[TabletConfig], Response]
SHELLS: dict[str, Draw] = {}


def set_shell_renderers(shells: Mapping[str, Draw]) -> None:
    """Sets what draws each of the pages that a tablet keeps."""
    SHELLS.clear()
    SHELLS.update(shells)


def shell_context(given: TabletConfig) -> dict[str, Any]:
    """What each is drawn with: a stand-in for whoever is on duty may what desk staff may, and has no account."""
    scope = Scope(desks=frozenset({given.desk.id}), home=given.desk.country)
    anybody = Principal(0, "", "desk_staff", ROLE_PERMISSIONS["desk_staff"], scope)
    return {"me": anybody, "shell": True, "desk": given.desk, "mode": ""}
