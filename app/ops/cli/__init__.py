"""Commands that touch the whole app: demo, backup, e-mail, retention (`commands`); an installation (`setup`)."""

from app.ops.cli.commands import back_up, demo, keeping, mail, restore
from app.ops.cli.setup import setup
from tests.benchmarks.cli import bench

COMMANDS = (bench, demo, back_up, restore, mail, keeping, setup)
