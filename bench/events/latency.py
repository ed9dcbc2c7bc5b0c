"""From the 201 of a change until its event has reached a listener, nothing else going on."""

from __future__ import annotations

import time
from contextlib import ExitStack

from bench.client import BenchError, Client
from bench.documents import Catalogue
from bench.events.stage import Listener, Stage, listening
from bench.progress import progress
from bench.rivals import Running
from bench.services.paths import COLLECTION
from tmf.tmf630_guidelines.documents import encode

SAMPLES = 200
_WARM = 10
_PAUSE = 0.02
"""Seconds of rest before each change."""


def embedded(stage: Stage) -> tuple[float, float]:
    """p50 and p99 in milliseconds, one process doing it all."""
    with ExitStack() as stack:
        server = stack.enter_context(stage.server(stage.database("alone")))
        listener = stack.enter_context(listening(stage.folder))
        return _measure("latency without a broker", server, listener)


def brokered(stage: Stage) -> tuple[float, float]:
    """p50 and p99 in milliseconds, by way of RabbitMQ and a worker."""
    url = stage.database("brokered")
    with ExitStack() as stack:
        server = stack.enter_context(stage.server(url, stage.brokered))
        stack.enter_context(stage.worker(url))
        listener = stack.enter_context(listening(stage.folder))
        return _measure("latency by way of RabbitMQ", server, listener)


def _measure(title: str, server: Running, listener: Listener) -> tuple[float, float]:
    listener.register(server)
    catalogue = Catalogue(1000)
    found = []
    with progress(title, SAMPLES + _WARM) as advance, Client(server.port) as client:
        for number in range(SAMPLES + _WARM):
            time.sleep(_PAUSE)
            reply = client.post(COLLECTION, encode(catalogue.posted(number)))
            answered = time.time()
            if reply.status != 201:
                raise BenchError(f"POST answers {reply.status}: {reply.body!r}")
            found.append(max(0.0, listener.wait(1)[1] - answered) * 1000)
            advance(1)
    times = sorted(found[_WARM:])
    return times[len(times) // 2], times[len(times) * 99 // 100]
