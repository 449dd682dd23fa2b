"""Takes one-time links out of answers and sets passwords with them, as an invited person does."""

import re
from typing import Any

from flask import Flask

from tests.factories.records import Browser

NEW_PASSWORD = "a-completely-other-phrase"


def path_in(answer: Any) -> str:
    """The path of the one-time link that a page or a command shows."""
    found = re.search(r"/invitations/[\w-]+", getattr(answer, "text", answer))
    assert found, answer
    return found.group()


def set_password(app: Flask, path: str, password: str = NEW_PASSWORD, repeated: str = "") -> Any:
    """The answer to a password set with a link."""
    said = {"password": password, "repeated": repeated or password}
    return Browser(app.test_client()).post_form(path, said)
