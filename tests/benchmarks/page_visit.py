"""Measures the bytes of the first visit to a page: page, styles, scripts, pictures, compressed."""

import re
from http.client import HTTPConnection

from tests.benchmarks.server import Client

ASSET = re.compile(rb"""(?:src|href)=["'](/static/[^"'#]+)""")


def bytes_of(client: Client, path: str) -> int:
    """Return the bytes of the bodies and headers of a page and of everything it loads, with an empty cache."""
    page, total = _fetch(client, path, "identity"), _size(client, path)
    assets = sorted({match.decode() for match in ASSET.findall(page)})
    return total + sum(_size(client, asset.replace("&amp;", "&")) for asset in assets)


def _size(client: Client, path: str) -> int:
    return len(_fetch(client, path, "gzip, deflate"))


def _fetch(client: Client, path: str, coding: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", client.port, timeout=60)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    try:
        connection.request("GET", path, headers={"Cookie": cookies, "Accept-Encoding": coding})
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return str(answer.headers).encode() + answer.read()
    finally:
        connection.close()
