"""Settings of gunicorn, in production and for `make run`; command-line options override them."""

import os
import shutil
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

UNREADABLE_BODY = b'{"problem":"This could not be read. Nothing was stored."}\n'
FAILED_BODY = (
    b'{"problem":"Something went wrong on our side. Nothing was stored; please try again."}\n'
)


SOCKET_TIMEOUT = struct.pack("ll", 15, 0)
"""A `struct timeval`: 15 seconds that a client may be silent in the middle of a request or a response."""


class Worker(ThreadWorker):
    """Threads that time out on silent clients, and whose error responses repeat and log nothing of a request.

    nginx replaces these error responses by a page in the reader's language (`X-Accel-Redirect`).
    """

    def enqueue_req(self, conn: Any) -> None:
        """Pass a connection to a thread, with the timeouts after which a silent client is dropped."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, SOCKET_TIMEOUT)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, SOCKET_TIMEOUT)
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Respond to a request that gunicorn could not read (4xx) or could not pass to the app (500)."""
        status, page, body = "400 Bad Request", "400", UNREADABLE_BODY
        if isinstance(exc, LimitRequestLine):
            status, page = "414 URI Too Long", "414"
        elif isinstance(exc, LimitRequestHeaders):
            status = "431 Request Header Fields Too Large"
        elif not isinstance(exc, ParseException):
            status, page, body = "500 Internal Server Error", "503", FAILED_BODY
        self.log.warning("unreadable request: %s", type(exc).__name__)
        head = (
            f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"X-Accel-Redirect: /ventanilla-refused/{page}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with suppress(OSError):
            write_nonblock(client, head.encode("ascii") + body)


wsgi_app = "wsgi:application"
bind = os.environ.get("BIND", "unix:/run/ventanilla/web.sock")
umask = 0o007  # the socket is for the app's own user and group, which the proxy belongs to

# One process for each core does the work; threads keep a process answering while one of them waits
# for a lock, a password hash (which releases the interpreter) or a slow reader.
workers = int(os.environ.get("WEB_CONCURRENCY", os.cpu_count() or 2))
worker_class = Worker
threads = 8
worker_connections = 200
timeout = 60  # of a process that misses its own heartbeat
graceful_timeout = 30
preload_app = True  # an unsafe setting is reported once and stops the start
max_requests = 500_000  # about once a month; each new process leaves a file of counts for /metrics
max_requests_jitter = 50_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - a heartbeat file only

# Addresses and schemes come from PROXY_HOPS alone; gunicorn would trust every client on this machine.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
accesslog = None  # the app writes one line a request, without an address and a query
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")

# The directory in which the processes of this server share the counters of /metrics; set before the
# app is imported.
runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or "instance"
metrics = Path(runtime) / f"metrics-{os.getpid()}"
metrics.mkdir(parents=True, mode=0o700, exist_ok=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)


def child_exit(server: Any, worker: Any) -> None:
    """Remove an ended process from the gauges; its counters stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Delete the directory of counters."""
    shutil.rmtree(metrics, ignore_errors=True)
