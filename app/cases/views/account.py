"""Who is asking, for programs: the account with its desks, shelters and countries."""

from flask import Response, jsonify

from app.cases.views.blueprint import blueprint
from app.db.session import db
from app.i18n import language
from app.places.queries import list_desks
from app.shelters.queries.shelters import list_own
from app.web.access import allow, principal


@blueprint.get("/sync/me")
@allow("signed_in")
def me() -> Response:
    """The account, its role and its own scope (outside.md, Sessions for programs)."""
    asking = principal()
    desks = [] if asking.scope.programme else list_desks(db.session(), asking.scope)
    shelters = list_own(db.session(), asking.scope)
    own = {desk.country for desk in desks} | {one.country for one in shelters}
    plain = ("code", "name", "country", "time_zone")
    return jsonify(
        {
            "account": asking.username,
            "role": asking.role,
            "desks": [{name: getattr(desk, name) for name in plain} for desk in desks],
            "shelters": [{"code": one.code, "name": one.name} for one in shelters],
            "countries": sorted(asking.scope.countries | own),
            "locale": language.selected(),
        }
    )
