"""Programs that tests start: each with a log of its own, and none of them outlives the run."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.reaper import kill_group, reaper

PAUSE = 0.05
"""Seconds between two looks at a condition."""

GRACE = 15.0
"""Seconds that a program gets to end by itself once asked to."""

SERVE = (sys.executable, "-m", "tmf", "serve")

_PORTS = range(20000, 32000)  # below the ports that systems hand to outgoing connections


class ProgramError(Exception):
    """A program ended early, or was not ready in time; the message holds the end of its log."""


class Program:
    """A started program, in a process group of its own. Stop it, or use it as a context.

    `user` and `group` name whom it runs as (only root may choose). `folder` is its working
    directory; its standard output and error go to `log_file`.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        log_file: Path,
        *,
        env: Mapping[str, str],
        stop_signal: signal.Signals = signal.SIGTERM,
        **popen: Any,
    ) -> None:
        self.log_file = log_file
        self.stop_signal = stop_signal
        reaper.start()
        with log_file.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **popen,
            )
        reaper.watch(self.process.pid, stop_signal)

    def log(self) -> str:
        """All that it has written so far."""
        return self.log_file.read_text(errors="replace")

    def ended(self, within: float = 0.0) -> bool:
        """Whether it has ended, given up to that many seconds to do so."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(within)
        return self.process.returncode is not None

    def stop(self) -> int:
        """Ask it to end, then make it and what it left running; its exit status."""
        if not self.ended():
            self.process.send_signal(self.stop_signal)
            self.ended(within=GRACE)
        kill_group(self.process.pid)
        status = self.process.wait()
        reaper.forget(self.process.pid)
        return status

    def failure(self, what: str) -> ProgramError:
        """The error to raise: `what` went wrong, the exit status if any, the log's end."""
        status = self.process.poll()
        end = "" if status is None else f" (exit status {status})"
        return ProgramError(f"{what}{end}; the end of its log:\n{self.log()[-4000:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Server(Program):
    """A running `tmf serve`. `url` is its root, without a slash at the end."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self.port, self._reservation = reserve_port()
        self.url = f"http://127.0.0.1:{self.port}"
        log_file = folder / f"server-{self.port}.log"
        try:
            super().__init__([*command, "--port", str(self.port)], folder, log_file, env=env)
        except BaseException:
            self._reservation.close()
            raise

    def wait_until_ready(self, timeout: float) -> None:
        """Return once /health/ready answers 200; ProgramError if that takes longer."""
        deadline = time.monotonic() + timeout
        answer = "nothing"
        while time.monotonic() < deadline:
            if self.ended(within=PAUSE):
                raise self.failure("the server ended before it was ready")
            answer = self._readiness()
            if answer == "200":
                return
        raise self.failure(f"the server was not ready in {timeout:g} s, answering {answer}")

    def _readiness(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            return "nothing"
        finally:
            connection.close()

    def stop(self) -> int:
        """As for any program; then its port is free for others."""
        status = super().stop()
        self._reservation.close()
        return status


def start_server(
    database_url: str,
    cwd: Path,
    *,
    command: Sequence[str] = SERVE,
    timeout: float = 30.0,
    **env: str,
) -> Server:
    """A server on a free port that is ready, with the given settings (TMF_CLOCK="…") and no others.

    ProgramError if it ends or takes longer than `timeout` seconds; nothing is left running then.
    """
    inherited = {name: value for name, value in os.environ.items() if name[:4] != "TMF_"}
    server = Server(command, cwd, {**inherited, "TMF_DATABASE_URL": database_url, **env})
    try:
        server.wait_until_ready(timeout)
    except BaseException:
        server.stop()
        raise
    return server


def reserve_port() -> tuple[int, socket.socket]:
    """A TCP port of 127.0.0.1 that is free, and the reservation: close it when done.

    A port looked up and then let go may be given to another test process before the server has
    it. The UDP port of the same number stands for the reservation: nobody else here can bind it.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            reservation.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        return port, reservation
    raise OSError("no TCP port of 127.0.0.1 is free")
