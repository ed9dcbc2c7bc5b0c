"""The rounds: every service in turn, again and again, so that a slow minute hits all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.client import BenchError
from bench.documents import Catalogue
from bench.figures import Measured
from bench.load import Figures, Orders, load
from bench.options import Options
from bench.progress import progress, say
from bench.rivals import Running, settle
from bench.works import Work

WARM_UP = 2.0
"""Seconds of load before the first round of a work, not counted."""


def write_orders(work: Work, catalogue: Catalogue, folder: Path) -> Orders:
    """The targets of a work as a file for the load generator."""
    file = folder / f"{work.key}.txt"
    file.write_text("\n".join(work.targets(catalogue)) + "\n")
    return Orders(work.method, file)


def measure(
    services: Sequence[Running],
    work: Work,
    orders: Orders,
    options: Options,
    measured: Measured,
) -> None:
    """All rounds of one work."""
    with progress(work.title, (options.rounds + 1) * len(services)) as advance:
        for service in services:
            _run(service, orders, options.connections, WARM_UP)
            advance(1)
        for _ in range(options.rounds):
            for service in services:
                settle(list(services))
                before = service.cpu_seconds()
                figures = _run(service, orders, options.connections, options.seconds)
                used = service.cpu_seconds() - before
                measured.add(service.service.letter, work.key, figures, used)
                advance(1)
    for service in services:
        letter = service.service.letter
        rate = measured.rate(letter, work.key)
        say(f"  ({letter}) {rate.middle:,.0f} answers a second")


def _run(service: Running, orders: Orders, connections: int, seconds: float) -> Figures:
    try:
        return load(service.port, orders, connections, seconds)
    except BenchError as error:
        raise BenchError(f"{service.service.title}: {error}\n{service.log()}") from error
