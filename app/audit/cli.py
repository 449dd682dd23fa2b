"""`audit verify`: reads the whole chain and names the first broken line."""

import sys

import click
from flask.cli import AppGroup

from app.audit import actions
from app.db.session import db

commands = AppGroup("audit", help="The audit trail.")


@commands.command("verify")
def verify() -> None:
    """Exit 0 where the chain holds; 1 and the number of the first broken line where it does not."""
    checked, broken = actions.verify_chain(db.session())
    if broken is not None:
        click.echo(f"The audit trail is broken at entry {broken}.", err=True)
        sys.exit(1)
    click.echo(f"The audit trail holds: {checked} entries.")
