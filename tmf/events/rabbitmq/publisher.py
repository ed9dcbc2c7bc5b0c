"""The publisher: events from the outbox to the exchange, marked once the broker has them safe.

What was not confirmed is published again, so a message may come twice, never not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any

import structlog
from pika import spec
from pika.channel import Channel

from tmf.events.figures import Done
from tmf.events.leases import Leases
from tmf.events.rabbitmq.link import Link, keep_linked
from tmf.events.rabbitmq.messages import properties_of
from tmf.events.rabbitmq.topology import Topology, routing_key
from tmf.events.running import Runner
from tmf.store import outbox
from tmf.store.database import Database
from tmf.store.outbox import Positioned
from tmf.store.session import Session

BATCH = 4000
"""Events that are read, and marked, in one transaction."""

WINDOW = 1000
"""Messages that are under way, unconfirmed, at once."""

_GROUP = 250
"""Messages that are sent without a look at what else there is to do."""

_EACH = 512
_POLL = 2.0
_CONFIRM = 30.0
"""Seconds without any confirm after which the connection counts as lost."""

_PAUSE = 1.0

log = structlog.get_logger("tmf.broker")


class Publisher(Runner):
    """Publishes waiting events of this process's partitions until stopped."""

    def __init__(
        self, database: Database, leases: Leases, url: str, topology: Topology, done: Done
    ) -> None:
        super().__init__()
        self._database = database
        self._leases = leases
        self._url = url
        self._topology = topology
        self._done = done

    async def run(self) -> None:
        """Publish until `stop`."""
        await keep_linked(self._url, self._stopping, self._publish_over)
        with suppress(Exception):  # then the leases run out by themselves
            await self._leases.release()

    async def _publish_over(self, link: Link) -> None:
        """Publish over one connection, until it is lost or `stop`."""
        await self._topology.declare(link)
        channel = await link.channel()
        confirms = Confirms(channel, link)
        link.lost.add_done_callback(lambda _: self.wake())
        while not self.stopping:
            try:
                await self._publish_all(channel, confirms)
            except OSError:
                raise
            except Exception as error:
                if link.lost.done():
                    raise
                log.warning("events cannot be published", error=str(error).strip())
                await asyncio.sleep(_PAUSE)
            if link.lost.done():
                link.lost.result()
            await self._rest(min(_POLL, self._leases.renewal))

    async def _publish_all(self, channel: Channel, confirms: Confirms) -> None:
        """Until nothing waits, or `stop`."""
        published: list[int] = []
        while True:
            await self._leases.keep()
            events = await self._database.run(partial(self._next, published), write=bool(published))
            self._done.published += len(published)
            if not events or self.stopping:
                return
            published = await confirms.publish(self._topology.exchange, events)
            if len(published) < len(events):
                log.warning("events not confirmed", count=len(events) - len(published))
                await asyncio.sleep(_PAUSE)

    def _next(self, published: Sequence[int], session: Session) -> list[Positioned]:
        """Mark what is published, and read what comes next."""
        connection = session.connection
        if published:
            outbox.mark_published(connection, published, session.now())
        return outbox.waiting(connection, self._leases.held, each=_EACH, most=BATCH)


class Confirms:
    """Publishes over a channel, with so many messages under way, and notes what is confirmed."""

    def __init__(self, channel: Channel, link: Link) -> None:
        self._channel = channel
        self._link = link
        self._last = 0
        self._open: dict[int, Positioned] = {}
        self._kept: list[int] = []
        self._returned: set[str] = set()
        self._progress = asyncio.Event()
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm)
        link.lost.add_done_callback(lambda _: self._progress.set())

    async def publish(self, exchange: str, events: Sequence[Positioned]) -> list[int]:
        """The positions of the events that the broker has confirmed; the link's end is raised."""
        self._kept = []
        self._returned.clear()
        for start in range(0, len(events), _GROUP):
            await self._until_open(WINDOW - _GROUP)
            for placed in events[start : start + _GROUP]:
                self._send(exchange, placed)
        await self._until_open(0)
        return self._kept

    def _send(self, exchange: str, placed: Positioned) -> None:
        self._last += 1
        self._open[self._last] = placed
        self._channel.basic_publish(
            exchange,
            routing_key(placed.event),
            placed.event.body.encode(),
            properties_of(placed),
            mandatory=True,
        )

    async def _until_open(self, most: int) -> None:
        """Wait until no more messages than that are unconfirmed."""
        while len(self._open) > most:
            self._progress.clear()
            async with asyncio.timeout(_CONFIRM):
                await self._progress.wait()
            if self._link.lost.done():
                self._link.lost.result()

    def _on_confirm(self, frame: Any) -> None:
        """One message, or all up to one, are safe; or refused."""
        method = frame.method
        tags = [method.delivery_tag]
        if method.multiple:
            tags = list(takewhile(lambda tag: tag <= method.delivery_tag, self._open))
        for tag in tags:
            placed = self._open.pop(tag, None)
            # What no queue wanted is confirmed too, after it was returned.
            if (
                placed is not None
                and isinstance(method, spec.Basic.Ack)
                and placed.event.id not in self._returned
            ):
                self._kept.append(placed.position)
        self._progress.set()

    def _on_return(self, _: Channel, __: Any, properties: Any, ___: bytes) -> None:
        self._returned.add(str(properties.message_id))
        log.error("no queue takes an event", event_id=properties.message_id, type=properties.type)
