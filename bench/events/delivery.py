"""Deliveries to a listener beside a bare loop over aiohttp that posts the same bodies."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from bench.events.stage import Listener, Stage, event, fill, listening
from bench.figures import Spread, spread
from bench.progress import progress
from bench.rivals import settle
from tmf.settings import Settings

_AT_ONCE = Settings.model_fields["hub_in_flight"].default


def measure(stage: Stage) -> tuple[Spread, Spread, Spread]:
    """Deliveries a second by the server and by the bare loop, and how many times as fast it is.

    The server's time includes matching, which runs beside it.
    """
    url = stage.database("delivery")
    delivered, bare = [], []
    with listening(stage.folder) as listener, stage.server(url) as server:
        listener.register(server)
        with progress("deliveries to a listener", 2 * stage.rounds) as advance:
            for _ in range(stage.rounds):
                settle([server])
                began = time.time()
                fill(url, stage.events)
                delivered.append(stage.events / (listener.wait(stage.events)[1] - began))
                advance(1)
                settle([server])
                began = time.time()
                asyncio.run(_bare(listener, stage.events))
                bare.append(stage.events / (listener.wait(stage.events)[1] - began))
                advance(1)
    ratios = (one / other for one, other in zip(delivered, bare, strict=True))
    return spread(delivered), spread(bare), spread(ratios)


async def _bare(listener: Listener, count: int) -> None:
    body = event()
    numbers = iter(range(count))
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=_AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post() -> None:
            for _ in numbers:
                async with session.post(listener.url, data=body, headers=headers) as answer:
                    await answer.read()

        await asyncio.gather(*(post() for _ in range(_AT_ONCE)))
