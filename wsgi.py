"""What a server and the `flask` command start: the application with the settings of the environment."""

import sys

from app import create_app
from config import UnsafeSettings, read_settings

try:
    application = app = create_app(read_settings())
except UnsafeSettings as problem:
    sys.exit(f"ventanilla: {problem}")
