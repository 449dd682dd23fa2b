"""The statements that read return requests for figures, built once for each shape of question."""

from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from app.counts.queries.statements import Shape, narrow
from app.returns.queries.requests import REQUESTS
from app.returns.rules.closing import DUPLICATE

MONTH: BindParameter[int] = bindparam("month")
COUNTRIES: BindParameter[Any] = bindparam("wanted_countries", expanding=True)
"""Also where the whole programme is wanted: every index of requests begins with the country."""
EVENTS = {
    "opened": REQUESTS.c.opened_month,
    "withdrawn": REQUESTS.c.withdrawn_month,
    "handed_over": REQUESTS.c.handed_month,
}


@cache
def happened(shape: Shape) -> Any:
    """How many requests were opened, withdrawn or handed over in the month, by country; duplicates left out."""
    both = union_all(*(_in_month(code, month, shape) for code, month in EVENTS.items())).subquery()
    return select(both).order_by(both.c.code, both.c.country)


def _in_month(code: str, month: ColumnElement[Any], shape: Shape) -> Select[Any]:
    country = REQUESTS.c.country
    counted = select(literal(code).label("code"), country, func.count().label("n"))
    meant = counted.where(month == MONTH, REQUESTS.c.closing_reason != DUPLICATE)
    return _narrow(meant, shape).group_by(country)


@cache
def departures(shape: Shape) -> Select[Any]:
    """The requests whose people departed in the month; a removal or a duplicate has no such month."""
    names = (
        "country",
        "departed",
        "nationality",
        "transport_mode",
        "is_child_alone",
        "consent_on",
        "departed_on",
    )
    chosen = select(*(REQUESTS.c[name] for name in names)).where(REQUESTS.c.departed_month == MONTH)
    return _narrow(chosen.order_by(REQUESTS.c.id), shape)


def _narrow(chosen: Select[Any], shape: Shape) -> Select[Any]:
    return narrow(chosen.where(REQUESTS.c.country.in_(COUNTRIES)), REQUESTS, shape)
