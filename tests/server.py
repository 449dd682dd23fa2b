"""How often the long tests repeat; the server and its clients are those of the benchmark, started faster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests import preloaded
from tests.benchmarks.server import Client as PlainClient
from tests.benchmarks.server import Process, running
from tests.benchmarks.server import Server as PlainServer
from tests.factories.records import PASSWORD

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))

__all__ = ["ROUNDS", "Client", "Server", "serving"]


class Server(PlainServer):
    """A gunicorn as in the benchmark, forked from a process that has imported the app already."""

    def _launch(self, options: list[str], environment: dict[str, str]) -> Process:
        if preloaded.READ_AT_IMPORT in environment:
            return super()._launch(options, environment)
        return preloaded.launch(options, environment)


@contextmanager
def serving(
    database_url: str, workers: int = 2, module: str = "wsgi:application"
) -> Iterator[Server]:
    """Run a server, and kill it afterwards."""
    server = Server(database_url, workers, module)
    with running(server):
        yield server


class Client(PlainClient):
    """A program that signs in as the accounts of tests do."""

    def sign_in(self, username: str, password: str = PASSWORD) -> "Client":
        super().sign_in(username, password)
        return self
