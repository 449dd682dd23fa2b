"""The offline referral page that a tablet stores."""

from flask import Response

from app import clock
from app.cases.forms import offline_referrals as forms
from app.cases.forms.referrals import TO_SHELTER, empty_form
from app.cases.views.referral_page import TEMPLATE_LISTS
from app.db.session import db
from app.referrals.rules.referral_data import MAX_PEOPLE
from app.sync.forms.shells import shell_context
from app.sync.forms.tablet_config import TabletConfig
from app.web.pages import render_page


def render_offline_referral_page(config: TabletConfig) -> Response:
    """Render the shelters of the desk's country to call, and a notice for the queue; without numbers of beds."""
    desk = config.desk
    return render_page(
        "sync/refer.html",
        form=empty_form(desk.code, TO_SHELTER),
        shelters=forms.list_offline_shelters(db.session(), desk.country),
        drawn_on=clock.today_at(desk.time_zone),
        max_people=MAX_PEOPLE,
        child_bands=forms.CHILD_BANDS,
        slip_languages=forms.slip_languages(desk.country),
        slip_texts=forms.slip_texts(),
        **{**TEMPLATE_LISTS, **shell_context(config)},
    )
