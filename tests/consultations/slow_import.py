"""An import command that reports when it is half-way and then waits to be killed."""

import sys
import time

from app.consultations import cli
from app.consultations.actions import spreadsheet_import
from wsgi import app

WRITTEN = 2000
_write = spreadsheet_import.write_import


def _write_and_wait(session, authors, desks, import_check, on_progress):
    written = [0]

    def report_progress(count: int) -> None:
        written[0] += count
        if written[0] >= WRITTEN:
            print("half-way", file=sys.__stdout__, flush=True)
            time.sleep(60)

    return _write(session, authors, desks, import_check, report_progress)


spreadsheet_import.write_import = _write_and_wait

if __name__ == "__main__":
    app.test_cli_runner().invoke(cli.commands, ["import", sys.argv[1]])
