"""Asks the statements of a month's figures with what the question and the scope say, said in one place."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app.counts.queries.cells import Wanted
from app.counts.queries.statements import Shape
from app.places.vocabulary import programme
from app.web.access import Scope


def asking(
    session: Session, scope: Scope, wanted: Wanted, more: dict[str, Any]
) -> Callable[..., Any]:
    """What runs a statement of that shape: month, countries, the account's scope, and `more` of its own."""
    country, desk = wanted.country, wanted.desk
    shape = Shape(scope.programme, country is not None, desk is not None)
    said: dict[str, Any] = {
        "month": int(wanted.month),
        "wanted_countries": [country] if country else sorted(programme()),
        **more,
    }
    if not scope.programme:
        said |= {"desks": sorted(scope.desks), "countries": sorted(scope.countries)}
    if desk:
        said["desk_id"] = desk.id
    elif country:
        said["country"] = country

    def ask(statement: Callable[[Shape], Any]) -> Any:
        return session.execute(statement(shape), said)

    return ask
