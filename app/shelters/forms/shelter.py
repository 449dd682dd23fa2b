"""The forms of a shelter: new, changed, closed, its beds and its coordinators."""

from functools import partial
from typing import cast

from wtforms.validators import InputRequired

from app.codelists.shared_codelists import SEXES, languages
from app.places.forms import PlaceForm
from app.places.vocabulary import programme
from app.shelters.actions.shelters import NewShelterFields, ShelterFields
from app.shelters.forms.fields import (
    CheckboxField,
    CodelistField,
    EmailField,
    NumberField,
    PhoneField,
    TimeOfDayField,
)
from app.shelters.queries.shelters import ShelterRow
from app.shelters.vocabulary import BED_CATEGORIES, BED_REASONS, SHELTER_TYPES
from app.web.forms import (
    REQUIRED,
    AnyCodesField,
    CodeField,
    PageForm,
    SafeTextField,
    WholeNumberField,
    max_length,
    required,
)

TEXT_FIELDS = (
    "address",
    "directions",
    "meeting_point",
    "phone",
    "email",
    "opens_at",
    "closes_at",
)
STORED_FIELDS = (
    "name", "type", "organisation", "adm1", "latitude", "longitude", "time_zone", "languages",
    "sexes", "admits_children", "admits_groups", "youngest", "oldest", "stay_limit_days",
    "is_protected", "is_accepting", "hold_minutes", "reply_minutes", "closed_on", *TEXT_FIELDS,
)  # fmt: skip
MinutesField = partial(NumberField, within=(5, 2880), code="not_minutes")
AgeField = partial(NumberField, within=(0, 120), code="not_an_age")


class ShelterForm(PlaceForm):
    """The fields of a shelter that may be changed."""

    type = CodeField(validators=[required()], codes=SHELTER_TYPES.codes)
    address = SafeTextField(validators=[max_length(160)])
    directions = SafeTextField(validators=[max_length(240)])
    phone = PhoneField(validators=[max_length(30)])
    email = EmailField(validators=[max_length(120)])
    meeting_point = SafeTextField(validators=[max_length(160)])
    opens_at = TimeOfDayField()
    closes_at = TimeOfDayField()
    languages = CodelistField(codes=languages())
    sexes = CodelistField(validators=[required()], codes=SEXES.codes)
    admits_children = CheckboxField(default=True)
    admits_groups = CheckboxField(default=True)
    youngest = AgeField()
    oldest = AgeField()
    stay_limit_days = NumberField(within=(1, 3650), code="not_days")
    is_protected = CheckboxField(default=False)
    is_accepting = CheckboxField(default=True)
    hold_minutes = MinutesField(default=90, validators=[InputRequired(REQUIRED)])
    reply_minutes = MinutesField(default=30, validators=[InputRequired(REQUIRED)])

    def fields_in(self, country_code: str) -> ShelterFields:
        """Return the values of STORED_FIELDS; without a time zone, that of the country."""
        values = {name: self[name].data for name in STORED_FIELDS}
        values |= {name: values[name] or "" for name in TEXT_FIELDS}
        values["time_zone"] = values["time_zone"] or programme()[country_code].time_zone
        return cast(ShelterFields, values)


class NewShelterForm(ShelterForm):
    """The fields of a new shelter; the code of a protected one is replaced by a random one."""

    code = SafeTextField(validators=[max_length(20)])
    country = CodeField(validators=[required()], codes=programme())

    def fields(self) -> NewShelterFields:
        """Return the values of the new shelter; its code in capital letters."""
        code, country_code = str(self.code.data or "").upper(), self.country.data
        return {"code": code, "country": country_code, **self.fields_in(country_code)}


class ChangedShelterForm(ShelterForm):
    """The fields of a changed shelter, and the version that was changed."""

    version = WholeNumberField()


class BedsForm(PageForm):
    """How many beds one category has, and the reason if there are fewer beds than people."""

    category = CodeField(validators=[required()], codes=BED_CATEGORIES.codes)
    capacity = NumberField(
        validators=[InputRequired(REQUIRED)], within=(0, 9999), code="not_a_bed_number"
    )
    reason = CodeField(codes=BED_REASONS.codes)


class CoordinatorsForm(PageForm):
    """The usernames of a shelter's coordinators, and those that were ticked when the page was opened."""

    coordinators = AnyCodesField()
    before = AnyCodesField()

    @property
    def added(self) -> set[str]:
        """The usernames that were ticked on the page."""
        return set(self.coordinators.data) - set(self.before.data)

    @property
    def removed(self) -> set[str]:
        """The usernames that were unticked on the page."""
        return set(self.before.data) - set(self.coordinators.data)


def form_for(shelter: ShelterRow) -> ChangedShelterForm:
    """Return the form filled with the stored values of a shelter."""
    return ChangedShelterForm(obj=shelter)
