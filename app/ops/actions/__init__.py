"""Backup and restore, migrations, retention, readiness and metrics, and the checks of an installation."""
