"""Forms whose answers survive an expired session: they travel through the sign-in page and are shown again."""

from flask import request, url_for

from app.web.requests import is_form

# Every other form is short, or holds a password.
PRESERVED_FORMS = dict.fromkeys(
    ("consultations.record", "consultations.redraw_form", "consultations.correct"),
    "consultations.redraw_form",
) | dict.fromkeys(("cases.open_return", "cases.redraw_return"), "cases.redraw_return")
"""By endpoint: the endpoint that draws its page again with the answers."""


def preserved_fields() -> list[tuple[str, str]]:
    """Return the fields of this request's form if it is one of PRESERVED_FORMS, else an empty list."""
    if request.endpoint not in PRESERVED_FORMS or not is_form():
        return []
    fields = request.form.items(multi=True)
    return [(name, value) for name, value in fields if name != "csrf_token"]


def redraw_url(endpoint: str | None) -> str:
    """Return the address that draws the form of an endpoint again."""
    return url_for(PRESERVED_FORMS[str(endpoint)])


def safe_redraw_url(path: str | None) -> str:
    """Return the path if it draws one of PRESERVED_FORMS again, else that of a consultation's form."""
    known_paths = {url_for(endpoint) for endpoint in set(PRESERVED_FORMS.values())}
    return str(path) if path in known_paths else url_for("consultations.redraw_form")
