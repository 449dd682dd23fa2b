"""Run migrations on the app's own database, one transaction each."""

import sys

import click
from alembic import context
from flask import current_app
from sqlalchemy import Connection

from app.ops.actions.migrate import migrate
from app.ops.rules import OperationRefused

extension = current_app.extensions["migrate"]


def run(connection: Connection) -> None:
    """Upgrade or downgrade over a connection of the app's engine."""
    context.configure(
        connection=connection,
        target_metadata=extension.db.metadata,
        render_as_batch=True,
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def report(sentence: str) -> None:
    """Write to stderr for the operator; stdout carries the output of the command."""
    click.echo(sentence, err=True)


try:
    migrate(extension.db.engine, extension.directory, run, report)
except OperationRefused as refusal:
    sys.exit(str(refusal))
