"""Keeps a service busy over many connections for a time, by wrk or else by our own client."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.asyncload import keep_busy
from bench.client import HOST, BenchError
from bench.services.paths import COLLECTION

_SCRIPT = Path(__file__).with_name("load.lua")
_SLACK = 30  # seconds that wrk may take longer than told, for its start and its last answers


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: answers a second; half of them, and 99 in 100, came within so many milliseconds.
    `answers` is their number.
    """

    rate: float
    p50: float
    p99: float
    answers: int


@dataclass(frozen=True, slots=True)
class Orders:
    """What to send: the targets of a work in a file, one a line."""

    method: str
    file: Path


def generator() -> str:
    """What makes the load, with its version."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return "bench's own asyncio client (wrk is not installed)"
    told = subprocess.run([wrk, "-v"], capture_output=True, text=True, check=False)  # noqa: S603
    return told.stdout.split(" [")[0].strip()


def load(port: int, orders: Orders, connections: int, seconds: float) -> Figures:
    """The figures of one run; BenchError if any answer was an error."""
    wrk = shutil.which("wrk")
    if wrk is not None:
        return figures_of(_wrk(wrk, port, orders, connections, seconds))
    lines = orders.file.read_text().splitlines()
    return _judged(asyncio.run(keep_busy(port, orders.method, lines, connections, seconds)))


def figures_of(output: str) -> Figures:
    """What wrk's script says in its last line: answers, microseconds, errors, p50, p99."""
    for line in output.splitlines():
        if line.startswith("FIGURES "):
            requests, micros, errors, p50, p99 = map(int, line.split()[1:])
            return _judged((requests, micros / 1e6, errors, p50 / 1e6, p99 / 1e6))
    raise BenchError(f"wrk gave no figures: {output[-500:]}")


def _judged(counts: tuple[int, float, int, float, float]) -> Figures:
    requests, took, errors, p50, p99 = counts
    if errors or not requests:
        raise BenchError(f"{errors} errors and {requests} answers")
    return Figures(requests / took, p50 * 1000, p99 * 1000, requests)


def _wrk(wrk: str, port: int, orders: Orders, connections: int, seconds: float) -> str:
    command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s"]
    command += ["-s", str(_SCRIPT), f"http://{HOST}:{port}", "--", orders.method]
    command += [str(orders.file), COLLECTION]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=seconds + _SLACK, check=False
    )
    return done.stdout + done.stderr
