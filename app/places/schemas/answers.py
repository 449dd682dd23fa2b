"""What programs get about a desk."""

from app.web.openapi.answers import Answer


class DeskAnswer(Answer):
    """A desk."""

    code: str
    name: str
    country: str
    time_zone: str
