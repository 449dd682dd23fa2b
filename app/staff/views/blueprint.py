"""The blueprint that the pages of staff share, and who a session belongs to."""

from flask import Blueprint

from app.base.access import login_manager
from app.staff.actions import signing_in

blueprint = Blueprint("staff", __name__)
login_manager.user_loader(signing_in.load)
