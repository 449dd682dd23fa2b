"""Commands that touch the whole app: demo, backup, e-mail, retention (`commands`); an installation (`setup`)."""

from app.upkeep.bench.cli import bench
from app.upkeep.cli.commands import back_up, demo, keeping, mail, restore
from app.upkeep.cli.setup import setup

COMMANDS = (bench, demo, back_up, restore, mail, keeping, setup)
