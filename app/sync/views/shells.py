"""Shells: pages that a tablet stores for use without a network, drawn for the device, without data of people."""

from flask import Response, abort, g, request

from app.consultations.forms import template_context
from app.consultations.forms.form_state import blank_form
from app.consultations.vocabulary import CHANGE_REASONS
from app.db.session import db
from app.i18n import language
from app.sync.forms import tablet_config
from app.sync.forms.shells import SHELLS, shell_context
from app.sync.forms.tablet_config import TabletConfig
from app.sync.views.blueprint import blueprint
from app.web.access import allow
from app.web.anonymous import AnonymousPrincipal
from app.web.device_auth import current_device
from app.web.pages import render_page

CAMERA = "geolocation=(), microphone=(), camera=(self)"


@blueprint.get("/sync/shell/<name>")
@allow("enrolled_device")
def shell(name: str) -> Response:
    """Return one of SHELLS in the language `locale`."""
    if name not in SHELLS:
        abort(404)
    locale = request.args.get("locale")
    if locale in language.LOCALES:
        language.switch_locale(str(locale))
    g.csrf_token = ""  # the page is stored: its script fetches a token when it needs one
    return SHELLS[name](tablet_config.get_tablet_config(db.session(), current_device().desk_id))


def draw_record(config: TabletConfig) -> Response:
    """Draw an empty consultation form."""
    options = config.options
    context = template_context.form_context(options, blank_form(options.last_day, {}), [])
    response = render_page(template_context.TEMPLATE, 200, **{**context, **shell_context(config)})
    response.headers["Permissions-Policy"] = CAMERA
    return response


def draw_today(config: TabletConfig) -> Response:
    """Draw the desk's day as the tablet itself knows it."""
    reasons = [reason for reason in CHANGE_REASONS if reason.code != "undo"]
    return render_page("sync/today.html", 200, reasons=reasons, **shell_context(config))


def draw_lock(config: TabletConfig) -> Response:
    """Draw the lock screen of a shared tablet."""
    return render_page(
        "sync/lock.html", 200, **{**shell_context(config), "me": AnonymousPrincipal()}
    )
