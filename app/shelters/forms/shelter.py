"""The forms of a shelter: new, changed, closed, its beds and its coordinators."""

from typing import Any

from wtforms.validators import InputRequired

from app.codelists.shared_codelists import SEXES, languages
from app.places.vocabulary import areas, programme
from app.shelters.forms.fields import Clock, Codes, Mailbox, Number, Phone, Ticked
from app.shelters.queries.shelters import ShelterRow
from app.shelters.vocabulary import BED_CATEGORIES, BED_REASONS, SHELTER_TYPES
from app.web.forms import (
    REQUIRED,
    Day,
    Degrees,
    Listed,
    Many,
    PageForm,
    Whole,
    Words,
    at_most,
    required,
    required_day,
)

TEXTS = ("address", "directions", "meeting_point", "phone", "mailbox", "opens_at", "closes_at")
KEPT = (
    "name", "type", "organisation", "adm1", "latitude", "longitude", "time_zone", "languages",
    "sexes", "admits_children", "admits_groups", "youngest", "oldest", "stay_limit_days",
    "is_protected", "is_accepting", "hold_minutes", "reply_minutes", "closed_on", *TEXTS,
)  # fmt: skip
MINUTES: dict[str, Any] = {"within": (5, 2880), "code": "not_minutes"}
AGE: dict[str, Any] = {"within": (0, 120), "code": "not_an_age"}


class ShelterForm(PageForm):
    """What may be changed of a shelter."""

    name = Words(validators=[required(), at_most(80)])
    type = Listed(validators=[required()], codes=SHELTER_TYPES.codes)
    organisation = Words(validators=[required(), at_most(80)])
    adm1 = Listed(validators=[required()], codes=areas())
    address = Words(validators=[at_most(160)])
    directions = Words(validators=[at_most(240)])
    latitude = Degrees(most=90)
    longitude = Degrees(most=180)
    phone = Phone(validators=[at_most(30)])
    mailbox = Mailbox(validators=[at_most(120)])
    meeting_point = Words(validators=[at_most(160)])
    time_zone = Words(validators=[at_most(40)])
    opens_at = Clock()
    closes_at = Clock()
    languages = Codes(codes=languages())
    sexes = Codes(validators=[required()], codes=SEXES.codes)
    admits_children = Ticked(default=True)
    admits_groups = Ticked(default=True)
    youngest = Number(**AGE)
    oldest = Number(**AGE)
    stay_limit_days = Number(within=(1, 3650), code="not_days")
    is_protected = Ticked(default=False)
    is_accepting = Ticked(default=True)
    hold_minutes = Number(default=90, validators=[InputRequired(REQUIRED)], **MINUTES)
    reply_minutes = Number(default=30, validators=[InputRequired(REQUIRED)], **MINUTES)
    closed_on = Day()

    def fields_in(self, country_code: str) -> dict[str, Any]:
        """The shelter's fields as they were sent; without a time zone that of the country."""
        said = {name: self[name].data for name in KEPT}
        said |= {name: said[name] or "" for name in TEXTS}
        return {**said, "time_zone": said["time_zone"] or programme()[country_code].time_zone}


class NewShelterForm(ShelterForm):
    """What a new shelter must say; a protected one has no code of its own choice."""

    code = Words(validators=[at_most(20)])
    country = Listed(validators=[required()], codes=programme())

    def fields(self) -> dict[str, Any]:
        """The new shelter's fields; its code in capital letters."""
        code, country_code = str(self.code.data or "").upper(), self.country.data
        return {"code": code, "country": country_code, **self.fields_in(country_code)}


class ChangedShelterForm(ShelterForm):
    """What a changed shelter must say, and which version was changed."""

    version = Whole()


class ClosingForm(PageForm):
    """The last day of a shelter."""

    closed_on = Day(validators=[required_day()])
    version = Whole()


class BedsForm(PageForm):
    """How many places of one category there are, and why there are fewer than people where that is so."""

    category = Listed(validators=[required()], codes=BED_CATEGORIES.codes)
    capacity = Number(
        validators=[InputRequired(REQUIRED)], within=(0, 9999), code="not_a_bed_number"
    )
    reason = Listed(codes=BED_REASONS.codes)


class CoordinatorsForm(PageForm):
    """Who is to coordinate a shelter, and who was ticked when the page was opened: usernames."""

    coordinators = Many()
    before = Many()

    @property
    def added(self) -> set[str]:
        """Who was ticked on the page."""
        return set(self.coordinators.data) - set(self.before.data)

    @property
    def removed(self) -> set[str]:
        """Whose tick was taken away on the page."""
        return set(self.before.data) - set(self.coordinators.data)


def form_of(shelter: ShelterRow) -> ChangedShelterForm:
    """The form filled with a shelter as it stands."""
    return ChangedShelterForm(obj=shelter)
