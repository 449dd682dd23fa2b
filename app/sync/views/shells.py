"""Pages as a tablet keeps them for when there is no network: drawn for the device, with no data of people."""

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
from app.web.anonymous import Nobody
from app.web.device_auth import device
from app.web.pages import page

CAMERA = "geolocation=(), microphone=(), camera=(self)"


@blueprint.get("/sync/shell/<name>")
@allow("enrolled_device")
def shell(name: str) -> Response:
    """One of SHELLS in the language that `locale` names."""
    if name not in SHELLS:
        abort(404)
    chosen = request.args.get("locale")
    if chosen in language.LOCALES:
        language.switch(str(chosen))
    g.csrf_token = ""  # the page is kept: its script fetches a token when it needs one
    return SHELLS[name](tablet_config.get_tablet_config(db.session(), device().desk_id))


def draw_record(given: TabletConfig) -> Response:
    """The consultation form without anybody's data."""
    drawn = template_context.form_context(given.choices, blank_form(given.choices.last_day, {}), [])
    answer = page(template_context.TEMPLATE, **{**drawn, **shell_context(given)})
    answer.headers["Permissions-Policy"] = CAMERA
    return answer


def draw_today(given: TabletConfig) -> Response:
    """The desk's day as the tablet itself knows it."""
    reasons = [why for why in CHANGE_REASONS if why.code != "undo"]
    return page("sync/today.html", reasons=reasons, **shell_context(given))


def draw_lock(given: TabletConfig) -> Response:
    """The lock screen of a shared tablet."""
    return page("sync/lock.html", **{**shell_context(given), "me": Nobody()})
