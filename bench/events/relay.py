"""The relay to RabbitMQ beside a bare loop over pika that publishes the same bodies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel

from bench.client import BenchError
from bench.events.stage import Stage, event, fill, scalar
from bench.figures import Spread, spread
from bench.progress import progress
from tests.rabbitmq import clean_up
from tmf.events.figures import Done
from tmf.events.leases import Leases
from tmf.events.rabbitmq.publisher import WINDOW, Publisher
from tmf.events.rabbitmq.topology import Topology, hidden_key
from tmf.settings import Settings
from tmf.store.database import Database
from tmf.store.outbox import PARTITIONS

_TAKER = "bench"
_WAITING = "SELECT count(*) FROM outbox WHERE published IS NULL"


def measure(stage: Stage) -> tuple[Spread, Spread, Spread]:
    """Events a second by the relay and by the bare loop, and how many times as fast it is."""
    url, broker = stage.database("relay"), str(stage.broker)
    topology = Topology(stage.name, [_TAKER])
    relayed, bare = [], []
    try:
        with progress("relay to RabbitMQ", 2 * stage.rounds) as advance:
            for _ in range(stage.rounds):
                fill(url, stage.events)
                relayed.append(stage.events / asyncio.run(_relay(url, broker, topology)))
                advance(1)
                bare.append(stage.events / asyncio.run(_bare(broker, topology, stage.events)))
                advance(1)
    finally:
        clean_up(broker, stage.name, [_TAKER])
    ratios = (one / other for one, other in zip(relayed, bare, strict=True))
    return spread(relayed), spread(bare), spread(ratios)


async def _relay(url: str, broker: str, topology: Topology) -> float:
    """Seconds until the outbox is published."""
    database = Database(url, [], lambda: time.time_ns() // 1000)
    leases = Leases(database, "outbox", PARTITIONS, Settings().lease_seconds)
    publisher = Publisher(database, leases, broker, topology, Done())
    began = time.perf_counter()
    running = asyncio.create_task(publisher.run())
    while await asyncio.to_thread(scalar, url, _WAITING):
        await asyncio.wait([running], timeout=0.05)
        if running.done():
            raise BenchError("the relay has ended") from running.exception()
    took = time.perf_counter() - began
    publisher.stop()
    await running
    database.close()
    return took


async def _bare(broker: str, topology: Topology, count: int) -> float:
    """Seconds until as many bodies are confirmed, with as many under way at once."""
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[Channel] = loop.create_future()
    began = time.perf_counter()

    def open_channel(connection: AsyncioConnection) -> None:
        connection.channel(on_open_callback=opened.set_result)

    connection = AsyncioConnection(pika.URLParameters(broker), on_open_callback=open_channel)
    channel = await opened
    loop_ = _BareLoop(channel, topology.exchange, count)
    channel.confirm_delivery(loop_.confirmed)
    loop_.go_on()
    await loop_.done
    took = time.perf_counter() - began
    connection.close()
    await asyncio.sleep(0.1)
    return took


class _BareLoop:
    """Publishes whenever there is room in the window."""

    def __init__(self, channel: Channel, exchange: str, count: int) -> None:
        properties = pika.BasicProperties(delivery_mode=2, content_type="application/json")
        # The second key leads into the takers' queues, as the relay's does.
        self._publish: Callable[[str, bytes], None] = partial(
            channel.basic_publish, exchange, properties=properties
        )
        self._body = event()
        self._left = count
        self._sent = 0
        self._open: dict[int, None] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def go_on(self) -> None:
        """Fill the window."""
        while self._left and len(self._open) < WINDOW:
            self._left -= 1
            self._publish(hidden_key(self._sent % 8), self._body)
            self._sent += 1
            self._open[self._sent] = None

    def confirmed(self, frame: object) -> None:
        """One, or all up to one, are safe; one may be before those that were sent earlier."""
        method = frame.method  # type: ignore[attr-defined]
        self._open.pop(method.delivery_tag, None)
        while method.multiple and self._open and next(iter(self._open)) <= method.delivery_tag:
            del self._open[next(iter(self._open))]
        if self._left:
            self.go_on()
        elif not self._open and not self.done.done():
            self.done.set_result(None)
