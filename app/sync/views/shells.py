"""Pages as a tablet keeps them for when there is no network: drawn for the device, with no data of people."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort, g, request

from app.base import language
from app.base.access import Principal, Scope, allow, device
from app.base.database import db
from app.base.pages import page
from app.consultations.forms import drawing
from app.consultations.forms.page import blank
from app.consultations.vocabulary import CHANGE_REASONS
from app.staff.vocabulary import ROLE_PERMISSIONS
from app.sync.forms import lists
from app.sync.forms.lists import Given
from app.sync.views.blueprint import blueprint

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
    return SHELLS[name](lists.given_to(db.session(), device().desk_id))


def _facts(given: Given) -> dict[str, Any]:
    """A stand-in for whoever is on duty: it may what desk staff may, and has no account."""
    scope = Scope(desks=frozenset({given.desk.id}), home=given.desk.country)
    anybody = Principal(0, "", "desk_staff", ROLE_PERMISSIONS["desk_staff"], scope)
    return {"me": anybody, "shell": True, "desk": given.desk, "mode": ""}


def _record(given: Given) -> Response:
    drawn = drawing.facts_of(given.choices, blank(given.choices.last_day, {}), [])
    answer = page(drawing.TEMPLATE, **{**drawn, **_facts(given)})
    answer.headers["Permissions-Policy"] = CAMERA
    return answer


def _today(given: Given) -> Response:
    reasons = [why for why in CHANGE_REASONS if why.code != "undo"]
    return page("sync/today.html", reasons=reasons, **_facts(given))


def _lock(given: Given) -> Response:
    return page("sync/lock.html", **_facts(given))


SHELLS: dict[str, Callable[[Given], Response]] = {
    "record": _record,
    "today": _today,
    "lock": _lock,
}
