"""What programs get at sign-in, and the link of an invitation."""

from pydantic import Field

from app.web.openapi.answers import Answer


class TokenAnswer(Answer):
    """The token of the session, to be sent as `X-CSRFToken` on every change; it is renewed by a sign-in."""

    csrf_token: str


class SignedInAnswer(Answer):
    """Who is signed in now."""

    account: str = Field(description="The user name.")
    role: str = Field(description="Code of the role.")


class InvitationAnswer(Answer):
    """The one-time link with which an account sets its password; it is never shown again."""

    account: str = Field(description="The user name.")
    link: str
