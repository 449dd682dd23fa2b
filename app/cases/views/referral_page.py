"""Draws the page on which a shelter or service is chosen for a group."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext

from app.cases.actions import referrals as actions
from app.cases.forms.referrals import Shown
from app.codelists.shared_codelists import (
    AGE_BANDS,
    KNOWN_AGES,
    SEXES,
    SHORT_AGES,
    SHORT_SEXES,
    UNKNOWN_AGES,
)
from app.consultations.vocabulary import FLAGS_B
from app.db.session import db
from app.field_errors import FIELD_ERRORS
from app.places.queries import DeskRow, list_desks
from app.privacy.identifiers import IDENTIFIERS
from app.referrals import vocabulary
from app.referrals.forms.slip import printable_languages
from app.referrals.queries.shelter_options import list_shelter_options
from app.referrals.rules.referral_data import (
    MAX_SHELTERS,
    ConsultationContext,
    needs_consulate_confirmation,
    must_go_to_child_authority,
)
from app.shelters.vocabulary import BED_CATEGORIES
from app.web.access import principal
from app.web.pages import page

WORDS: dict[str, Any] = {
    "v": vocabulary,
    "FIELD_ERRORS": FIELD_ERRORS,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "KNOWN_AGES": KNOWN_AGES,
    "UNKNOWN_AGES": UNKNOWN_AGES,
    "SHORT_AGES": SHORT_AGES,
    "SHORT_SEXES": SHORT_SEXES,
    "BED_CATEGORIES": BED_CATEGORIES,
    "FLAGS_B": FLAGS_B,
}


def choosing_page(
    desk: DeskRow, shown: Shown, wrong: Mapping[str, str], status: int = 200
) -> Response:
    """The page with its answers, the shelters of the desk's country in their order, and what is wrong."""
    known, party = _known(shown, desk), shown.party
    is_child = bool(party) and must_go_to_child_authority(party, shown.flags, known)
    choices = list_shelter_options(db.session(), desk, party, shown.flags) if party and not is_child else []
    return page(
        "cases/refer.html",
        status,
        desk=desk,
        desks=list_desks(db.session(), principal().scope),
        shown=shown,
        wrong=wrong,
        party=party,
        is_child_alone=is_child,
        asks_twice=needs_consulate_confirmation(known, shown.flags) or "confirmed" in wrong,
        suitable=[one for one in choices if one.is_suitable],
        others=[one for one in choices if not one.is_suitable],
        most=MAX_SHELTERS,
        slip_languages=printable_languages(shown.language),
        sentences={rule.code: gettext(rule.label) for rule in IDENTIFIERS},
        **WORDS,
    )


def _known(shown: Shown, desk: DeskRow) -> ConsultationContext:
    """What the consultation says; nothing where there is none: sending refuses what is not the desk's."""
    try:
        number = UUID(shown.consultation)
    except ValueError:
        return ConsultationContext()
    return actions.known_of(db.session(), principal(), number, desk.id) or ConsultationContext()
