"""The signed-in account as JSON, with its desks, shelters and countries."""

from flask import Response, jsonify

from app.cases.schemas.answers import AccountAnswer
from app.cases.views.blueprint import blueprint
from app.db.session import db
from app.i18n import language
from app.places.queries import list_desks
from app.shelters.queries.shelters import list_own
from app.web.access import allow, principal
from app.web.openapi.describe import describe


@blueprint.get("/sync/me")
@allow("signed_in")
@describe(answers={200: AccountAnswer})
def current_account() -> Response:
    """The account, its role and its own scope (outside.md, Sessions for programs)."""
    account = principal()
    scope = account.scope
    desks = [] if scope.programme else list_desks(db.session(), scope)
    shelters = list_own(db.session(), scope)
    own_countries = {desk.country for desk in desks} | {shelter.country for shelter in shelters}
    plain = ("code", "name", "country", "time_zone")
    return jsonify(
        {
            "account": account.username,
            "role": account.role,
            "desks": [{name: getattr(desk, name) for name in plain} for desk in desks],
            "shelters": [{"code": shelter.code, "name": shelter.name} for shelter in shelters],
            "countries": sorted(scope.countries | own_countries),
            "locale": language.current_locale(),
        }
    )
