"""A connection to RabbitMQ that can be awaited: pika's asyncio connection, and its channels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pika
import structlog
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import AMQPError

_HEARTBEAT = 20
_CONNECT = 10.0
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to connect; the last is repeated."""

log = structlog.get_logger("tmf.broker")
logging.getLogger("pika").setLevel(logging.CRITICAL)  # what it has to say is raised as well

LinkError = (AMQPError, OSError, TimeoutError)
"""What comes of a connection or a channel that is lost or refused."""


class Link:
    """One open connection. `lost` is done once it, or a channel of it, is no more."""

    def __init__(self, connection: AsyncioConnection) -> None:
        self._connection = connection
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def version(self) -> tuple[int, ...]:
        """The server's version."""
        properties: dict[str, Any] = self._connection.server_properties or {}
        return _version(properties)

    async def channel(self, *, watched: bool = True) -> Channel:
        """A new channel; if it is `watched`, its end is the link's."""
        opened: asyncio.Future[Channel] = asyncio.get_running_loop().create_future()
        channel = self._connection.channel(on_open_callback=partial(_settle, opened))
        channel.add_on_close_callback(lambda _, reason: _refuse(opened, reason))
        if watched:
            channel.add_on_close_callback(lambda _, reason: self.lose(reason))
        async with asyncio.timeout(_CONNECT):
            return await opened

    def lose(self, reason: BaseException) -> None:
        """Note that the link is not to be used any more."""
        if not self.lost.done():
            self.lost.set_exception(reason)
            self.lost.exception()  # looked at here, so that nobody has to

    async def close(self) -> None:
        """Close everything: what is unacknowledged returns to its queue at once, in order."""
        closed = asyncio.get_running_loop().create_future()
        self._connection.add_on_close_callback(lambda *_: _settle(closed, None))
        with suppress(*LinkError):
            if not self._connection.is_closed:
                if not self._connection.is_closing:
                    self._connection.close()
                async with asyncio.timeout(_CONNECT):
                    await closed


async def connect(url: str) -> Link:
    """An open connection; one of `LinkError` if there is none to be had."""
    parameters = pika.URLParameters(url)
    parameters.heartbeat = _HEARTBEAT
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = _CONNECT
    parameters.client_properties = {"connection_name": "tmf"}
    opened: asyncio.Future[AsyncioConnection] = asyncio.get_running_loop().create_future()
    connection = AsyncioConnection(
        parameters,
        on_open_callback=partial(_settle, opened),
        on_open_error_callback=lambda _, error: _refuse(opened, error),
        custom_ioloop=asyncio.get_running_loop(),
    )
    async with asyncio.timeout(2 * _CONNECT):
        await opened
    link = Link(connection)
    connection.add_on_close_callback(lambda _, reason: link.lose(reason))
    return link


async def call(method: Callable[..., Any], channel: Channel, **arguments: Any) -> Any:
    """The answer to a method of a channel; the channel's end is raised."""
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    channel.add_on_close_callback(lambda _, reason: _refuse(answered, reason))
    method(**arguments, callback=partial(_settle, answered))
    async with asyncio.timeout(_CONNECT):
        return await answered


async def keep_linked(
    url: str, stopping: asyncio.Event, work: Callable[[Link], Awaitable[None]]
) -> None:
    """Do the work over a connection, and over another when that is lost, until `stopping`."""
    failures = 0
    while not stopping.is_set():
        link = None
        try:
            link = await connect(url)
            await work(link)
            failures = 0
        except LinkError as error:
            log.warning("broker unavailable", error=_told(error))
            failures = 0 if link is not None else failures + 1
        finally:
            if link is not None:
                await link.close()
        pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _refuse(future: asyncio.Future[Any], reason: BaseException) -> None:
    if not future.done():
        future.set_exception(reason)


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _version(properties: dict[str, Any]) -> tuple[int, ...]:
    text = str(properties.get("version", "0"))
    return tuple(int(part) for part in text.split(".") if part.isdigit())
