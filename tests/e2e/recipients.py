"""A web server that takes deliveries, notes them and answers each as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request: `headers` by lower-case names."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def sequence(self) -> int:
        return int(self.headers["webhook-sequence"])

    @property
    def resource(self) -> Any:
        """What the event is about."""
        return next(iter(self.event["event"].values()))


@dataclass(frozen=True)
class Reply:
    """An answer: `before` is called first; `cut` ends the connection in the middle of the body."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    before: Callable[[], object] = lambda: None
    cut: bool = False


OK = Reply()

Answer = Callable[[Received], Reply]


class Recipients(ThreadingHTTPServer):
    """Takes what comes to 127.0.0.1; `answers` by path say how, and a path without one says 204."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers: dict[str, Answer] = {}
        self._received: list[Received] = []
        self._lock = threading.Lock()

    def at(self, path: str) -> list[Received]:
        """What has come to a path so far, in the order of coming."""
        with self._lock:
            return [one for one in self._received if one.path == path]

    def note(self, received: Received) -> Reply:
        """Note a request, and say how it is to be answered."""
        with self._lock:
            self._received.append(received)
        return self.answers.get(received.path, lambda _: OK)(received)


class _Handler(BaseHTTPRequestHandler):
    server: Recipients
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.note(Received(self.path, headers, body))
        reply.before()
        with suppress(OSError):  # who sent it may be gone
            self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.cut:
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Nothing: tests look at what came."""


@contextmanager
def recipients() -> Iterator[Recipients]:
    """The server, as long as the context lasts."""
    with Recipients() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
