"""An ASGI application asked within this process: no sockets, so that nothing stands between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp

Header = tuple[str, str]


class Asked(NamedTuple):
    """A request. `target` is the path with its query; `chunked` sends the body in two parts
    and does not tell its length.
    """

    method: str
    target: str
    body: bytes = b""
    headers: tuple[Header, ...] = ()
    chunked: bool = False

    def __str__(self) -> str:
        parts = [f"{self.method} {self.target[:200]}", *map(str, self.headers)]
        return f"{' '.join(parts)} {self.body[:200]!r}{' chunked' * self.chunked}"


class Reply(NamedTuple):
    """An answer; header names in lower case, as they stand in it."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, if there is one."""
        return dict(self.headers).get(name)


async def ask(application: ASGIApp, asked: Asked) -> Reply:
    """The application's answer."""
    path, _, query = asked.target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(_headers(asked)),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    parts = [asked.body]
    if asked.chunked:
        half = len(asked.body) // 2
        parts = [asked.body[:half], asked.body[half:]]
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)
    start, *bodies = sent
    headers = (
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]
    )
    body = b"".join(message.get("body", b"") for message in bodies)
    return Reply(start["status"], tuple(sorted(headers)), body)


def _headers(asked: Asked) -> Iterable[tuple[bytes, bytes]]:
    yield b"host", b"server.example"
    for name, value in asked.headers:
        yield name.lower().encode(), value.encode("latin-1")
    if asked.chunked:
        yield b"transfer-encoding", b"chunked"
    elif asked.body:
        yield b"content-length", str(len(asked.body)).encode()
