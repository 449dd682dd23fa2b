"""`counts show`."""

from flask.cli import AppGroup

commands = AppGroup("counts", help="Figures.")
