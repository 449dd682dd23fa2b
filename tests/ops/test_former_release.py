"""A database of the former release upgrades, and answers everything as that release did."""

import json

import pytest
from flask_migrate import upgrade

from app import create_app
from app.db.session import db
from tests.conftest import settings_for
from tests.ops.backups import in_app
from tests.ops.former_release.answers import answers
from tests.ops.former_release.stored import ANSWERS, load

pytestmark = pytest.mark.both_databases


@pytest.fixture
def upgraded(empty_url):
    """The app on the stored database, after its upgrade."""
    load(empty_url)
    app = create_app(settings_for(empty_url))
    in_app(app, upgrade)
    yield app
    in_app(app, db.session.remove)


def test_a_database_of_the_former_release_answers_as_before(upgraded):
    expected, found = json.loads(ANSWERS.read_text()), answers(upgraded)
    before, now = expected.pop("pages"), found.pop("pages")
    assert [page for page in sorted(before | now) if before.get(page) != now.get(page)] == []
    assert found == expected
