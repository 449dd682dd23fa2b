"""The two sheets to print: the consent in the person's language, and the reference that is handed over."""

from typing import Any

from flask import Response, abort, request
from flask_babel import gettext

from app.audit.actions import record_audit
from app.codelists.shared_codelists import languages
from app.field_errors import FIELD_ERRORS
from app.i18n.language import selected
from app.returns.forms import consent_sheet as forms
from app.returns.queries.requests import RequestRow
from app.returns.rules import stages, workflow
from app.returns.rules.request_state import Standing
from app.returns.views.blueprint import blueprint, own
from app.web.access import allow, principal
from app.web.pages import page
from app.web.qr_codes import draw


@blueprint.get("/<reference>/consent-sheet")
@allow("see_returns", audited=True)
def consent_sheet(reference: str) -> Response:
    """The consent on one page, in the person's language and the reader's; 409 with why before its time."""
    found, steps, standing = own(reference)
    _note(found)
    consent = forms.given(standing, steps)
    spoken = request.args.get("language") or consent.spoken
    if spoken and spoken not in languages():
        abort(404)
    facts = {"spoken": spoken, "printed": forms.printed_languages(), "consent": consent}
    facts["columns"] = forms.columns(consent, selected(), spoken)
    facts["is_written"] = not spoken or bool(forms.locale_of(spoken))
    why = _why_not(found, standing, stages.CONSENT)
    return _sheet("returns/consent_sheet.html", found, why, facts)


@blueprint.get("/<reference>/hand-over-sheet")
@allow("see_returns", audited=True)
def hand_over_sheet(reference: str) -> Response:
    """The reference and its QR code, nothing about the people; 409 with why before the hand-over."""
    found, _, standing = own(reference)
    _note(found)
    facts = {"qr": draw(found.shown), "day": standing.handed_on or found.today}
    why = _why_not(found, standing, stages.HANDED)
    return _sheet("returns/hand_over_sheet.html", found, why, facts)


def _note(found: RequestRow) -> None:
    record_audit(principal().account_id, "return_read", f"return:{found.shown}", found.country)


def _why_not(found: RequestRow, standing: Standing, stage: str) -> str:
    """The code of what keeps a sheet from being printed; empty once its stage is recorded, or may be now."""
    if standing.is_closed:
        return "request_closed"

    return "" if stage in standing.recorded else workflow.refused(standing, stage, found.today)


def _sheet(template: str, found: RequestRow, why: str, facts: dict[str, Any]) -> Response:
    sentence = gettext(FIELD_ERRORS[why].label) if why else ""
    return page(template, 409 if why else 200, found=found, why=sentence, **facts)
