"""A tablet's requests as bytes, to be cut at any byte as a network may."""

import json
import socket
from contextlib import suppress
from typing import Any


def request_bytes(port: int, credential: str, envelopes: list[dict[str, Any]]) -> bytes:
    """Return the whole request that sends a batch."""
    body = json.dumps({"envelopes": envelopes}).encode()
    head = (
        f"POST /sync/envelopes HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Authorization: Device {credential}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def exchange(port: int, request: bytes, read: int = -1) -> bytes:
    """Return the answer, at most `read` bytes before the line was cut; empty if the connection was refused."""
    answer = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        while read < 0 or len(answer) < read:
            part = line.recv(65536 if read < 0 else read - len(answer))
            if not part:
                break
            answer += part
    return answer


def results_of(answer: bytes) -> dict[str, str] | None:
    """Return receipts by id, or None if the answer is not the whole JSON."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        return None
    try:
        return {result["id"]: result["receipt"] for result in json.loads(body)["results"]}
    except (ValueError, KeyError, TypeError):
        return None
