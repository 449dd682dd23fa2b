"""Commands that touch the whole app: backup, e-mail, retention (`commands`); an installation (`setup`)."""

from app.ops.cli.commands import back_up, keeping, mail, restore
from app.ops.cli.setup import setup

COMMANDS = (back_up, restore, mail, keeping, setup)
