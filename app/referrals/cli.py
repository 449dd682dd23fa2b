"""`referrals tidy`: writes down what time has ended; nobody has to wait for it."""

import click
from flask.cli import AppGroup

from app.db.session import db, unit_of_work
from app.referrals.actions.expire import BATCH_SIZE, expire_overdue

commands = AppGroup("referrals", help="Referrals.")


@commands.command("tidy")
def tidy_up() -> None:
    """Writes down referrals that expired or whose group did not come, and ends the holds of places."""
    expired = missed = 0
    while True:
        with unit_of_work():
            done = expire_overdue(db.session())
        expired, missed = expired + done.expired, missed + done.no_show
        if done.expired + done.no_show < BATCH_SIZE:
            break
    click.echo(f"{expired} expired, {missed} did not come.")
