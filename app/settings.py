"""The settings of the running app."""

from flask import current_app

from config import Settings


def current_settings() -> Settings:
    """Return the settings that the running app was created with."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings
