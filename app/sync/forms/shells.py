"""Shells: the pages that a tablet stores for use without a network, by name."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flask import Response

from app.staff.vocabulary import ROLE_PERMISSIONS
from app.sync.forms.tablet_config import TabletConfig
from app.web.access import Principal, Scope

ShellRenderer: TypeAlias = Callable[[TabletConfig], Response]
SHELLS: dict[str, ShellRenderer] = {}


def set_shell_renderers(shells: Mapping[str, ShellRenderer]) -> None:
    """Set the functions that draw the shells."""
    SHELLS.clear()
    SHELLS.update(shells)


def shell_context(config: TabletConfig) -> dict[str, object]:
    """Return the template context of a shell; `me` stands for any colleague: permissions of desk staff, no account."""
    scope = Scope(desks=frozenset({config.desk.id}), home_country=config.desk.country)
    colleague = Principal(0, "", "desk_staff", ROLE_PERMISSIONS["desk_staff"], scope)
    return {"me": colleague, "shell": True, "desk": config.desk, "mode": ""}
