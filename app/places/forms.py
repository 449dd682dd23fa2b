"""The forms of a desk: new, changed, closed."""

from datetime import date
from typing import Any

from flask_babel import gettext

from app.codelists.shared_codelists import MODALITIES
from app.i18n.language import country, day
from app.places.queries import DeskRow
from app.places.vocabulary import Area, areas, programme
from app.web.forms import (
    DayField,
    DegreesField,
    CodeField,
    PageForm,
    WholeNumberField,
    SafeTextField,
    max_length,
    required,
    required_day,
)

KEPT = (
    "name", "adm1", "time_zone", "organisation", "modality", "latitude", "longitude", "opened_on",
    "closed_on",
)  # fmt: skip


class DeskForm(PageForm):
    """What may be changed of a desk."""

    name = SafeTextField(validators=[required(), max_length(80)])
    adm1 = CodeField(validators=[required()], codes=areas())
    time_zone = SafeTextField(validators=[max_length(40)])
    organisation = SafeTextField(validators=[required(), max_length(80)])
    modality = CodeField(validators=[required()], codes=MODALITIES.codes)
    latitude = DegreesField(most=90)
    longitude = DegreesField(most=180)
    opened_on = DayField(validators=[required_day()])
    closed_on = DayField()

    def fields_in(self, country_code: str) -> dict[str, Any]:
        """The desk's fields as they were sent; without a time zone that of the country."""
        said = {name: self[name].data for name in KEPT}
        return {**said, "time_zone": said["time_zone"] or programme()[country_code].time_zone}


class NewDeskForm(DeskForm):
    """What a new desk must say."""

    code = SafeTextField(validators=[required(), max_length(20)])
    country = CodeField(validators=[required()], codes=programme())

    def fields(self) -> dict[str, Any]:
        """The new desk's fields; its code in capital letters."""
        code, country_code = str(self.code.data).upper(), self.country.data
        return {"code": code, "country": country_code, **self.fields_in(country_code)}


class ChangedDeskForm(DeskForm):
    """What a changed desk must say, and which version was changed."""

    version = WholeNumberField()


class ClosingForm(PageForm):
    """The last day of a desk."""

    closed_on = DayField(validators=[required_day()])
    version = WholeNumberField()


def areas_by_country(codes: list[str]) -> list[tuple[str, list[Area]]]:
    """The first-level areas of countries under the country's name, both in the reader's order."""
    named = sorted((country(code), code) for code in codes)
    return [(name, sorted_areas(code)) for name, code in named]


def sorted_areas(country_code: str) -> list[Area]:
    """The first-level areas of a country by name."""
    own = (area for area in areas().values() if area.country == country_code)
    return sorted(own, key=lambda area: area.name)


def modality_choices() -> list[tuple[str, str]]:
    """The modalities as (code, label)."""
    return [(term.code, gettext(term.label)) for term in MODALITIES]


def country_choices() -> list[tuple[str, str]]:
    """The programme countries as (code, name), by name, after an empty one."""
    named = sorted(((code, country(code)) for code in programme()), key=lambda pair: pair[1])
    return [("", gettext("Choose a country")), *named]


def area_choices(country_code: str) -> list[tuple[str, str]]:
    """The first-level areas of a country as (code, name), by name."""
    return [(area.pcode, area.name) for area in sorted_areas(country_code)]


def stored_now(form: DeskForm, desk: DeskRow) -> dict[str, str]:
    """What stands stored where it differs from what was typed, one sentence a field."""
    differing = [name for name in KEPT if form[name].data != getattr(desk, name)]
    return {name: gettext("Stored now: %(value)s", value=_said(desk, name)) for name in differing}


def _said(desk: DeskRow, name: str) -> str:
    value = getattr(desk, name)
    if name == "modality":
        return str(gettext(MODALITIES[value].label))
    if name == "adm1":
        return areas()[value].name
    if isinstance(value, date):
        return day(value)
    return "–" if value in (None, "") else str(value)


def form_of(desk: DeskRow) -> ChangedDeskForm:
    """The form filled with a desk as it stands."""
    return ChangedDeskForm(obj=desk)
