"""Runs migrations on the app's own database, one transaction each."""

from alembic import context
from flask import current_app

from app.base.database import writing

database = current_app.extensions["migrate"].db


def run() -> None:
    """Upgrades or downgrades over a connection of the app's engine."""
    with writing(), database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
