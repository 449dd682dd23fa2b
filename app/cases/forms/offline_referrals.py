"""What a tablet keeps for referring without the network: whom to call, whom each takes in, the words of the slip."""

from dataclasses import dataclass

from flask_babel import force_locale, gettext

from app.codelists.shared_codelists import AGE_BANDS, CHILDREN, SEXES
from app.composition import PersonCount
from app.db.session import Session
from app.i18n.language import LOCALES
from app.places.vocabulary import programme
from app.referrals.forms.slip import catalogue_locale, printable_languages
from app.shelters.queries.beds import list_beds_of_country
from app.shelters.queries.shelters import PublicShelter, ShelterRow, list_in_country, public_view
from app.shelters.rules import Eligibility, reasons_against

CHILD_BANDS = [code for code in AGE_BANDS.codes if code in CHILDREN]


@dataclass(frozen=True)
class Refusal:
    """Why a shelter would not take a group: a code of problems, and the counters each of which brings it about."""

    code: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A shelter as everybody may know it, the kinds of its beds without any number, and whom it does not take."""

    shelter: PublicShelter
    categories: tuple[str, ...]
    against: tuple[Refusal, ...]


@dataclass(frozen=True)
class Words:
    """The sentences of an unconfirmed slip in one language; {n}, {first} and {last} are filled in on the tablet."""

    locale: str
    unconfirmed: str
    reserved: str
    people: str
    hours: str
    any_hour: str
    call: str
    no_name: str


def cards(session: Session, country: str) -> list[Card]:
    """The shelters of a country by code, those that stay reserved last."""
    beds = list_beds_of_country(session, country)
    made = [
        _card(one, tuple(some.category for some in beds.get(one.id, []) if some.capacity))
        for one in list_in_country(session, country)
    ]
    return sorted(made, key=lambda card: (card.shelter.is_protected, card.shelter.code))


def _card(shelter: ShelterRow, categories: tuple[str, ...]) -> Card:
    if shelter.is_protected:
        return Card(public_view(shelter), (), ())
    return Card(public_view(shelter), categories, tuple(_refusals(shelter.eligibility)))


def _refusals(some: Eligibility) -> list[Refusal]:
    found: dict[str, list[str]] = {}
    for sex in SEXES.codes:
        for band in AGE_BANDS.codes:
            for code in reasons_against(some, [PersonCount(sex, band, 1)]):
                found.setdefault(code, []).append(f"{sex}-{band}")
    if not some.admits_groups:
        found["no_groups_here"] = []
    return [Refusal(code, tuple(cells)) for code, cells in found.items()]


def slip_languages(country: str) -> list[tuple[str, str]]:
    """The languages (ISO 639-3) of a slip and what each is printed in; the usual one there, empty, first."""
    usual = programme()[country].languages[0]
    return [("", catalogue_locale(usual))] + [(one, catalogue_locale(one)) for one in printable_languages("")]


def words() -> list[Words]:
    """The sentences of a slip in every language."""
    return [_words(locale) for locale in LOCALES]


def _words(locale: str) -> Words:
    with force_locale(locale):
        return Words(
            locale,
            gettext("Not confirmed: no place is promised."),
            gettext("Reserved shelter"),
            gettext("People: %(number)s", number="{n}"),
            gettext("Open from %(first)s to %(last)s", first="{first}", last="{last}"),
            gettext("Open at any hour"),
            gettext("Call before you go."),
            gettext("This paper does not carry your name."),
        )
