"""The command that prints the description of the API."""

import json

import click
from flask import current_app
from flask.cli import with_appcontext

from app.web.openapi.document import openapi_document
from app.web.openapi.markdown import markdown


@click.command("openapi")
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), default="json")
@with_appcontext
def openapi(form: str) -> None:
    """Print the description of every address for programs: OpenAPI 3.1, or a page to read."""
    document = openapi_document(current_app)
    text = markdown(document) if form == "markdown" else json.dumps(document, indent=2)
    click.echo(text.rstrip("\n"))
