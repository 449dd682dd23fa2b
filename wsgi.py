"""Entry point of servers and the `flask` command: the app with the settings of the environment."""

import gc
import os
import sys

# Imports leave next to no garbage, and looking for it takes a sixth of the time of every start.
gc.disable()

# These imports come late because they are what is sped up; E402 asks for them at the top.
from app import create_app  # noqa: E402
from app.ops.actions import readiness  # noqa: E402
from config import UnsafeSettings, list_unsafe_settings, read_settings  # noqa: E402

os.umask(0o077)  # files that the app writes are readable by its own user only
IS_COMMAND = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
IS_CHECK = IS_COMMAND and {"setup", "check"} <= set(sys.argv[1:])

if IS_CHECK and list_unsafe_settings(os.environ):
    sys.stdout.writelines(
        f"✗ settings: {sentence}\n" for sentence in list_unsafe_settings(os.environ)
    )
    sys.exit(1)
try:
    application = app = create_app(read_settings())
    if not IS_CHECK:  # it reports the same line by line
        readiness.refuse_unsafe_database(app)
    if not IS_COMMAND:
        readiness.refuse_other_version(app)
        readiness.refuse_closed_directory(app)
except UnsafeSettings as error:
    sys.exit(f"ventanilla: {error}")
if IS_COMMAND:
    sys.excepthook = readiness.print_database_fault
else:
    readiness.log_start(app)
gc.freeze()  # what was imported lives as long as the process; workers share its pages
gc.enable()
