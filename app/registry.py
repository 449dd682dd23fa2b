"""The one list of rooms with pages and commands, in menu order; the only place that imports views and commands."""

from flask import Flask

from app.audit import cli as audit_cli
from app.cases import views as cases
from app.consultations import cli as consultations_cli
from app.consultations import views as consultations
from app.counts import cli as counts_cli
from app.counts import views as counts
from app.ops import cli as upkeep_cli
from app.ops import views as upkeep
from app.people import views as people
from app.places import views as places
from app.referrals import cli as referrals_cli
from app.referrals import views as referrals
from app.returns import views as returns
from app.security.actions import keep_events
from app.shelters import views as shelters
from app.staff import cli as staff_cli
from app.staff import views as staff
from app.sync import cli as sync_cli
from app.sync import views as sync

BLUEPRINTS = (
    consultations.blueprint,
    cases.blueprint,
    counts.blueprint,
    referrals.blueprint,
    returns.blueprint,
    shelters.blueprint,
    people.blueprint,
    places.blueprint,
    staff.blueprint,
    sync.blueprint,
    upkeep.blueprint,
)
COMMANDS = (
    audit_cli.commands,
    consultations_cli.commands,
    counts_cli.commands,
    referrals_cli.commands,
    staff_cli.commands,
    sync_cli.commands,
    *upkeep_cli.COMMANDS,
)


def open_rooms(app: Flask) -> None:
    """Registers every room's pages and commands, and what keeps refused attempts."""
    app.after_request(keep_events)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
