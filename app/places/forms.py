"""Forms of a desk: new, changed, closed."""

from datetime import date
from typing import cast

from flask_babel import gettext

from app.codelists.shared_codelists import MODALITIES
from app.i18n.language import country_name, format_day
from app.places.actions import DeskFields, NewDeskFields
from app.places.queries import DeskRow
from app.places.vocabulary import Area, areas, programme
from app.web.forms import (
    CodeField,
    DegreesField,
    IsoDayField,
    PageForm,
    SafeTextField,
    WholeNumberField,
    max_length,
    required,
    required_day,
)

STORED_FIELDS = (
    "name", "adm1", "time_zone", "organisation", "modality", "latitude", "longitude", "opened_on",
    "closed_on",
)  # fmt: skip


class PlaceForm(PageForm):
    """The fields that a desk and a shelter share."""

    name = SafeTextField(validators=[required(), max_length(80)])
    adm1 = CodeField(validators=[required()], codes=areas())
    time_zone = SafeTextField(validators=[max_length(40)])
    organisation = SafeTextField(validators=[required(), max_length(80)])
    latitude = DegreesField(limit=90)
    longitude = DegreesField(limit=180)
    closed_on = IsoDayField()


class PlaceClosingForm(PageForm):
    """The last day of a desk or a shelter."""

    closed_on = IsoDayField(validators=[required_day()])
    version = WholeNumberField()


class DeskForm(PlaceForm):
    """The fields of a desk that may change."""

    modality = CodeField(validators=[required()], codes=MODALITIES.codes)
    opened_on = IsoDayField(validators=[required_day()])

    def fields_in(self, country_code: str) -> DeskFields:
        """Return the desk's fields; an empty time zone becomes that of the country."""
        fields = cast(DeskFields, {name: self[name].data for name in STORED_FIELDS})
        fields["time_zone"] = fields["time_zone"] or programme()[country_code].time_zone
        return fields


class NewDeskForm(DeskForm):
    """The fields of a new desk."""

    code = SafeTextField(validators=[required(), max_length(20)])
    country = CodeField(validators=[required()], codes=programme())

    def fields(self) -> NewDeskFields:
        """Return the new desk's fields, its code in upper case."""
        code, country_code = str(self.code.data).upper(), self.country.data
        return {"code": code, "country": country_code, **self.fields_in(country_code)}


class ChangedDeskForm(DeskForm):
    """The fields of a changed desk and the version that was changed."""

    version = WholeNumberField()


def areas_by_country(codes: list[str]) -> list[tuple[str, list[Area]]]:
    """Return (country name, areas) of countries, both sorted by name in the reader's language."""
    named = sorted((country_name(code), code) for code in codes)
    return [(name, sorted_areas(code)) for name, code in named]


def sorted_areas(country_code: str) -> list[Area]:
    """Return the first-level areas of a country, sorted by name."""
    country_areas = (area for area in areas().values() if area.country == country_code)
    return sorted(country_areas, key=lambda area: area.name)


def modality_choices() -> list[tuple[str, str]]:
    """Return the modalities as (code, label)."""
    return [(term.code, gettext(term.label)) for term in MODALITIES]


def country_choices() -> list[tuple[str, str]]:
    """Return the programme countries as (code, name), sorted by name, after an empty choice."""
    named = sorted(((code, country_name(code)) for code in programme()), key=lambda pair: pair[1])
    return [("", gettext("Choose a country")), *named]


def area_choices(country_code: str) -> list[tuple[str, str]]:
    """Return the first-level areas of a country as (code, name), sorted by name."""
    return [(area.pcode, area.name) for area in sorted_areas(country_code)]


def stored_values(form: DeskForm, desk: DeskRow) -> dict[str, str]:
    """Return one sentence per field whose stored value differs from that of the form."""
    differing = [name for name in STORED_FIELDS if form[name].data != getattr(desk, name)]
    return {
        name: gettext("Stored now: %(value)s", value=_display_value(desk, name))
        for name in differing
    }


def _display_value(desk: DeskRow, name: str) -> str:
    value = getattr(desk, name)
    if name == "modality":
        return str(gettext(MODALITIES[value].label))
    if name == "adm1":
        return areas()[value].name
    if isinstance(value, date):
        return format_day(value)
    return "–" if value in (None, "") else str(value)


def form_of(desk: DeskRow) -> ChangedDeskForm:
    """Return the form filled with the stored desk."""
    return ChangedDeskForm(obj=desk)
