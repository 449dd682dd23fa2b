"""How often the long tests repeat; the server and its clients are those of the benchmark."""

import os

from tests.benchmarks.server import Client as PlainClient
from tests.benchmarks.server import Server, serving
from tests.factories.records import PASSWORD

ROUNDS = int(os.environ.get("VENTANILLA_ROUNDS", "1"))

__all__ = ["ROUNDS", "Client", "Server", "serving"]


class Client(PlainClient):
    """A program that signs in as the accounts of tests do."""

    def sign_in(self, username: str, password: str = PASSWORD) -> "Client":
        super().sign_in(username, password)
        return self
