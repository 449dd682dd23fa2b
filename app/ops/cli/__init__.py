"""Commands on the whole app: backup, e-mail, retention (`commands`); an installation (`setup`)."""

from app.ops.cli.commands import back_up, mail, restore, retention_commands
from app.ops.cli.setup import setup

COMMANDS = (back_up, restore, mail, retention_commands, setup)
