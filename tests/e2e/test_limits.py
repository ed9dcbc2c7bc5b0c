"""Connections that are too large, too slow or too many: refused in the guideline's shape, cut off.

Raw sockets, because no decent client does these things.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import PATHS, Client, unique
from tests.e2e.waiting import until
from tests.processes import Server, start_server

CATEGORY = f"{PATHS['TMF620']}/category"
HEAD = 8192
BODY = 1_000_000
CONNECTIONS = 8

GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
POST = f"POST {CATEGORY} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()

pytestmark = pytest.mark.over("SQLite")


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with narrow limits in size and time."""
    settings = {
        "TMF_MAX_HEAD": str(HEAD),
        "TMF_MAX_BODY": str(BODY),
        "TMF_REQUEST_TIMEOUT": "1",
        "TMF_KEEP_ALIVE_TIMEOUT": "1",
        "TMF_LOG_FORMAT": "json",
    }
    folder = tmp_path_factory.mktemp("limits")
    with start_server(module_database_url, folder, **settings) as server:
        yield server


class Connection:
    """One connection, spoken to in bytes."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers, body."""
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self._file.read(int(headers.get("content-length", 0)))

    def ended(self) -> bool:
        """Whether the server ends the connection without another word."""
        return self._file.read(1) == b""

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_refused(connection: Connection, status: int, code: str) -> dict[str, str]:
    """The answer is the guideline's Error; nothing follows it. Its headers."""
    found, headers, body = connection.answer()
    error: dict[str, Any] = json.loads(body)
    assert (found, error["code"], error["status"]) == (status, code, str(status))
    assert error["@type"] == "Error"
    assert error["requestId"] == headers["x-request-id"]
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert connection.ended()
    return headers


def headers_of(size: int) -> bytes:
    """Header lines of about that many bytes."""
    line = b"X-Padding: " + b"x" * 87 + b"\r\n"
    return line * (size // len(line))


# --- Size ---


def test_a_head_within_the_limit_is_taken(server: Server) -> None:
    with Connection(server) as connection:
        connection.send(GET + headers_of(HEAD - 500) + b"\r\n")

        assert connection.answer()[0] == 200


@pytest.mark.parametrize("size", [HEAD + 500, 40 * HEAD])
def test_headers_that_are_too_large_are_431(server: Server, size: int) -> None:
    with Connection(server) as connection:
        connection.send(GET + headers_of(size) + b"\r\n")

        check_refused(connection, 431, "headersTooLarge")


@pytest.mark.parametrize("size", [HEAD + 1, 40 * HEAD])
def test_an_address_that_is_too_long_is_414(server: Server, size: int) -> None:
    with Connection(server) as connection:
        connection.send(b"GET /" + b"x" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n")

        check_refused(connection, 414, "uriTooLong")


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (b"GET /", "uriTooLong"),
        (GET + b"X-Endless: ", "headersTooLarge"),
        (GET + b"X", "headersTooLarge"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-Trailer: ", "headersTooLarge"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;", "headersTooLarge"),
    ],
    ids=["address", "value", "name", "trailer", "chunk-extension"],
)
def test_what_does_not_end_is_refused_before_it_ends(
    server: Server, start: bytes, code: str
) -> None:
    with Connection(server) as connection:
        connection.send(start + b"x" * 400_000)  # more than a server reads at once

        check_refused(connection, {"uriTooLong": 414}.get(code, 431), code)


def test_a_head_after_a_large_body_is_measured_by_itself(server: Server) -> None:
    with Connection(server) as connection:
        body = b'{"name": "x"}' + b" " * (BODY - 100)
        first = POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
        for _ in range(2):
            connection.send(first + GET)
            assert connection.answer()[0] == 201
            connection.send(b"\r\n")
            assert connection.answer()[0] == 200


def test_an_endless_body_is_not_read_to_its_end(server: Server) -> None:
    with Connection(server) as connection:
        connection.send(POST + b"Content-Length: 1000000000\r\n\r\n")

        status, _, body = connection.answer()

        assert status == 413
        assert json.loads(body)["code"] == "bodyTooLarge"
        sent = 0
        with suppress(ConnectionError):
            while sent < 500_000_000:
                connection.send(b" " * 65536)
                sent += 65536
        assert sent < 100_000_000  # the limit, and what the systems on the way hold


@pytest.mark.parametrize("size", [BODY + 1, 3 * BODY])
def test_who_sends_somewhat_too_much_is_told_and_served_on(server: Server, size: int) -> None:
    with Connection(server) as connection:
        connection.send(POST + b"Content-Length: %d\r\n\r\n" % size + b" " * size)
        assert connection.answer()[0] == 413

        connection.send(GET + b"\r\n")

        assert connection.answer()[0] == 200


def test_a_body_that_nobody_wants_may_still_be_finished(server: Server) -> None:
    with Connection(server) as connection:
        wrong = POST.replace(b"application/json", b"text/plain")
        connection.send(wrong + b"Content-Length: 60000\r\n\r\n")
        assert connection.answer()[0] == 415

        connection.send(b" " * 60000 + GET + b"\r\n")

        assert connection.answer()[0] == 200


# --- Time ---


@pytest.mark.parametrize(
    "start",
    [b"G", b"GET / HT", GET, GET + b"X-Header: ", POST + b'Content-Length: 100\r\n\r\n{"na'],
    ids=["method", "request-line", "headers", "value", "body"],
)
def test_a_request_that_does_not_arrive_is_cut_off(server: Server, start: bytes) -> None:
    with Connection(server) as connection:
        connection.send(start)

        check_refused(connection, 408, "requestTimeout")


def test_a_request_that_trickles_is_cut_off_however_steadily(server: Server) -> None:
    with Connection(server) as connection:
        connection.socket.settimeout(0.05)
        connection.send(GET)

        def trickle() -> bool:
            connection.send(b"X-Slow: 1\r\n")
            with suppress(TimeoutError):
                return connection.socket.recv(4096).startswith(b"HTTP/1.1 408 ")
            return False

        until(trickle, "the end of a slow request", timeout=20)


def test_a_slow_body_has_created_nothing(server: Server) -> None:
    name = unique("slow")
    body = json.dumps({"name": name}).encode()
    with Connection(server) as connection:
        connection.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1])

        check_refused(connection, 408, "requestTimeout")

    with Client(server.url) as tmf:
        assert tmf.ids(f"TMF620/category?name={name}") == []


@pytest.mark.parametrize("start", [b"", GET + b"\r\n"], ids=["new", "used"])
@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n" * 100])
def test_an_idle_connection_is_ended(server: Server, start: bytes, sent: bytes) -> None:
    with Connection(server) as connection:
        connection.send(start)
        if start:
            assert connection.answer()[0] == 200
        connection.send(sent)

        assert connection.ended()


def test_a_client_that_does_not_read_is_cut_off(server: Server) -> None:
    with Client(server.url) as tmf:
        for _ in range(60):
            tmf.create("TMF620/category", {"name": "x", "description": "y" * 80_000})
    page = f"GET {CATEGORY}?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with ExitStack() as stack:
        small = socket.socket()
        stack.callback(small.close)
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.settimeout(30)
        small.connect(("127.0.0.1", server.port))
        small.sendall(page)

        def cut_off() -> bool:
            try:
                small.sendall(b"G")
            except ConnectionError:
                return True
            return False

        until(cut_off, "the end of a client that does not read", timeout=20)


def test_refusals_are_in_the_log_under_their_id(server: Server) -> None:
    with Connection(server) as connection:
        connection.send(GET + headers_of(2 * HEAD) + b"\r\n")
        identity = check_refused(connection, 431, "headersTooLarge")["x-request-id"]

    (line,) = until(
        lambda: [one for one in server.log().splitlines() if identity in one], "the line"
    )
    assert json.loads(line)["code"] == "headersTooLarge"


# --- Number ---


def answered(connection: Connection) -> bool:
    """Whether a request is served; not with a 503, nor by being hung up on."""
    with suppress(ConnectionError, IndexError):
        connection.send(GET + b"\r\n")
        return connection.answer()[0] == 200
    return False


def admitted(server: Server, stack: ExitStack) -> Connection:
    """A connection that is served, as soon as there is room for it."""

    def connect() -> Connection | None:
        connection = Connection(server)
        if answered(connection):
            return stack.enter_context(connection)
        connection.close()
        return None

    found = until(connect, "room for a connection")
    assert found is not None
    return found


def test_connections_that_are_too_many_are_told_so(database_url: str, tmp_path: Path) -> None:
    settings = {"TMF_MAX_CONNECTIONS": str(CONNECTIONS), "TMF_KEEP_ALIVE_TIMEOUT": "60"}
    with start_server(database_url, tmp_path, **settings) as server, ExitStack() as stack:
        held = [admitted(server, stack) for _ in range(CONNECTIONS)]

        for _ in range(2):
            with Connection(server) as connection:
                connection.send(GET + b"\r\n")
                headers = check_refused(connection, 503, "unavailable")
                assert headers["retry-after"] == "5"

        assert all(answered(connection) for connection in held)
        held[0].close()
        assert answered(admitted(server, stack))


def test_far_too_many_connections_are_dropped(database_url: str, tmp_path: Path) -> None:
    settings = {"TMF_MAX_CONNECTIONS": "20", "TMF_REQUEST_TIMEOUT": "3"}
    with start_server(database_url, tmp_path, **settings) as server, ExitStack() as stack:
        slow = [stack.enter_context(Connection(server)) for _ in range(60)]
        for connection in slow:
            with suppress(ConnectionError):
                connection.send(b"GET / HTTP/1.1\r\nX-Slow: ")

        assert not answered(slow[-1])
        assert answered(admitted(server, stack))  # the slow ones do not stay


# --- Upgrades ---


def test_there_are_no_websockets(server: Server) -> None:
    with Connection(server) as connection:
        connection.send(
            b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )

        assert connection.answer()[0] == 200
