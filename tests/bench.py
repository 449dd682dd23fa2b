"""Runs the benchmark on SQLite and on a PostgreSQL of its own that keeps what it acknowledged."""

import subprocess
import sys

from tests import postgres

if __name__ == "__main__":
    with postgres.running(durable=True) as cluster:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "bench"]
        measured = subprocess.run([*command, "--postgresql", cluster, *sys.argv[1:]], check=False)
    sys.exit(measured.returncode)
