"""The consumers: from the takers' queues into the inbox.

A message is acknowledged once its effect is committed. Messages go back to their queue only by
closing the connection or the channel that they came over, all at once and therefore in order:
none is refused one by one, and no consumer is cancelled while it holds some, for the next one
would get what comes after them. An event that cannot be taken is deferred in the database.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import suppress
from typing import Any

import structlog
from pika.channel import Channel

from tmf.events.intake import Intake, Intakes
from tmf.events.leases import Leases
from tmf.events.rabbitmq.link import Link, call, keep_linked
from tmf.events.rabbitmq.messages import event_of
from tmf.events.rabbitmq.topology import Topology
from tmf.events.running import Runner
from tmf.store.outbox import Positioned
from tmf.store.session import Session

PREFETCH = 200
"""Messages of a queue that are on their way to a consumer or in its hands."""

BATCH = 100
"""Events that are taken in one transaction."""

_LOOK = 0.5
"""Seconds from one look at the leases to the next."""

_PAUSE = 1.0

log = structlog.get_logger("tmf.broker")


class Consumers(Runner):
    """Consumes this process's share of the queues of every taker, until stopped.

    Takes in hand are finished then; what else was fetched goes back.
    """

    def __init__(self, intakes: Intakes, leases: Leases, url: str, topology: Topology) -> None:
        super().__init__()
        self._intakes = intakes
        self._leases = leases
        self._url = url
        self._topology = topology

    async def run(self) -> None:
        """Consume until `stop`."""
        await self._until_done(self._intakes.register, "takers cannot be registered")
        await keep_linked(self._url, self._stopping, self._consume_over)
        with suppress(Exception):  # then the leases run out by themselves
            await self._leases.release()

    async def _consume_over(self, link: Link) -> None:
        """Consume over one connection, until it is lost or `stop`."""
        await self._topology.declare(link)
        consumers: dict[int, list[Consumer]] = {}
        try:
            while not self.stopping and not link.lost.done():
                await self._follow_leases(link, consumers)
                stopping = asyncio.ensure_future(self._stopping.wait())
                pause = min(_LOOK, self._leases.renewal)
                await asyncio.wait(
                    (link.lost, stopping), timeout=pause, return_when=asyncio.FIRST_COMPLETED
                )
                stopping.cancel()
        finally:
            await asyncio.gather(*(one.end() for many in consumers.values() for one in many))
        if link.lost.done():
            link.lost.result()

    async def _follow_leases(self, link: Link, consumers: dict[int, list[Consumer]]) -> None:
        """Begin with what is this process's now, and end what is not any more."""
        try:
            await self._leases.keep()
        except Exception as error:
            log.warning("leases cannot be kept", error=str(error).strip())
        held = set(self._leases.held)
        for number in consumers.keys() - held:
            ended = consumers.pop(number)
            await asyncio.gather(*(consumer.close() for consumer in ended))
        for number in held - consumers.keys():
            consumers[number] = []
            for intake in self._intakes.all:
                queue = self._topology.queue(intake.taker.name, number)
                consumer = Consumer(self._intakes, intake, link)
                await consumer.begin(queue)
                consumers[number].append(consumer)


class Consumer:
    """Takes what comes in one queue, over a channel of its own."""

    def __init__(self, intakes: Intakes, intake: Intake, link: Link) -> None:
        self._intakes = intakes
        self._intake = intake
        self._link = link
        self._fetched: deque[tuple[int, Positioned | None]] = deque()
        self._arrived = asyncio.Event()
        self._ending = False
        self._channel: Channel | None = None
        self._taking: asyncio.Task[None] | None = None

    async def begin(self, queue: str) -> None:
        """Consume the queue."""
        self._channel = channel = await self._link.channel(watched=False)
        channel.add_on_close_callback(self._on_close)
        channel.add_on_cancel_callback(
            lambda _: self._link.lose(ConnectionError(f"{queue} is no more"))
        )
        await call(channel.basic_qos, channel, prefetch_count=PREFETCH)
        self._taking = asyncio.create_task(self._take_all())
        await call(channel.basic_consume, channel, queue=queue, on_message_callback=self._fetch)

    async def end(self) -> None:
        """Finish the take in hand, and take no more; what was fetched goes with the channel."""
        self._ending = True
        self._arrived.set()
        if self._taking is not None:
            await self._taking

    async def close(self) -> None:
        """End, and let everything that was fetched and not taken go back at once."""
        await self.end()
        if self._channel is not None and self._channel.is_open:
            self._channel.close()

    def _on_close(self, _: Channel, reason: BaseException) -> None:
        if not self._ending:
            self._link.lose(reason)

    def _fetch(self, _: Channel, delivery: Any, properties: Any, body: bytes) -> None:
        placed = event_of(properties, body)
        if placed is None:
            log.error("a message is no event", message_id=properties.message_id)
        self._fetched.append((delivery.delivery_tag, placed))
        self._arrived.set()

    async def _take_all(self) -> None:
        while not self._ending and not self._link.lost.done():
            await self._arrived.wait()
            self._arrived.clear()
            while self._fetched and not self._ending and not self._link.lost.done():
                await self._take_some()

    async def _take_some(self) -> None:
        """Take a batch and acknowledge it; on trouble with the database it stays in hand."""
        number = min(BATCH, len(self._fetched))
        batch = [self._fetched[index] for index in range(number)]
        events = [placed for _, placed in batch if placed is not None]
        try:
            if events:
                await self._intakes.run(
                    lambda session, careful: self._take(session, events, careful)
                )
        except Exception as error:
            log.warning("events cannot be taken", error=str(error).strip())
            await asyncio.sleep(_PAUSE)
            return
        for _ in batch:
            self._fetched.popleft()
        if self._channel is not None and self._channel.is_open:
            self._channel.basic_ack(batch[-1][0], multiple=True)

    def _take(
        self, session: Session, events: list[Positioned], careful: bool
    ) -> Counter[str] | None:
        whole = self._intake.missed(session, events)
        if len(whole) > len(events):
            log.warning("events came too early", count=len(whole) - len(events))
        taken = self._intake.take(session, whole, careful=careful)
        return Counter({self._intake.taker.name: taken})
