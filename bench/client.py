"""One kept-alive connection that asks and waits: for checks and for the time of single requests."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any, Self

HOST = "127.0.0.1"
TIMEOUT = 60.0


class BenchError(Exception):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as a JSON value."""
        return json.loads(self.body)

    def link(self, relation: str) -> str | None:
        """The path and query of the page that a `Link` leads to."""
        for part in self.headers.get("link", "").split(", <"):
            address, _, name = part.partition(">; rel=")
            if name.strip('"') == relation:
                return "/" + address.lstrip("<").split("/", 3)[3]
        return None


class Client:
    """A connection to a port of this machine. Close it, or use it as a context."""

    def __init__(self, port: int) -> None:
        self._host = f"{HOST}:{port}"
        self._socket = socket.create_connection((HOST, port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, target: str) -> Reply:
        """The answer to a GET of a path with its query."""
        return self._ask(f"GET {target} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())

    def post(self, target: str, body: bytes) -> Reply:
        """The answer to a POST of a JSON text."""
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return self._ask(head.encode() + body)

    def _ask(self, request: bytes) -> Reply:
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, body = received.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        parts, missing = [body], length - len(body)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        return Reply(int(first.split(" ")[1]), headers, b"".join(parts))

    def _more(self) -> bytes:
        part = self._socket.recv(1 << 18)
        if not part:
            raise BenchError(f"{self._host} closed the connection")
        return part

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
