"""Clients that are silent half-way hold a connection of the proxy, never the service up; no answer is not ours."""

import json
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from signal import SIGSTOP

import pytest

from tests import stopwatch
from tests.production.clients import SecureClient, client_of
from tests.production.operator import HOST, Installation

SILENT = 30
"""More than the app has threads (two processes with eight each on two cores)."""
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
HEAD = f"POST /preferences HTTP/1.1\r\nHost: {HOST}\r\n{FORM}"
HALVES = {
    "half-sent headers": f"GET /sign-in HTTP/1.1\r\nHost: {HOST}\r\nX-Half: ",
    "half-sent bodies": HEAD + "Content-Length: 10000\r\n\r\nlocale=",
    "readers who do not read": "".join(
        f"GET /static/identifiers.json HTTP/1.1\r\nHost: {HOST}\r\n\r\n" for _ in range(20)
    ),
}


@pytest.fixture(scope="module")
def installation(installations: Callable[[str], Installation]) -> Installation:
    """A server, whatever it holds; the proxy is the same before both databases."""
    made = installations("sqlite")
    made.put_right()
    made.take_effect()
    return made


@pytest.fixture(scope="module")
def client(installation: Installation) -> SecureClient:
    return client_of(installation)


@contextmanager
def silent(client: SecureClient, said: str) -> Iterator[list[ssl.SSLSocket]]:
    """Connections that sent this much and then nothing."""
    trusted = ssl.create_default_context(cafile=str(client.authority))
    with ExitStack() as stack:
        opened = []
        for _ in range(SILENT):
            plain = socket.create_connection((HOST, client.port), timeout=30)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line = stack.enter_context(trusted.wrap_socket(plain, server_hostname=HOST))
            line.sendall(said.encode())
            opened.append(line)
        yield opened


def seconds(client: SecureClient, path: str = "/healthz") -> float:
    """How long the slowest of ten answers took."""
    took = []
    for _ in range(10):
        began = stopwatch.now()
        assert client.ask("GET", path)[0] == 200
        took.append(stopwatch.now() - began)
    return max(took)


@pytest.mark.parametrize("said", HALVES.values(), ids=HALVES)
def test_clients_that_are_silent_half_way_stop_nobody(client: SecureClient, said: str) -> None:
    with silent(client, said):
        assert seconds(client) < 2


def test_a_proxy_that_passes_on_what_is_half_sent_is_caught(
    client: SecureClient, installation: Installation
) -> None:
    site = installation.site
    right = site.read_text()
    site.write_text(right.replace("proxy_redirect off;", "proxy_request_buffering off;"))
    try:
        installation.take_effect()
        impatient = replace(client, timeout=3)
        with silent(client, HALVES["half-sent bodies"]), pytest.raises((OSError, AssertionError)):
            assert seconds(impatient) < 2
    finally:
        site.write_text(right)
        installation.take_effect()


def raw(client: SecureClient, said: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of the answer to a request as it stands."""
    trusted = ssl.create_default_context(cafile=str(client.authority))
    with (
        socket.create_connection((HOST, client.port), timeout=30) as plain,
        trusted.wrap_socket(plain, server_hostname=HOST) as line,
    ):
        line.sendall(said.encode())
        answer = b""
        while not _is_whole(answer) and (part := line.recv(65536)):
            answer += part
    return _read(answer)


def _is_whole(answer: bytes) -> bool:
    """Whether its body is there: the proxy waits for what a client still has to send before it hangs up."""
    if b"\r\n\r\n" not in answer:
        return False
    _, headers, body = _read(answer)
    length = headers.get("content-length")
    return length is not None and len(body.encode()) >= int(length)


def _read(answer: bytes) -> tuple[int, dict[str, str], str]:
    head, _, body = answer.decode("utf-8", "ignore").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): text for name, _, text in (one.partition(": ") for one in lines)}
    return int(first.split()[1]), headers, body


END = "Connection: close\r\n\r\n"
ENGLISH = "Accept-Language: en\r\n"
HERE = f"Host: {HOST}\r\n"
STRANGE = {
    "a line that gunicorn finds too long": (f"GET /{'a' * 5000}", HERE, 414),
    "a header that is none": ("GET /", f"{HERE}bad header\r\n", 400),
    "more headers than gunicorn takes": ("GET /", HERE + "X-A: b\r\n" * 70, 400),
    "a host that is none": ("GET /", "Host: a b\r\n", 400),
    "too large a body": ("POST /consultations", f"{HERE}Content-Length: 99999999\r\n", 413),
    "headers without end": ("GET /", HERE + f"X-A: {'b' * 7000}\r\n" * 6, 400),
    "a method that is none of ours": ("TRACE /", HERE, 405),
}


@pytest.mark.parametrize(("line", "rest", "status"), STRANGE.values(), ids=STRANGE)
def test_what_the_proxy_or_gunicorn_refuses_is_told_in_our_words(
    client: SecureClient, line: str, rest: str, status: int
) -> None:
    for locale in ("es", "pt"):
        browser = f"{line} HTTP/1.1\r\nAccept-Language: {locale}\r\nAccept: text/html\r\n"
        found, headers, body = raw(client, browser + rest + END)
        assert found == status
        assert headers["content-type"].startswith("text/html"), (headers, body)
        assert f'<html lang="{locale}">' in body and "nginx" not in body and "gunicorn" not in body
        assert "default-src 'none'" in headers["content-security-policy"]
    program = f"{line} HTTP/1.1\r\nAccept: application/json\r\n"
    found, headers, body = raw(client, program + rest + END)
    assert found == status and set(json.loads(body)) == {"problem"}


def test_a_line_without_end_is_refused_in_our_words_before_any_header_is_read(
    client: SecureClient,
) -> None:
    found, _, body = raw(client, f"GET /{'a' * 9000} HTTP/1.1\r\n{HERE}{END}")
    assert found == 414 and '<html lang="es">' in body and "nginx" not in body


def test_a_body_that_nobody_reads_never_costs_its_answer(client: SecureClient) -> None:
    body = "x" * 1_000_000
    for path, status in (("/consultations", 401), ("/nowhere", 404), ("/desks/new", 401)) * 4:
        head = f"POST {path} HTTP/1.1\r\n{HERE}{FORM}Content-Length: {len(body)}\r\n{END}"
        assert raw(client, head + body)[0] in (status, 413)


def test_a_host_name_counts_whatever_its_case(client: SecureClient) -> None:
    said = f"GET /sign-in HTTP/1.1\r\nHost: {HOST.upper()}\r\nAccept: text/html\r\n{END}"
    assert raw(client, said)[0] == 200
    status, _, body = raw(client, f"GET /sign-in HTTP/1.1\r\nHost: elsewhere.example\r\n{END}")
    assert status == 400 and "elsewhere" not in body


def test_an_app_that_does_not_answer_is_told_in_our_words_and_comes_back(
    client: SecureClient, installation: Installation
) -> None:
    installation.kill("ventanilla-web.service")
    page = f"GET /today HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/html\r\nCookie: locale=fr\r\n{END}"
    status, headers, body = raw(client, page)
    assert (status, headers["retry-after"]) == (503, "5")
    assert '<html lang="fr">' in body and "nginx" not in body
    assert "style-src 'self'" in headers["content-security-policy"]
    status, headers, style = raw(
        client, f"GET /ventanilla-error.css HTTP/1.1\r\nHost: {HOST}\r\n{END}"
    )
    assert (status, headers["content-type"]) == (200, "text/css") and "font:" in style
    status, headers, body = raw(
        client, f"POST /sync/envelopes HTTP/1.1\r\nHost: {HOST}\r\n{ENGLISH}{END}"
    )
    assert (status, headers["retry-after"]) == (503, "5")
    assert "Nothing was stored" in json.loads(body)["problem"]
    installation.run("systemctl enable --now ventanilla-web.service")
    assert client.ask("GET", "/healthz")[0] == 200


def test_a_change_that_the_app_took_and_did_not_answer_is_never_said_to_be_lost(
    client: SecureClient, installation: Installation
) -> None:
    post = (
        f"POST /sync/envelopes HTTP/1.1\r\nHost: {HOST}\r\n{ENGLISH}Content-Length: 2\r\n{END}{{}}"
    )
    read = f"GET /readyz HTTP/1.1\r\nHost: {HOST}\r\n{ENGLISH}Accept: application/json\r\n{END}"
    os.killpg(int((installation.root / "pids" / "ventanilla-web.service").read_text()), SIGSTOP)
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(raw, client, text) for text in (post, read)]
        time.sleep(1)  # both are at the app, which stands still
        installation.kill("ventanilla-web.service")
        (changed, _, told), (status, _, body) = (answer.result() for answer in answers)
    installation.run("systemctl enable --now ventanilla-web.service")
    assert (changed, status) == (503, 503)
    assert json.loads(told)["problem"].startswith("It is not known whether this was stored.")
    assert "Nothing was stored" in json.loads(body)["problem"]
