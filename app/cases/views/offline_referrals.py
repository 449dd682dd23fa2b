"""The page of referring as a tablet keeps it for when there is no network."""

from flask import Response

from app import clock
from app.cases.forms import offline_referrals as forms
from app.cases.forms.referrals import TO_SHELTER, blank
from app.cases.views.referral_page import WORDS
from app.db.session import db
from app.referrals.rules.referral_data import MAX_PEOPLE
from app.sync.forms.shells import shell_context
from app.sync.forms.tablet_config import TabletConfig
from app.web.pages import page


def draw_refer(given: TabletConfig) -> Response:
    """The shelters of the desk's country to call, and a notice to leave in the queue; no number of beds."""
    desk = given.desk
    return page(
        "sync/refer.html",
        shown=blank(desk.code, TO_SHELTER),
        cards=forms.cards(db.session(), desk.country),
        drawn_on=clock.today_at(desk.time_zone),
        most_people=MAX_PEOPLE,
        child_bands=forms.CHILD_BANDS,
        slip_languages=forms.slip_languages(desk.country),
        slip_words=forms.words(),
        **{**WORDS, **shell_context(given)},
    )
