"""What the hostile tests share: requests as bytes, their answers, and the refusals to expect.

An ordinary HTTP library refuses to send much of what is sent here.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.e2e.client import JSON, PATHS, TIMEOUT

CATEGORY = f"{PATHS['TMF620']}/category"
"""The path of the collection that is attacked, as it stands in a request line."""

Headers = Iterable[tuple[str | bytes, str | bytes]]


class Reply(NamedTuple):
    """An answer: `headers` by name in lower case, the last of equal names."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


def request(
    method: str | bytes,
    target: str | bytes,
    body: bytes = b"",
    headers: Headers = (),
    *,
    host: str | bytes = "localhost",
    chunked: bool = False,
) -> bytes:
    """A request as bytes; nothing in it is encoded, completed or checked.

    `chunked` sends the body in chunks instead of telling its length.
    """
    lines = [_bytes(method) + b" " + _bytes(target) + b" HTTP/1.1", b"Host: " + _bytes(host)]
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in headers]
    lines.append(b"Connection: close")
    if chunked:
        lines.append(b"Transfer-Encoding: chunked")
        parts = (body[at : at + 65536] for at in range(0, len(body), 65536))
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    elif body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def send(root: str, sent: bytes, *, head: bool = False) -> Reply:
    """The answer to what was sent; `head` if it has no body whatever it says."""
    address = urlsplit(root)
    with socket.create_connection((address.hostname, address.port), timeout=TIMEOUT) as connection:
        with suppress(ConnectionError):  # it may answer and hang up before it has read all
            connection.sendall(sent)
        answer = http.client.HTTPResponse(connection, method="HEAD" if head else None)
        with answer:
            answer.begin()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, headers, answer.read())


def post(
    root: str,
    body: bytes,
    *,
    target: str = CATEGORY,
    media_type: str = JSON,
    chunked: bool = False,
) -> Reply:
    """A body sent to a collection."""
    headers = [("Content-Type", media_type)]
    return send(root, request("POST", target, body, headers, chunked=chunked))


def patch(root: str, target: str, body: bytes, media_type: str) -> Reply:
    """A patch sent to a resource."""
    return send(root, request("PATCH", target, body, [("Content-Type", media_type)]))


def check_refused(reply: Reply, status: int, code: str) -> str:
    """The answer is the guideline's Error, of this status and code; its message."""
    assert reply.status == status, reply.body[:500]
    assert reply.headers["content-type"] == JSON
    error = reply.json()
    assert error["code"] == code, error
    assert error["@type"] == "Error"
    assert error["status"] == str(status)
    assert error["reason"]
    assert error["requestId"] == reply.headers["x-request-id"]
    assert len(reply.body) < 10_000, "what was sent is not sent back whole"
    return str(error.get("message", ""))


def check_too_long(reply: Reply) -> None:
    """Refused for its length: by the reader of HTTP, or by whoever reads what was so long."""
    assert reply.status in (400, 414, 431), reply.body[:500]
    check_refused(reply, reply.status, reply.json()["code"])


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
