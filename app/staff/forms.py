"""Forms of invitations, passwords and PINs, and the options of an invitation."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from flask_babel import gettext
from wtforms import StringField

from app.db.session import Session
from app.i18n.language import LOCALES, country_name
from app.places.queries import ALL_DESKS, DeskRow, list_desks
from app.places.vocabulary import programme
from app.staff import rules
from app.staff.vocabulary import ROLES
from app.web.access import Principal, Scope
from app.web.forms import AnyCodesField, CodeField, PageForm, required


class InvitationForm(PageForm):
    """Who is invited, as what, and for which desks or countries."""

    username = StringField(validators=[required()])
    role = CodeField(validators=[required()], codes=ROLES.codes)
    desks = AnyCodesField()
    countries = AnyCodesField()
    locale = CodeField(validators=[required()], codes=LOCALES)

    def account(self) -> dict[str, str]:
        """Return `username`, `role` and `locale` of the new account."""
        name = str(self.username.data).strip()
        return {"username": name, "role": str(self.role.data), "locale": str(self.locale.data)}

    def scope(self) -> dict[str, list[str]]:
        """Return the codes of the new account's `desks` and `countries`."""
        return {"desks": self.desks.data or [], "countries": self.countries.data or []}


class NewPasswordForm(PageForm):
    """A new password, twice."""

    password = StringField(validators=[required()])
    repeated = StringField(validators=[required()])


class PasswordForm(NewPasswordForm):
    """The current password and a new one, twice."""

    current = StringField(validators=[required()])


class PinForm(PageForm):
    """The password and a new PIN, twice."""

    own_password = StringField(validators=[required()])
    pin = StringField(validators=[required()])
    repeated_pin = StringField(validators=[required()])


@dataclass(frozen=True)
class InvitationOptions:
    """What an inviter may choose: roles, desks grouped by the name of their country, countries, languages."""

    roles: list[tuple[str, str]]
    desks: list[tuple[str, list[DeskRow]]]
    countries: list[tuple[str, str]]
    locales: list[tuple[str, str]]


def invitation_options(session: Session, principal: Principal) -> InvitationOptions:
    """Return what the principal may choose in an invitation."""
    within = ALL_DESKS if principal.role == "admin" else Scope(countries=principal.scope.countries)
    roles = [term for term in ROLES if rules.may_invite(principal.role, term.code)]
    return InvitationOptions(
        [(term.code, gettext(term.label)) for term in roles],
        _by_country(list_desks(session, within)),
        sorted(((code, country_name(code)) for code in programme()), key=lambda pair: pair[1]),
        list(LOCALES.items()),
    )


def _by_country(desks: Iterable[DeskRow]) -> list[tuple[str, list[DeskRow]]]:
    groups = [
        (country_name(code), list(rows)) for code, rows in groupby(desks, lambda desk: desk.country)
    ]
    return sorted(groups, key=lambda pair: pair[0])
