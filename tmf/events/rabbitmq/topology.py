"""What there is on the broker: the exchange that everybody may bind to, and the takers' queues.

A taker has several queues, so that several processes can take at once; a resource's events are all
in one, and of each queue there is a single active consumer. The queues are bound by a second
routing key that the publisher sends along unseen (`BCC`), so no plugin is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from pika.exceptions import ChannelClosedByBroker

from tmf.events.rabbitmq.link import Link, call
from tmf.store.outbox import OutboxEvent

QUEUES = 8
"""Queues of each taker. A resource's partition says which of them its events are in."""

_NOT_FOUND = 404


class Topology:
    """The names of one installation: `name` is what its exchange and queues start with."""

    def __init__(self, name: str, takers: Sequence[str]) -> None:
        self.exchange = f"{name}.events"
        self._name = name
        self._takers = takers

    def queue(self, taker: str, number: int) -> str:
        """A taker's queue."""
        return f"{self._name}.{taker}.{number}"

    async def declare(self, link: Link) -> None:
        """Make what is not there yet."""
        channel = await link.channel()
        await call(
            channel.exchange_declare,
            channel,
            exchange=self.exchange,
            exchange_type="topic",
            durable=True,
        )
        for taker in self._takers:
            for number in range(QUEUES):
                await self._declare(link, self.queue(taker, number))
                await call(
                    channel.queue_bind,
                    channel,
                    queue=self.queue(taker, number),
                    exchange=self.exchange,
                    routing_key=hidden_key(number),
                )

    async def _declare(self, link: Link, queue: str) -> None:
        """A queue, left as it is if it is there: its arguments can be changed by nobody."""
        channel = await link.channel(watched=False)
        try:
            await call(channel.queue_declare, channel, queue=queue, passive=True)
        except ChannelClosedByBroker as error:
            if error.reply_code != _NOT_FOUND:
                raise
            channel = await link.channel(watched=False)
            arguments = _arguments(link.version)
            await call(
                channel.queue_declare, channel, queue=queue, durable=True, arguments=arguments
            )
        channel.close()


def routing_key(event: OutboxEvent) -> str:
    """By which others bind: `default.tmf622.productOrder.ProductOrderCreateEvent`."""
    return f"{event.realm}.{event.api.lower()}.{event.resource}.{event.type}"


def hidden_key(number: int) -> str:
    """By which the takers' queues of that number are bound."""
    return f"partition.{number}"


def _arguments(version: tuple[int, ...]) -> dict[str, object]:
    arguments: dict[str, object] = {"x-queue-type": "quorum", "x-single-active-consumer": True}
    if version >= (4,):
        # It would throw away what came back often; a crash is not the message's fault.
        arguments["x-delivery-limit"] = -1
    return arguments
