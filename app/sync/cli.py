"""`sync generate-key`: a new key for the envelopes of tablets; `sync key` is its former name."""

import json
import secrets

import click
from flask.cli import AppGroup

from app import clock
from app.sync.rules.sealing import to_base64url
from config import P256_ORDER

commands = AppGroup("sync", help="Keys of tablets.")


@commands.command("generate-key")
def generate_key() -> None:
    """Print a new entry for the file that OUTBOX_KEYS names: put it last, and keep the older ones."""
    scalar = 1 + secrets.randbelow(P256_ORDER - 1)
    key_id = clock.now().strftime("%Y-%m-%d")
    click.echo(json.dumps({key_id: to_base64url(scalar.to_bytes(32))}))


commands.add_command(generate_key, "key")  # the former name, which scripts may still use
