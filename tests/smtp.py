"""A small mail server in a thread: keeps e-mails, refuses the given lines, speaks TLS with a certificate."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer


class Conversation(StreamRequestHandler):
    """One client's conversation."""

    server: "MailServer"

    def setup(self) -> None:
        if self.server.tls and not self.server.starttls:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        self.reply("220 here")
        while line := self.rfile.readline().decode():
            self.server.lines.append(line.strip())
            verb = line.split(maxsplit=1)[0].upper()
            matching = (
                reply for start, reply in self.server.refusals.items() if line.startswith(start)
            )
            refused = next(matching, None)
            if refused:
                self.reply(refused)
            elif verb == "DATA":
                self.receive()
            elif verb == "STARTTLS":
                self.reply("220 go on")
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
                super().setup()
            else:
                offers = "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN"
                plain = "250-here\r\n250 AUTH PLAIN"
                replies = {"EHLO": offers if self.server.starttls else plain, "AUTH": "235 welcome"}
                self.reply({**replies, "QUIT": "221 bye"}.get(verb, "250 well"))

    def receive(self) -> None:
        self.reply("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        time.sleep(self.server.pause)
        self.server.received.append(b"".join(lines))
        self.reply("250 taken")

    def reply(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def finish(self) -> None:
        super().finish()
        self.request.close()


class MailServer(ThreadingTCPServer):
    """`received` holds every e-mail's bytes, `lines` every line; `refusals` replies to a line by its start."""

    daemon_threads = True

    def __init__(self, certificate: Path | None, starttls: bool) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.received: list[bytes] = []
        self.lines: list[str] = []
        self.refusals: dict[str, str] = {}
        self.pause, self.starttls, self.tls = 0.0, starttls, None
        if certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(certificate)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that disconnects."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def emails(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=default) for content in self.received]


@contextmanager
def mail_server(certificate: Path | None = None, starttls: bool = False) -> Iterator[MailServer]:
    """Yield a running mail server: with a certificate TLS from the start, or after STARTTLS if `starttls` is true."""
    with MailServer(certificate, starttls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
