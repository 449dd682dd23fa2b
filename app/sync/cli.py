"""`sync key`: a new key for what tablets seal."""

import json
import secrets

import click
from flask.cli import AppGroup

from app import clock
from app.sync.rules.sealing import as_text
from config import P256_ORDER

commands = AppGroup("sync", help="Keys of tablets.")


@commands.command("key")
def key() -> None:
    """Prints a new entry for the file that OUTBOX_KEYS names: put it last, and keep the older ones."""
    scalar = 1 + secrets.randbelow(P256_ORDER - 1)
    key_id = clock.now().strftime("%Y-%m-%d")
    click.echo(json.dumps({key_id: as_text(scalar.to_bytes(32))}))
