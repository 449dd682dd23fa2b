"""A little mail server in a thread: keeps what it takes, refuses what it is told to, speaks TLS with a certificate."""

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
        self.say("220 here")
        while line := self.rfile.readline().decode():
            self.server.heard.append(line.strip())
            verb = line.split(maxsplit=1)[0].upper()
            refusals = (no for said, no in self.server.refusing.items() if line.startswith(said))
            refused = next(refusals, None)
            if refused:
                self.say(refused)
            elif verb == "DATA":
                self.take()
            elif verb == "STARTTLS":
                self.say("220 go on")
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
                super().setup()
            else:
                offers = "250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN"
                plain = "250-here\r\n250 AUTH PLAIN"
                known = {"EHLO": offers if self.server.starttls else plain, "AUTH": "235 welcome"}
                self.say({**known, "QUIT": "221 bye"}.get(verb, "250 well"))

    def take(self) -> None:
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        time.sleep(self.server.pause)
        self.server.taken.append(b"".join(lines))
        self.say("250 taken")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def finish(self) -> None:
        super().finish()
        self.request.close()


class MailServer(ThreadingTCPServer):
    """`taken` holds every letter's bytes, `heard` every line; `refusing` answers a line by how it begins."""

    daemon_threads = True

    def __init__(self, certificate: Path | None, starttls: bool) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.taken: list[bytes] = []
        self.heard: list[str] = []
        self.refusing: dict[str, str] = {}
        self.pause, self.starttls, self.tls = 0.0, starttls, None
        if certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(certificate)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def letters(self) -> list[EmailMessage]:
        return [message_from_bytes(one, policy=default) for one in self.taken]


@contextmanager
def mail_server(certificate: Path | None = None, starttls: bool = False) -> Iterator[MailServer]:
    """A running mail server: TLS from the first sign with a certificate, or after STARTTLS where it says so."""
    with MailServer(certificate, starttls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
