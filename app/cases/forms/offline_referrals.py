"""What a tablet stores for offline referrals: the shelters to call, whom each takes, and the texts of the slip."""

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
class ShelterExclusion:
    """Why a shelter takes no such group: an error code, and the counters each of which causes it."""

    code: str
    counters: tuple[str, ...]


@dataclass(frozen=True)
class OfflineShelter:
    """The public view of a shelter, its bed categories without numbers, and whom it does not take."""

    shelter: PublicShelter
    categories: tuple[str, ...]
    exclusions: tuple[ShelterExclusion, ...]


@dataclass(frozen=True)
class SlipTexts:
    """The sentences of an unconfirmed slip in one language; the tablet fills in {n}, {first} and {last}."""

    locale: str
    unconfirmed: str
    reserved: str
    people: str
    hours: str
    any_hour: str
    call: str
    no_name: str


def list_offline_shelters(session: Session, country: str) -> list[OfflineShelter]:
    """Return the shelters of a country by code, the protected ones last."""
    beds = list_beds_of_country(session, country)
    shelters = [
        _offline_shelter(row, tuple(bed.category for bed in beds.get(row.id, []) if bed.capacity))
        for row in list_in_country(session, country)
    ]
    return sorted(shelters, key=lambda item: (item.shelter.is_protected, item.shelter.code))


def _offline_shelter(row: ShelterRow, categories: tuple[str, ...]) -> OfflineShelter:
    if row.is_protected:
        return OfflineShelter(public_view(row), (), ())
    return OfflineShelter(public_view(row), categories, tuple(_exclusions(row.eligibility)))


def _exclusions(eligibility: Eligibility) -> list[ShelterExclusion]:
    counters: dict[str, list[str]] = {}
    for sex in SEXES.codes:
        for band in AGE_BANDS.codes:
            for code in reasons_against(eligibility, [PersonCount(sex, band, 1)]):
                counters.setdefault(code, []).append(f"{sex}-{band}")
    if not eligibility.admits_groups:
        counters["no_groups_here"] = []
    return [ShelterExclusion(code, tuple(names)) for code, names in counters.items()]


def slip_languages(country: str) -> list[tuple[str, str]]:
    """Return the languages (ISO 639-3) of a slip with the locale of each; the country's usual one, empty, first."""
    usual = programme()[country].languages[0]
    others = [(code, catalogue_locale(code)) for code in printable_languages("")]
    return [("", catalogue_locale(usual)), *others]


def slip_texts() -> list[SlipTexts]:
    """Return the sentences of a slip in every language."""
    return [_slip_texts(locale) for locale in LOCALES]


def _slip_texts(locale: str) -> SlipTexts:
    with force_locale(locale):
        return SlipTexts(
            locale,
            gettext("Not confirmed: no place is promised."),
            gettext("Reserved shelter"),
            gettext("People: %(number)s", number="{n}"),
            gettext("Open from %(first)s to %(last)s", first="{first}", last="{last}"),
            gettext("Open at any hour"),
            gettext("Call before you go."),
            gettext("This paper does not carry your name."),
        )
