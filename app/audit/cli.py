"""`audit verify`: checks the whole chain and names the first broken entry."""

import sys

import click
from flask.cli import AppGroup

from app.audit import actions
from app.db.session import db

commands = AppGroup("audit", help="The audit log.")


@commands.command("verify")
def verify() -> None:
    """Check the audit log: exit 0 if its chain holds, else 1 and the number of the first broken entry."""
    checked, broken_at = actions.verify_chain(db.session())
    if broken_at is not None:
        click.echo(f"The audit log is broken at entry {broken_at}.", err=True)
        sys.exit(1)
    click.echo(f"The audit log is intact: {checked} entries.")
