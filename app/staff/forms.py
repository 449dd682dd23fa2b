"""The forms of accounts: invited, passwords and PINs; and what an inviter may choose from."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from flask_babel import gettext
from wtforms import StringField

from app.db.session import Session
from app.i18n.language import LOCALES, country
from app.places.queries import EVERYWHERE, DeskRow, list_desks
from app.places.vocabulary import programme
from app.staff import rules
from app.staff.vocabulary import ROLES
from app.web.access import Principal, Scope
from app.web.forms import Listed, Many, PageForm, required


class InvitationForm(PageForm):
    """Who is invited, as what, and for which desks or countries."""

    username = StringField(validators=[required()])
    role = Listed(validators=[required()], codes=ROLES.codes)
    desks = Many()
    countries = Many()
    locale = Listed(validators=[required()], codes=LOCALES)

    def account(self) -> dict[str, str]:
        """The new account's own fields."""
        name = str(self.username.data).strip()
        return {"username": name, "role": str(self.role.data), "locale": str(self.locale.data)}

    def scope(self) -> dict[str, list[str]]:
        """The codes of the new account's desks and countries."""
        return {"desks": self.desks.data or [], "countries": self.countries.data or []}


class NewPasswordForm(PageForm):
    """A new password, twice."""

    password = StringField(validators=[required()])
    repeated = StringField(validators=[required()])


class PasswordForm(NewPasswordForm):
    """The password until now and a new one, twice."""

    current = StringField(validators=[required()])


class PinForm(PageForm):
    """The password and a new PIN, twice."""

    own_password = StringField(validators=[required()])
    pin = StringField(validators=[required()])
    repeated_pin = StringField(validators=[required()])


@dataclass(frozen=True)
class Offered:
    """What an inviter may choose from: roles, desks under their country's name, countries, languages."""

    roles: list[tuple[str, str]]
    desks: list[tuple[str, list[DeskRow]]]
    countries: list[tuple[str, str]]
    locales: list[tuple[str, str]]


def offered(session: Session, asking: Principal) -> Offered:
    """What an account may choose from when it invites."""
    within = EVERYWHERE if asking.role == "admin" else Scope(countries=asking.scope.countries)
    roles = [term for term in ROLES if rules.may_invite(asking.role, term.code)]
    return Offered(
        [(term.code, gettext(term.label)) for term in roles],
        _by_country(list_desks(session, within)),
        sorted(((code, country(code)) for code in programme()), key=lambda pair: pair[1]),
        list(LOCALES.items()),
    )


def _by_country(desks: Iterable[DeskRow]) -> list[tuple[str, list[DeskRow]]]:
    own = [(country(code), list(rows)) for code, rows in groupby(desks, lambda desk: desk.country)]
    return sorted(own, key=lambda pair: pair[0])
