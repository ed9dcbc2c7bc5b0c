"""Where tmf's time goes: py-spy looks at the worker while it is kept busy."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bench.client import BenchError
from bench.load import Figures, Orders, load
from bench.report import table
from bench.rivals import Running

RATE = 50
"""Looks a second: few, as each one stops the worker for a moment."""

TOP = 12

Stack = tuple[str, ...]

_TRUNK = ("tmf/__main__.py", "tmf/cli.py", "tmf/server.py")  # where everything starts


def profile(service: Running, orders: Orders, connections: int, seconds: float, file: Path) -> str:
    """Tables of where Python is at work: on behalf of which function of tmf, in which package."""
    figures: list[Figures] = []
    busy = threading.Thread(target=_load, args=(figures, service, orders, connections, seconds))
    busy.start()
    _record(service.pid, seconds, file)
    busy.join()
    samples = _read(file)
    total = sum(samples.values())
    rate = figures[0].rate if figures else 0
    parts = [
        f"Python was at work in {total} of {seconds * RATE:.0f} looks, at {rate:,.0f} answers a "
        "second; else it waited for PostgreSQL, for the network or for a processor.",
        _shares("package", samples, lambda stack: _package(stack[-1]), total),
        _shares("on behalf of", samples, _behalf, total),
    ]
    return "\n\n".join(parts)


def _load(
    figures: list[Figures], service: Running, orders: Orders, connections: int, seconds: float
) -> None:
    figures.append(load(service.port, orders, connections, seconds + 2))


def _record(pid: int, seconds: float, file: Path) -> None:
    beside = Path(sys.executable).with_name("py-spy")
    py_spy = str(beside) if beside.exists() else shutil.which("py-spy")
    if py_spy is None:
        raise BenchError("py-spy is not installed")
    command = [py_spy, "record", "--pid", str(pid), "--duration", str(round(seconds))]
    command += ["--rate", str(RATE), "--format", "raw", "--function", "--gil"]
    command += ["--output", str(file)]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=seconds + 60, check=False
    )
    if done.returncode:
        raise BenchError(f"py-spy: {done.stderr.strip()[-500:]}")


def _read(file: Path) -> Counter[Stack]:
    """Samples by stack, outermost function first."""
    samples: Counter[Stack] = Counter()
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        samples[tuple(_named(frame) for frame in stack.split(";"))] += int(count)
    return samples


def _named(frame: str) -> str:
    """`execute (sqlalchemy/engine/base.py)`, whatever folder that is installed in."""
    function, _, place = frame.rpartition(" (")
    place = place.rstrip(")").rpartition(":")[0]
    for folder in ("/site-packages/", f"/python{sys.version_info[0]}.{sys.version_info[1]}/"):
        place = place.rpartition(folder)[2]
    own = place.rpartition("/tmf/")[2] if "/tmf/" in place else None
    return f"{function} ({f'tmf/{own}' if own else place})"


def _behalf(stack: Stack) -> str:
    """The innermost function of tmf, and the package that it has called; or the package alone."""
    below = _package(stack[-1])
    for frame in reversed(stack):
        if "(tmf/" in frame and not frame.endswith(tuple(f"({name})" for name in _TRUNK)):
            return frame if below.startswith("tmf/") else f"{frame}: {below}"
    return below


def _package(frame: str) -> str:
    """`tmf/store`, `sqlalchemy`; a file of Python's own library by its name."""
    parts = frame.rpartition(" (")[2].rstrip(")").split("/")
    return "/".join(parts[:2]) if parts[0] == "tmf" else parts[0] or "unknown"


def _shares(title: str, samples: Counter[Stack], name: Callable[[Stack], str], total: int) -> str:
    counts: Counter[str] = Counter()
    for stack, count in samples.items():
        counts[name(stack)] += count
    rows = [[name, f"{count / total:.1%}"] for name, count in counts.most_common(TOP)]
    return table([title, "share"], rows)
