"""The query for a month's figures, and the parameters with which all its statements run in the account's scope."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, Table, bindparam
from sqlalchemy.orm import Session

from app.month import Month
from app.places.queries import DeskRow
from app.places.vocabulary import programme
from app.web.access import Scope

TREND_MONTHS = 12
MONTH_BEFORE, YEAR_BEFORE = "month", "year"
FIRST: BindParameter[int] = bindparam("first")
MONTH: BindParameter[int] = bindparam("month")
YEAR_START: BindParameter[int] = bindparam("year_start")
QUERY_COUNTRIES: BindParameter[Any] = bindparam("query_countries", expanding=True)


@dataclass(frozen=True)
class FigureQuery:
    """Place and month of the figures: a country, one of its desks, or the programme (None).

    They are compared with the month before, or with the same month of the year before.
    """

    country: str | None
    desk: DeskRow | None
    month: Month
    year_start: Month
    compared: str = MONTH_BEFORE

    @property
    def before(self) -> Month:
        """The month that this one is compared with."""
        return self.month.plus(-12 if self.compared == YEAR_BEFORE else -1)

    @property
    def first_month(self) -> Month:
        """The first month that a page needs: of the year to date, of the trend, or of the year compared with."""
        first = min(self.year_start, self.month.plus(1 - TREND_MONTHS))
        return min(first, self.year_start.plus(-12)) if self.compared == YEAR_BEFORE else first

    @property
    def name(self) -> str:
        """The desk's code, else the country's, else `programme`: for the audit log."""
        return self.desk.code if self.desk else self.country or "programme"


@dataclass(frozen=True)
class ResolvedQuery:
    """A query, the desks there that the account may see, and the last month that has begun."""

    query: FigureQuery
    desks: tuple[DeskRow, ...]
    latest: Month


class QueryShape(NamedTuple):
    """Whether the account sees the whole programme; whether the query is for one country, or one desk of it."""

    sees_all: bool
    country: bool
    desk: bool


@dataclass(frozen=True)
class StatementRunner:
    """Runs the statements of one query in one scope: each is built for `shape` and gets the same `params`."""

    session: Session
    shape: QueryShape
    params: Mapping[str, Any]

    def rows(self, statement: Callable[[QueryShape], Any], **more: Any) -> Any:
        """Return the rows of a statement; `more` are parameters of its own."""
        return self.session.execute(statement(self.shape), {**self.params, **more})


def statement_runner(session: Session, scope: Scope, query: FigureQuery) -> StatementRunner:
    """Return the runner for a query, with the parameters of its months, its place and the account's scope."""
    country, desk = query.country, query.desk
    params: dict[str, Any] = {
        "first": int(query.first_month),
        "month": int(query.month),
        "year_start": int(query.year_start),
        "query_countries": [country] if country else sorted(programme()),
    }
    if not scope.programme:
        params |= {
            "scope_desks": sorted(scope.desks),
            "scope_countries": sorted(scope.countries),
        }
    if desk:
        params["desk_id"] = desk.id
    elif country:
        params["country"] = country
    shape = QueryShape(scope.programme, country is not None, desk is not None)
    return StatementRunner(session, shape, params)


def narrow(statement: Select[Any], table: Table, shape: QueryShape) -> Select[Any]:
    """Limit a statement to the rows that the account may see, of the country or desk of the query."""
    if not shape.sees_all:
        own_desk = table.c.desk_id.in_(bindparam("scope_desks", expanding=True))
        own_country = table.c.country.in_(bindparam("scope_countries", expanding=True))
        statement = statement.where(own_desk | own_country)
    if shape.desk:
        return statement.where(table.c.desk_id == bindparam("desk_id"))
    if shape.country:
        return statement.where(table.c.country == bindparam("country"))
    return statement


def narrow_by_index(statement: Select[Any], table: Table, shape: QueryShape) -> Select[Any]:
    """Limit a statement like `narrow`, on tables whose every index begins with the country.

    Such an index is of use only if the countries are named, also if the query is for the whole programme.
    """
    return narrow(statement.where(table.c.country.in_(QUERY_COUNTRIES)), table, shape)
