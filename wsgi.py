"""What a server and the `flask` command start: the app with the settings of the environment."""

import os
import sys

from app import create_app
from app.upkeep.actions import starting
from config import UnsafeSettings, read_settings

is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
try:
    application = app = create_app(read_settings())
    starting.refuse_unsafe_database(app)
    if not is_command:
        starting.refuse_other_version(app)
except UnsafeSettings as problem:
    sys.exit(f"ventanilla: {problem}")
if not is_command:
    starting.announce(app)
