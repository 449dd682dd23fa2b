"""A way to the server that can be cut, slowed or answered by somebody else, as a bad network does."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Page

Pass = Callable[[], tuple[int, dict[str, str], bytes]]
Fault = Callable[["Exchange"], None]
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Exchange:
    """One request of the tablet: pass it on, answer it, or cut it."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: bytes, forward: Pass) -> None:
        self.handler, self.body, self.forward = handler, body, forward

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        """The envelopes of the batch."""
        return json.loads(self.body)["envelopes"]

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Answers in the server's place."""
        self.send(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)

    def send(self, status: int, headers: dict[str, str], body: bytes, length: int = -1) -> None:
        """Sends an answer; a `length` of more than there is cuts it short."""
        self.handler.send_response_only(status)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        if status not in (204, 304):
            self.handler.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()
        self.handler.wfile.write(body)
        self.handler.close_connection = True

    def changed(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Passes the request on and sends back another JSON than the server's."""
        status, headers, body = self.forward()
        said = json.loads(body)
        change(said)
        self.send(status, headers, json.dumps(said).encode())


@dataclass
class Relay:
    """Where the tablet believes the server to be."""

    target: int
    port: int = 0
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)
    weight: int = 0
    """Bytes of bodies and headers that went to the browser."""
    server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listens, at the same port as before."""
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.close_connection = True  # also where the server itself has gone
                with suppress(ConnectionError):  # the browser has gone
                    relay.handle(self)

            do_POST = do_GET

            def log_message(self, *said: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Passes one request on, or does to it what was asked for its path."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path = handler.path.partition("?")[0]
        self.asked.append(path)
        exchange = Exchange(handler, body, lambda: self.forward(handler, body))
        if path == "/sync/envelopes":
            self.arrived.extend(one["id"] for one in exchange.envelopes)
        fault = self.faults.get(path)
        if fault is not None:
            fault(exchange)
        else:
            status, headers, content = exchange.forward()
            self.weight += len(content) + sum(len(k) + len(v) + 4 for k, v in headers.items())
            exchange.send(status, headers, content)

    def forward(
        self, handler: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """The real server's answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=60)
        try:
            headers = {k: v for k, v in handler.headers.items() if k.lower() not in HOP}
            connection.request(handler.command, handler.path, body or None, headers)
            answer = connection.getresponse()
            plain = {k: v for k, v in answer.headers.items() if k.lower() not in HOP}
            return answer.status, plain, answer.read()
        finally:
            connection.close()


@contextmanager
def relaying(target: int) -> Iterator[Relay]:
    """A relay to a server's port, gone afterwards."""
    relay = Relay(target)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


def until(page: Page, script: str, seconds: float = 60) -> None:
    """Waits; the policy of the pages forbids the driver's own way."""
    end = time.monotonic() + seconds
    while not page.evaluate(script):
        assert time.monotonic() < end, script
        time.sleep(0.05)
