"""Templates write values for the reader of the page, constants too."""

import pytest
from flask import Flask

from tests.factories.records import in_new_context


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_number_that_stands_in_a_template_is_written_for_each_reader(app: Flask) -> None:
    template = app.jinja_env.from_string("{{ 1234.5|number }} {{ 0.01|percent }}")

    def render_for(language: str) -> str:
        with app.test_request_context(headers={"Accept-Language": language}):
            return template.render()

    assert [in_new_context(render_for, language) for language in ("en", "nl", "en")] == [
        "1,234.5 1%",
        "1.234,5 1%",
        "1,234.5 1%",
    ]
