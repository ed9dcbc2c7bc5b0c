"""A RabbitMQ server for tests: where it is, and what a test leaves on it."""

from __future__ import annotations

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from tests.databases import Unavailable

LOCAL = "amqp://guest:guest@127.0.0.1:5672/"

QUEUES = 8
"""Queues that each taker's events are spread over."""


def broker_version(url: str) -> str:
    """The version of a server, as "3.10.8"; Unavailable if there is none."""
    try:
        with connected(url) as connection:
            properties = connection._impl.server_properties
    except (AMQPError, OSError, ValueError) as error:
        raise Unavailable(str(error) or f"{type(error).__name__} at {url}") from error
    return str(properties["version"])


def connected(url: str) -> pika.BlockingConnection:
    """A connection of the test's own; close it, or use it as a context."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = 10
    return pika.BlockingConnection(parameters)


def clean_up(url: str, name: str, takers: list[str]) -> None:
    """Remove the exchange and the queues of an installation."""
    with connected(url) as connection:
        channel = connection.channel()
        for taker in takers:
            for number in range(QUEUES):
                channel.queue_delete(f"{name}.{taker}.{number}")
        channel.exchange_delete(f"{name}.events")


def depth(url: str, queue: str) -> int | None:
    """Messages ready in a queue; None if there is no such queue."""
    with connected(url) as connection:
        try:
            return int(connection.channel().queue_declare(queue, passive=True).method.message_count)
        except ChannelClosedByBroker:
            return None
