"""Writes the answers of the present code, after a page was changed on purpose."""

import json
import logging
import tempfile
from pathlib import Path

from app import create_app
from tests.conftest import migrate, settings_for
from tests.ops.former_release.answers import answers
from tests.ops.former_release.stored import ANSWERS, load

with tempfile.TemporaryDirectory() as folder:
    url = f"sqlite:///{Path(folder) / 'former.sqlite'}"
    load(url)
    migrate(url)
    logging.disable(logging.CRITICAL)
    found = answers(create_app(settings_for(url)))
ANSWERS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
