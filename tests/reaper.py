"""The reaper: a process that outlives a test run for a moment, to stop what the run leaves behind.

A run may end without cleaning up, killed or crashed. The reaper hears of every program that the
run starts and ends; when the pipe to it closes, it stops those that are left. Run as a script,
this file is that process, so it imports nothing but the standard library.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

GRACE = 10.0
"""Seconds that a program gets to end by itself once asked to."""


class Reaper:
    """This side of the pipe. The process is started when there is something to watch."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, so that it is there to hear of the first program at once."""
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", __file__],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C does not reach it
            )

    def watch(self, pid: int, stop_signal: int, folder: Path | None = None) -> None:
        """Have a process stopped, and a folder of its own removed, if this one dies first."""
        self.start()
        self._tell({"pid": pid, "signal": int(stop_signal), "folder": folder and str(folder)})

    def forget(self, pid: int) -> None:
        """The process has ended."""
        if self._process is not None:
            self._tell({"pid": pid, "signal": 0})

    def close(self) -> None:
        """Let the reaper stop what is left, and wait for it."""
        if self._process is not None:
            self._process.communicate(timeout=2 * GRACE)
            self._process = None

    def _tell(self, order: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()


reaper = Reaper()
atexit.register(reaper.close)


def _reap(orders: Iterable[str]) -> None:
    """The reaper's work: take orders until the pipe closes, then stop what was not forgotten."""
    left: dict[int, dict[str, Any]] = {}
    for line in orders:
        order = json.loads(line)
        if order["signal"]:
            left[order["pid"]] = order
        else:
            left.pop(order["pid"], None)
    for pid, order in left.items():
        with suppress(ProcessLookupError):
            os.kill(pid, order["signal"])
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and any(map(_alive, left)):
        time.sleep(0.05)  # they are no children of this process: nothing to wait on
    for pid, order in left.items():
        kill_group(pid)
        if order["folder"]:
            shutil.rmtree(order["folder"], ignore_errors=True)


def _alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def kill_group(leader: int) -> None:
    """Kill what is left of a process group; nothing left is fine."""
    with suppress(ProcessLookupError, PermissionError):  # macOS: no permission for a zombie
        os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    _reap(sys.stdin)
