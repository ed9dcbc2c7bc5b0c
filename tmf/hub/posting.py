"""One attempt: a signed POST of an event to a listener, and what came of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import aiohttp
from yarl import URL

from tmf import __version__
from tmf.events.clock import Clock
from tmf.hub.guard import RefusedAddressError, guarded_socket
from tmf.hub.lookup import OwnThreadsResolver
from tmf.hub.payload import body_of
from tmf.hub.schedule import retry_after
from tmf.hub.signing import signatures
from tmf.store.dispatch import Attempt, Parcel

TIMEOUT = 15.0
"""Seconds for an attempt, from looking the name up to the end of the answer."""

KEPT = 1024
"""Bytes of an answer's body that are read and kept."""


@lru_cache(maxsize=1024)
def _url(callback: str) -> URL:
    return URL(callback, encoded=True)  # exactly as registered


class Sent(NamedTuple):
    """An attempt, and the seconds after which the listener wants to be asked again, if told."""

    attempt: Attempt
    retry_after: float | None


class Poster:
    """Posts to listeners. Use within an event loop, and close it."""

    def __init__(
        self, clock: Clock, *, connections: int, allow_private: bool, timeout: float = TIMEOUT
    ) -> None:
        self._clock = clock
        self._timeout = timeout
        connector = aiohttp.TCPConnector(
            limit=connections,
            resolver=OwnThreadsResolver(),
            socket_factory=None if allow_private else guarded_socket,
        )
        self._client = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=timeout),
            headers={
                "Content-Type": "application/json",
                "User-Agent": f"tmf/{__version__}",
                "Accept-Encoding": "identity",
            },
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def post(self, parcel: Parcel) -> Sent:
        """Send an event, however that ends."""
        started = time.monotonic()
        now = self._clock.micros()
        status, answer, error, again = None, None, None, None
        try:
            body = body_of(parcel.body, parcel.query)
            async with self._client.post(
                _url(parcel.callback),
                data=body,
                headers=self._headers(parcel, body, now),
                allow_redirects=False,
            ) as response:
                status = response.status
                if (wish := response.headers.get("Retry-After")) is not None:
                    again = retry_after(wish, datetime.now(UTC))
                answer = await _beginning(response)
        except Exception as failure:  # whatever it is, it is this listener's own trouble
            error = _told(failure, self._timeout)
        took = round((time.monotonic() - started) * 1000)
        return Sent(Attempt(now, status, took, answer, error), again)

    def _headers(self, parcel: Parcel, body: bytes, now: int) -> dict[str, str]:
        """What Standard Webhooks asks for, and the listener's own count."""
        # A listener compares this with its own time: a moved clock is nobody else's business.
        timestamp = int(time.time())
        secrets = [parcel.secret]
        if parcel.previous_secret and (parcel.previous_until or 0) > now:
            secrets.append(parcel.previous_secret)
        return {
            "webhook-id": parcel.event,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(secrets, parcel.event, timestamp, body),
            "webhook-sequence": str(parcel.sequence),
        }


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """The first bytes of the answer's body as text; the rest is not waited for."""
    read = b""
    while len(read) < KEPT and (chunk := await response.content.read(KEPT - len(read))):
        read += chunk
    if len(read) == KEPT:
        response.close()  # there may be no end to it
    return read.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _told(failure: Exception, timeout: float) -> str:
    """Why there was no whole answer, in a line."""
    if isinstance(failure, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(failure, aiohttp.ClientConnectorError):
        reason = failure.os_error
        if isinstance(reason, RefusedAddressError):
            return str(reason)
        return f"no connection: {reason.strerror or reason}"
    return f"{type(failure).__name__}: {failure}"[:500]
