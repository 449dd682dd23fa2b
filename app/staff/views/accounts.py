"""Own account, invitations, and the accounts of others."""

from typing import Any

from app.base.access import allow
from app.base.pages import page
from app.staff.views.blueprint import blueprint


@blueprint.get("/account")
@allow("signed_in")
def account() -> Any:
    """One's own account."""
    return page("error.html", sentence="", status=200)


@blueprint.get("/invitations/<token>")
@allow("public")
def invitation(token: str) -> Any:
    """The page that takes up an invitation."""
    return page("error.html", sentence="", status=200)
