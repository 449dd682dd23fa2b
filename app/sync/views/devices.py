"""Pages about tablets: the list with their state, adding, moving and revoking them, and the enrolment page."""

from functools import partial
from uuid import UUID

from flask import Response, abort, redirect, url_for
from flask_babel import gettext
from werkzeug import Response as AnyResponse

from app import clock
from app.db.session import db
from app.field_errors import FieldError
from app.json_object import JsonObject
from app.places.queries import ALL_DESKS, DeskRow, list_desks
from app.places.rules import closes_with_country, is_open
from app.sync.actions import devices as actions
from app.sync.actions.devices import AddedDevice
from app.sync.forms import devices as forms
from app.sync.queries import devices as queries
from app.sync.queries.devices import DeviceRow
from app.sync.queries.envelopes import count_unresolved
from app.sync.rules import secrets
from app.sync.schemas.answers import NewDeviceAnswer
from app.sync.schemas.devices import DeviceBody, DeviceDeskBody
from app.sync.views.blueprint import blueprint
from app.sync.views.pwa import app_version
from app.text_limits import MAX_TEXT_LENGTH
from app.web import qr_codes
from app.web.access import allow, principal
from app.web.openapi.answers import NothingAnswer
from app.web.openapi.describe import describe
from app.web.outcomes import Renderers, respond
from app.web.pages import flash_message, public_url_for, redirect_or_json, render_page
from app.web.relative_time import utc_iso
from app.web.requests import plain_fields, read_body, wants_json
from app.web.responses import json_response
from app.web.schemas.body import parse


@blueprint.get("/devices")
@allow("see_devices")
def devices() -> Response:
    """Show the tablets, the silent ones with records on them first: all to an admin, else the own countries'."""
    return _devices_page({}, [])


def _devices_page(values: JsonObject, errors: list[FieldError]) -> Response:
    current = principal()
    can_configure = current.may("configure")
    scope = ALL_DESKS if can_configure else current.scope
    return render_page(
        "sync/devices.html",
        422 if errors else 200,
        values={name: str(values.get(name) or "")[:MAX_TEXT_LENGTH] for name in ("desk", "name")},
        errors={error.field: error.message for error in reversed(errors)},
        desks=_open_desks() if can_configure else [],
        overview=forms.device_overview(db.session(), scope, app_version()),
        unresolved=count_unresolved(db.session(), current, clock.now()),
    )


def _open_desks() -> list[tuple[str, str]]:
    return [
        (desk.code, f"{desk.code} · {desk.name}")
        for desk in list_desks(db.session(), ALL_DESKS)
        if is_open(
            desk.opened_on,
            closes_with_country(desk.country, desk.closed_on),
            clock.today_at(desk.time_zone),
        )
    ]


@blueprint.post("/devices")
@allow("configure")
@describe(answers={201: NewDeviceAnswer}, body=DeviceBody)
def add() -> AnyResponse:
    """Add a tablet to a desk and show its enrolment code, only here: JSON 201, or a page with the QR code."""
    raw = read_body(forms.device_from_form)
    parsed = parse(DeviceBody, raw)
    body, errors = parsed.body, parsed.field_errors
    outcome = actions.add(db.session(), principal().account_id, body.desk, body.name, errors)
    return respond(
        outcome,
        as_json=Renderers(_json_code),
        as_page=Renderers(_code_page, invalid=partial(_devices_page, raw)),
    )


def _json_code(added: AddedDevice) -> Response:
    answer = NewDeviceAnswer(
        device=str(added.code.device_id),
        code=added.code.code,
        expires_at=utc_iso(added.code.expires_at),
    )
    return json_response(answer.model_dump(), 201)


def _code_page(added: AddedDevice) -> Response:
    link = public_url_for("sync.enrol_page")
    return render_page(
        "sync/device.html",
        name=added.name,
        desk_name=added.desk_name,
        link=link,
        code=secrets.format_enrolment_code(added.code.code),
        minutes=int(secrets.CODE_LIFETIME.total_seconds() // 60),
        qr=qr_codes.draw_qr_code(f"{link}#{added.code.code}"),
    )


@blueprint.post("/devices/<uuid:device_id>/again")
@allow("configure")
@describe(answers={201: NewDeviceAnswer})
def renew_code(device_id: UUID) -> Response:
    """Show a new code for the same tablet, only here."""
    device = _get_device(device_id)
    code = actions.renew_code(db.session(), principal().account_id, device)
    added = AddedDevice(code, device.name, device.desk_name)
    return _json_code(added) if wants_json() else _code_page(added)


def _get_device(device_id: UUID) -> DeviceRow:
    device = queries.find_device(db.session(), ALL_DESKS, device_id)
    if device is None:
        abort(404)
    return device


@blueprint.post("/devices/<uuid:device_id>/revoke")
@allow("configure")
@describe(answers={200: NothingAnswer})
def revoke(device_id: UUID) -> Response:
    """Revoke the tablet: it may send nothing more."""
    actions.revoke_device(db.session(), principal().account_id, _get_device(device_id))
    flash_message(gettext("The tablet is revoked: it sends nothing more, and keeps what it has."))
    return redirect_or_json(url_for("sync.devices"))


@blueprint.post("/devices/<uuid:device_id>/move")
@allow("configure")
@describe(answers={200: NothingAnswer}, body=DeviceDeskBody)
def move(device_id: UUID) -> AnyResponse:
    """Move the tablet to another desk."""
    device, parsed = _get_device(device_id), parse(DeviceDeskBody, read_body(plain_fields))
    desk, errors = parsed.body.desk, parsed.field_errors
    outcome = actions.move(db.session(), principal().account_id, device, desk, errors)
    return respond(
        outcome,
        as_json=Renderers(_json_done),
        as_page=Renderers(_moved, invalid=partial(_devices_page, {})),
    )


def _json_done(_: DeskRow) -> Response:
    return json_response({})


def _moved(desk: DeskRow) -> AnyResponse:
    flash_message(gettext("The tablet belongs to {desk} now.").replace("{desk}", desk.name))
    return redirect(url_for("sync.devices"))


@blueprint.get("/enrol")
@allow("public")
def enrol_page() -> Response:
    """Show the page that enrols a tablet; the code comes from the fragment of the URL or is typed."""
    return render_page("sync/enrol.html")
