"""All wiring, in one list: blueprints in menu order, commands, hooks, envelope handlers."""

from flask import Flask

from app.audit import cli as audit_cli
from app.audit.actions import chain_audit_entries
from app.cases import views as cases
from app.cases.actions import referral_notices
from app.cases.views import offline_referrals
from app.consultations import cli as consultations_cli
from app.consultations import views as consultations
from app.counts import cli as counts_cli
from app.counts import views as counts
from app.db.session import set_before_commit
from app.demo import cli as demo_cli
from app.ops import cli as ops_cli
from app.ops import views as ops
from app.people import views as people
from app.places import views as places
from app.referrals import cli as referrals_cli
from app.referrals import views as referrals
from app.returns import views as returns
from app.security.actions import write_security_events
from app.shelters import views as shelters
from app.staff import cli as staff_cli
from app.staff import views as staff
from app.staff.actions import sessions
from app.sync import cli as sync_cli
from app.sync import views as sync
from app.sync.actions import devices, handlers
from app.sync.forms.shells import set_shell_renderers
from app.sync.views import shells
from app.web.access import login_manager
from app.web.anonymous import AnonymousPrincipal
from app.web.device_auth import set_device_loader

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
    ops.blueprint,
)
COMMANDS = (
    audit_cli.commands,
    consultations_cli.commands,
    counts_cli.commands,
    referrals_cli.commands,
    staff_cli.commands,
    sync_cli.commands,
    demo_cli.demo,
    *ops_cli.COMMANDS,
)
ENVELOPE_HANDLERS = (*handlers.HANDLERS, *referral_notices.HANDLERS)
ENVELOPE_LOCKS = (*handlers.LOCKS, *referral_notices.LOCKS)
TABLET_PAGES = {
    "record": shells.draw_record,
    "today": shells.draw_today,
    "lock": shells.draw_lock,
    "refer": offline_referrals.render_offline_referral_page,
}


def register(app: Flask) -> None:
    """Register every package on the app; nothing else is registered, and nothing as a side effect of an import."""
    register_hooks(app)
    register_blueprints(app)
    register_commands(app)


def register_hooks(app: Flask) -> None:
    """Register the loaders of sessions and tablets, the hooks of transactions and requests, the envelopes."""
    login_manager.user_loader(sessions.load_principal)
    login_manager.anonymous_user = AnonymousPrincipal
    set_device_loader(devices.load_device)
    set_before_commit(chain_audit_entries)
    handlers.set_handlers(ENVELOPE_HANDLERS, ENVELOPE_LOCKS)
    set_shell_renderers(TABLET_PAGES)
    app.after_request(write_security_events)


def register_blueprints(app: Flask) -> None:
    """Register the pages of every package."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


def register_commands(app: Flask) -> None:
    """Register the commands of every package."""
    for command in COMMANDS:
        app.cli.add_command(command)
