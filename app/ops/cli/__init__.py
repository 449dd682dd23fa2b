"""Commands on the whole app: backup, e-mail, retention (`commands`); an installation (`setup`); the API (`api`)."""

from app.ops.cli.api import openapi
from app.ops.cli.commands import back_up, mail, restore, retention_commands
from app.ops.cli.setup import setup

COMMANDS = (back_up, restore, mail, retention_commands, setup, openapi)
