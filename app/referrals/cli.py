"""The command `referrals tidy`: stores what time alone has ended; no request waits for it."""

import click
from flask.cli import AppGroup

from app.db.session import db, unit_of_work
from app.referrals.actions.expire import BATCH_SIZE, expire_overdue

commands = AppGroup("referrals", help="Referrals.")


@commands.command("tidy")
def expire() -> None:
    """Store which referrals expired or whose group did not come, and release their beds."""
    expired = no_show = 0
    while True:
        with unit_of_work():
            counts = expire_overdue(db.session())
        expired, no_show = expired + counts.expired, no_show + counts.no_show
        if counts.expired + counts.no_show < BATCH_SIZE:
            break
    click.echo(f"{expired} expired, {no_show} did not come.")
