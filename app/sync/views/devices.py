"""The pages about tablets: who may send, what waits where, and the page on which a tablet is enrolled."""

from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, url_for
from flask_babel import gettext

from app import clock
from app.db.session import db
from app.field_errors import FieldError, errors_response
from app.places.queries import EVERYWHERE, list_desks
from app.places.rules import closes_with_country, is_open
from app.sync.actions import devices as actions
from app.sync.actions.devices import EnrolmentCode
from app.sync.forms import devices as forms
from app.sync.queries import devices as queries
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import count_unresolved
from app.sync.rules import secrets
from app.sync.views.blueprint import blueprint
from app.sync.views.pwa import version
from app.web import qr_codes
from app.web.access import allow, principal
from app.web.pages import redirect_or_json, page, public_link, flash_message
from app.web.requests import wants_json


@blueprint.get("/devices")
@allow("see_devices")
def devices() -> Response:
    """The tablets, the silent ones that hold records first: all for an admin, else the own countries'."""
    return _page(forms.DeviceForm(), [])


def _page(form: Any, problems: list[FieldError]) -> Response:
    asking = principal()
    scope = EVERYWHERE if asking.may("configure") else asking.scope
    to_mend = count_unresolved(db.session(), asking, clock.now())
    wrong = {problem.field: problem.message for problem in reversed(problems)}
    facts = {"seen": forms.device_overview(db.session(), scope, version()), "to_mend": to_mend}
    desks = _open_desks() if asking.may("configure") else []
    status = 422 if problems else 200
    return page("sync/devices.html", status, form=form, wrong=wrong, desks=desks, **facts)


def _open_desks() -> list[tuple[str, str]]:
    return [
        (desk.code, f"{desk.code} · {desk.name}")
        for desk in list_desks(db.session(), EVERYWHERE)
        if is_open(
            desk.opened_on,
            closes_with_country(desk.country, desk.closed_on),
            clock.today_at(desk.time_zone),
        )
    ]


@blueprint.post("/devices")
@allow("configure")
def add() -> Response:
    """Adds a tablet of a desk and shows the code that enrols it, this once: JSON 201, or a page with its QR code."""
    form, problems = forms.DeviceForm.read()
    desk = form.found(db.session())
    if desk is None and not problems:
        problems = [FieldError("desk", "unknown_code")]
    if problems or desk is None:
        return errors_response(problems) if wants_json() else _page(form, problems)
    name = form.name_at(db.session(), desk)
    added = actions.add_device(db.session(), principal().account_id, desk, name)
    return _code(added, name, desk.name)


def _code(added: EnrolmentCode, name: str, desk_name: str) -> Response:
    if wants_json():
        ends = added.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        answer = jsonify({"device": str(added.device_id), "code": added.code, "expires_at": ends})
        answer.status_code = 201
        return answer
    link = public_link("sync.enrolling")
    facts: dict[str, Any] = {
        "name": name,
        "desk_name": desk_name,
        "link": link,
        "code": secrets.shown(added.code),
    }
    minutes = int(secrets.CODE_HOLDS.total_seconds() // 60)
    drawn = qr_codes.draw(f"{link}#{added.code}")
    return page("sync/device.html", qr=drawn, minutes=minutes, **facts)


@blueprint.post("/devices/<uuid:device_id>/again")
@allow("configure")
def again(device_id: UUID) -> Response:
    """Shows a new code for the same tablet, this once."""
    device = _device(device_id)
    added = actions.renew_code(db.session(), principal().account_id, device)
    return _code(added, device.name, device.desk_name)


def _device(device_id: UUID) -> DeviceRow:
    found = queries.find_device(db.session(), EVERYWHERE, device_id)
    if found is None:
        abort(404)
    return found


@blueprint.post("/devices/<uuid:device_id>/revoke")
@allow("configure")
def revoke(device_id: UUID) -> Response:
    """Ends what the tablet may send."""
    actions.revoke_device(db.session(), principal().account_id, _device(device_id))
    flash_message(gettext("The tablet is revoked: it sends nothing more, and keeps what it has."))
    return redirect_or_json(url_for("sync.devices"))


@blueprint.post("/devices/<uuid:device_id>/move")
@allow("configure")
def move(device_id: UUID) -> Response:
    """Gives the tablet to another desk."""
    device, (form, problems) = _device(device_id), forms.DeviceDeskForm.read()
    desk = form.found(db.session())
    if desk is None and not problems:
        problems = [FieldError("desk", "unknown_code")]
    if problems or desk is None:
        return errors_response(problems) if wants_json() else _page(forms.DeviceForm(), problems)
    actions.move_device(db.session(), principal().account_id, device, desk)
    flash_message(gettext("The tablet belongs to {desk} now.").replace("{desk}", desk.name))
    return redirect_or_json(url_for("sync.devices"))


@blueprint.get("/enrol")
@allow("public")
def enrolling() -> Response:
    """The page on which a tablet is enrolled; the code stands in the address's fragment or is typed."""
    return page("sync/enrol.html")
