"""The harness: servers that are ready when handed over, and that never outlive a run."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes
from tests.processes import ProgramError, Server, reserve_port, start_server

ROOT = Path(__file__).parents[2]

# Answers 503 to the first `late` requests, then 200 with the environment.
FAKE = """
import http.server, os, sys
late = int(os.environ.get("LATE", "0"))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global late
        self.send_response(503 if late > 0 else 200)
        self.end_headers()
        late -= 1
        self.wfile.write(repr(dict(os.environ)).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[-1])), Handler).serve_forever()
"""


def fake(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def get(server: Server) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_ports_are_reserved_among_test_processes():
    (first, reservation), (second, other) = reserve_port(), reserve_port()
    with reservation, other, socket.socket() as server:
        assert first != second
        server.bind(("127.0.0.1", first))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rival, pytest.raises(OSError):  # noqa: PT011
            rival.bind(("127.0.0.1", first))


def test_a_server_has_the_settings_given_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setenv("TMF_PUBLIC_URL", "https://example.net")
    settings = {"TMF_CLOCK": "2026-01-01T00:00:00Z"}
    with start_server("sqlite:///x.db", tmp_path, command=fake(FAKE), **settings) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        answer = get(server)
    assert "'TMF_DATABASE_URL': 'sqlite:///x.db'" in answer
    assert "'TMF_CLOCK': '2026-01-01T00:00:00Z'" in answer
    assert "TMF_PUBLIC_URL" not in answer
    assert '"GET /health/ready HTTP/1.1" 200' in server.log()


def test_a_server_counts_as_started_once_it_is_ready(tmp_path):
    with start_server("sqlite://", tmp_path, command=fake(FAKE), LATE="2") as server:
        assert server.log().count('"GET /health/ready HTTP/1.1" 503') == 2


def test_a_stopped_server_has_ended_by_sigterm_and_frees_its_port(tmp_path):
    server = start_server("sqlite://", tmp_path, command=fake(FAKE))
    assert server.stop() == -signal.SIGTERM
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", server.port))
    with pytest.raises(ConnectionRefusedError):
        get(server)


def test_a_server_that_ignores_sigterm_is_killed_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.1)
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    stubborn = "import signal, os; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    child = f"os.fork() or (open({str(fifo)!r}, 'w'), signal.pause())\n"
    server = start_server("sqlite://", tmp_path, command=fake(stubborn + child + FAKE))
    with fifo.open() as alive:
        assert server.stop() == -signal.SIGKILL
        assert alive.read() == ""  # returns once nobody holds the other end


def test_a_server_that_ends_early_is_reported_with_its_log(tmp_path):
    command = fake("raise SystemExit('the port is gone')")
    with pytest.raises(ProgramError, match=r"(?s)exit status 1.*the port is gone"):
        start_server("sqlite://", tmp_path, command=command)


def test_a_server_that_is_never_ready_is_reported_and_stopped(tmp_path, monkeypatch):
    stopped: list[int] = []
    stop = Server.stop
    monkeypatch.setattr(Server, "stop", lambda self: stopped.append(stop(self)))
    with pytest.raises(ProgramError, match=r"not ready in 0\.5 s, answering 503"):
        start_server("sqlite://", tmp_path, command=fake(FAKE), timeout=0.5, LATE="9999")
    assert stopped == [-signal.SIGTERM]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_aborted_run_leaves_no_server_running(tmp_path, how):
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    holding = f"out = open({str(fifo)!r}, 'w')\n{FAKE}"
    run = (
        "import pathlib, signal; from tests.processes import start_server\n"
        f"start_server('', pathlib.Path({str(tmp_path)!r}), command={fake(holding)!r})\n"
        "print('started', flush=True)\n"
        "signal.pause()\n"
    )
    process = subprocess.Popen(fake(run), cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    with process, fifo.open() as alive:
        assert process.stdout.readline() == "started\n"
        process.send_signal(how)
        assert alive.read() == ""  # returns once nobody holds the other end
