"""SIGTERM: what is under way is finished, and then the server ends by itself."""

from __future__ import annotations

import http.client
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.client import PATHS, Client
from tests.e2e.waiting import until
from tests.processes import SERVE, Server, start_server

PATH = f"{PATHS['TMF620']}/category"
CLEAN = (0, -signal.SIGTERM)
"""Exit statuses: after its work a process may end by the signal that it was sent."""
BODY = b'{"id": "under-way", "name": "x"}'


def listens(server: Server) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == 0


def begin(server: Server) -> http.client.HTTPConnection:
    """A connection on which a request is under way: the server waits for the end of its body."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    connection.putrequest("POST", PATH)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(BODY)))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    told = b""
    while not told.endswith(b"\r\n\r\n"):
        told += connection.sock.recv(1)
    assert told.startswith(b"HTTP/1.1 100 ")
    connection.send(BODY[:-5])
    return connection


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_under_way_is_answered_before_the_end(
    database_url: str, tmp_path: Path, workers: str
) -> None:
    command = (*SERVE, "--workers", workers)
    with start_server(database_url, tmp_path, command=command) as server:
        connection = begin(server)
        server.process.send_signal(signal.SIGTERM)
        if workers == "1":
            until(lambda: not listens(server), "the server to take no more connections")

        connection.send(BODY[-5:])
        answer = connection.getresponse()

        assert answer.status == 201
        assert b'"id":"under-way"' in answer.read()
        connection.close()
        assert server.ended(within=30)
        assert server.process.returncode in CLEAN, server.log()
        assert "Traceback" not in server.log()

    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        assert tmf.read("TMF620/category/under-way")["name"] == "x"


def test_a_request_that_never_ends_does_not_hold_the_server_up(
    database_url: str, tmp_path: Path
) -> None:
    with start_server(database_url, tmp_path, TMF_SHUTDOWN_TIMEOUT="1") as server:
        connection = begin(server)

        server.process.send_signal(signal.SIGTERM)

        assert server.ended(within=30)
        connection.close()

    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        assert tmf.get("TMF620/category/under-way").status_code == 404


@pytest.mark.over("SQLite")
def test_an_idle_server_ends_at_once(database_url: str, tmp_path: Path) -> None:
    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        tmf.read("/health/live")  # leaves a connection open

        assert server.stop() in CLEAN
        assert "Traceback" not in server.log()


@pytest.mark.over("SQLite")
def test_ctrl_c_is_no_failure(database_url: str, tmp_path: Path) -> None:
    with start_server(database_url, tmp_path) as server:
        server.process.send_signal(signal.SIGINT)

        assert server.process.wait(timeout=60) == 0
        assert "Aborted" not in server.log()
