"""The page on which a shelter or service is chosen for a group."""

from collections.abc import Mapping
from uuid import UUID

from flask import Response
from flask_babel import gettext

from app.cases.actions.referrals import find_consultation_context
from app.cases.forms.referrals import ReferralFormState
from app.codelists.shared_codelists import COUNTER_LISTS
from app.consultations.vocabulary import FLAGS_B
from app.db.session import db
from app.field_errors import FIELD_ERRORS
from app.places.queries import DeskRow, list_desks
from app.privacy.identifiers import IDENTIFIERS
from app.referrals import vocabulary
from app.referrals.forms.slip import printable_languages
from app.referrals.queries.shelter_options import ShelterOption, list_shelter_options
from app.referrals.rules.referral_data import (
    MAX_SHELTERS,
    ReferralOrigin,
    must_go_to_child_authority,
    needs_consulate_confirmation,
)
from app.shelters.vocabulary import BED_CATEGORIES
from app.web.access import principal
from app.web.pages import PageVariables, render_page

TEMPLATE_LISTS: PageVariables = {
    **COUNTER_LISTS,
    "vocabulary": vocabulary,
    "FIELD_ERRORS": FIELD_ERRORS,
    "BED_CATEGORIES": BED_CATEGORIES,
    "FLAGS_B": FLAGS_B,
}


def render_referral_page(
    desk: DeskRow, form: ReferralFormState, errors: Mapping[str, str], status: int = 200
) -> Response:
    """Render the page with its answers, the shelters of the desk's country in order, and messages by field."""
    context, persons = _consultation_context(form, desk), form.persons
    is_child_alone = bool(persons) and must_go_to_child_authority(persons, form.flags, context)
    needs_confirmation = needs_consulate_confirmation(context, form.flags)
    options: list[ShelterOption] = []
    if persons and not is_child_alone:
        options = list_shelter_options(db.session(), desk, persons, form.flags)
    return render_page(
        "cases/refer.html",
        status,
        desk=desk,
        desks=list_desks(db.session(), principal().scope),
        form=form,
        errors=errors,
        persons=persons,
        is_child_alone=is_child_alone,
        needs_confirmation=needs_confirmation or "confirmed" in errors,
        suitable=[option for option in options if option.is_suitable],
        unsuitable=[option for option in options if not option.is_suitable],
        max_shelters=MAX_SHELTERS,
        slip_languages=printable_languages(form.language),
        identifier_messages={rule.code: gettext(rule.label) for rule in IDENTIFIERS},
        **TEMPLATE_LISTS,
    )


def _consultation_context(form: ReferralFormState, desk: DeskRow) -> ReferralOrigin:
    """Return what the consultation states; the defaults if it is unknown, because sending it is refused later."""
    try:
        consultation_id = UUID(form.consultation)
    except ValueError:
        return ReferralOrigin()
    context = find_consultation_context(db.session(), principal(), consultation_id, desk.id)
    return context or ReferralOrigin()
