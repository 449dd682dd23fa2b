"""`setup check` and `setup error-pages`: commands to set up an installation."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from app.ops.actions import error_pages, setup_check
from app.ops.rules.setup import Finding

setup = AppGroup("setup", help="Check an installation and write its files.")
MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("!", "yellow")}


@setup.command("check")
def check() -> None:
    """Report line by line what is right (✓), what must be fixed (✗, exit 1) and what to know (!)."""
    wrong = 0
    for finding in setup_check.findings():
        _show(finding)
        wrong += finding.is_right is False
    if wrong:
        click.echo(f"{wrong} to fix.", err=True)
        sys.exit(1)


def _show(finding: Finding) -> None:
    mark, colour = MARKS[finding.is_right]
    click.echo(f"{click.style(mark, fg=colour)} {finding.subject}: {finding.sentence}")


@setup.command("error-pages")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def write_error_pages(folder: Path) -> None:
    """Write the error pages that the proxy serves if the app does not respond."""
    try:
        count = error_pages.write_error_pages(folder)
    except OSError as error:
        click.echo(f"{folder} cannot be written: {error.strerror}.", err=True)
        sys.exit(1)
    click.echo(f"{count} files in {folder}")
