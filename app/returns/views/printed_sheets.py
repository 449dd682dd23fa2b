"""The two printed sheets: the consent in the person's language, and the reference for the hand-over."""

from flask import Response, abort, request
from flask_babel import gettext

from app.audit.actions import record_audit
from app.codelists.shared_codelists import languages
from app.field_errors import FIELD_ERRORS
from app.i18n.language import current_locale
from app.returns.forms import consent_sheet as forms
from app.returns.queries.requests import RequestRow
from app.returns.rules import stages, workflow
from app.returns.rules.request_state import RequestState
from app.returns.views.blueprint import blueprint, get_own_request
from app.web.access import allow, principal
from app.web.pages import render_page
from app.web.qr_codes import draw_qr_code


@blueprint.get("/<reference>/consent-sheet")
@allow("see_returns", audited=True)
def consent_sheet(reference: str) -> Response:
    """The consent on one page, in the person's language and the reader's; 409 with the reason if it is too early."""
    return_request, steps, state = get_own_request(reference)
    _record_reading(return_request)
    consent = forms.latest_consent(state, steps)
    language = request.args.get("language") or consent.language
    if language and language not in languages():
        abort(404)
    context = {
        "language": language,
        "printed_languages": forms.printed_languages(),
        "consent": consent,
        "columns": forms.consent_columns(consent, current_locale(), language),
        "is_written": not language or bool(forms.locale_of(language)),
    }
    refusal_code = _refusal_code(return_request, state, stages.CONSENT)
    return _sheet("returns/consent_sheet.html", return_request, refusal_code, context)


@blueprint.get("/<reference>/hand-over-sheet")
@allow("see_returns", audited=True)
def hand_over_sheet(reference: str) -> Response:
    """The reference and its QR code, nothing about the people; 409 with the reason if it is too early."""
    return_request, _, state = get_own_request(reference)
    _record_reading(return_request)
    context = {
        "qr": draw_qr_code(return_request.display_reference),
        "day": state.handed_over_on or return_request.today,
    }
    refusal_code = _refusal_code(return_request, state, stages.HANDED_OVER)
    return _sheet("returns/hand_over_sheet.html", return_request, refusal_code, context)


def _record_reading(return_request: RequestRow) -> None:
    subject = f"return:{return_request.display_reference}"
    record_audit(principal().account_id, "return_read", subject, return_request.country)


def _refusal_code(return_request: RequestRow, state: RequestState, stage: str) -> str:
    """Return why a sheet cannot be printed; empty once its stage is recorded or can be."""
    if state.is_closed:
        return "request_closed"
    if stage in state.recorded_actions:
        return ""
    return workflow.stage_refusal(state, stage, return_request.today)


def _sheet(
    template: str, return_request: RequestRow, refusal_code: str, context: dict[str, object]
) -> Response:
    message = gettext(FIELD_ERRORS[refusal_code].label) if refusal_code else ""
    status = 409 if refusal_code else 200
    return render_page(template, status, return_request=return_request, refusal=message, **context)
