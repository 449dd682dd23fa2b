"""Extracts one-time links from answers and sets passwords with them, as an invited person does."""

import re
from typing import Any

from flask import Flask

from tests.factories.records import Browser

NEW_PASSWORD = "a-completely-other-phrase"


def path_in(answer: Any) -> str:
    """Return the path of the one-time link that a page or a command shows."""
    match = re.search(r"/invitations/[\w-]+", getattr(answer, "text", answer))
    assert match, answer
    return match.group()


def set_password(app: Flask, path: str, password: str = NEW_PASSWORD, repeated: str = "") -> Any:
    """Set a password with a link; return the answer."""
    fields = {"password": password, "repeated": repeated or password}
    return Browser(app.test_client()).post_form(path, fields)
