"""What requests cost while others have to be told, or while events wait to be published."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.documents import Catalogue
from bench.events.stage import Stage, analyse, fill, listening
from bench.figures import Spread, spread
from bench.load import Figures, load
from bench.progress import progress
from bench.rivals import Running, settle
from bench.rounds import write_orders
from bench.works import WORKS

LISTENERS = 10

_SECONDS = 3.0
_SETTLED = 120.0
"""Seconds that deliveries of one round may take before the next."""


@dataclass(frozen=True, slots=True)
class Burden:
    """How many times as long a POST takes with the burden: one after the other (the median of
    their times), and many at once (the rates).
    """

    alone: Spread
    at_once: Spread


def listeners(stage: Stage) -> Burden:
    """Ten listeners that every POST matches, and none."""
    with ExitStack() as stack:
        free = stack.enter_context(stage.server(stage.database("unheard")))
        heard = stack.enter_context(stage.server(stage.database("heard")))
        for _ in range(LISTENERS):
            stack.enter_context(listening(stage.folder)).register(heard)
        return _side_by_side(stage, f"POST with {LISTENERS} listeners and none", free, heard)


def backlog(stage: Stage) -> Burden:
    """An outbox in which events wait for a broker, and an empty one."""
    settings = {**stage.brokered, "TMF_BROKER_URL": "amqp://127.0.0.1:1/"}
    with ExitStack() as stack:
        free = stack.enter_context(stage.server(stage.database("empty"), settings))
        url = stage.database("full")
        fill(url, stage.waiting)
        analyse(url)
        full = stack.enter_context(stage.server(url, settings))
        return _side_by_side(stage, f"POST with {stage.waiting:,} events waiting", free, full)


def _side_by_side(stage: Stage, title: str, free: Running, burdened: Running) -> Burden:
    work = next(one for one in WORKS if one.method == "POST")
    orders = write_orders(work, Catalogue(2000), stage.folder)
    alone: list[tuple[Figures, Figures]] = []
    at_once: list[tuple[Figures, Figures]] = []
    with progress(title, 4 * stage.rounds + 2) as advance:

        def run(server: Running, connections: int) -> Figures:
            settle([free, burdened], _SETTLED)
            figures = load(server.port, orders, connections, _SECONDS)
            advance(1)
            return figures

        run(free, 64), run(burdened, 64)  # to warm up
        for _ in range(stage.rounds):
            alone.append((run(free, 1), run(burdened, 1)))
            at_once.append((run(free, 64), run(burdened, 64)))
    return Burden(
        spread(other.p50 / one.p50 for one, other in alone),
        _slower(at_once),
    )


def _slower(pairs: Sequence[tuple[Figures, Figures]]) -> Spread:
    return spread(one.rate / other.rate for one, other in pairs)
