"""Rate limits: a token bucket for every caller, in the memory of each worker process."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from tmf.rest.exchange import error_answer
from tmf.tmf630_guidelines.errors import GuidelineError

_EXEMPT = "/health/"


class TokenBuckets:
    """One bucket for each caller: `rate` tokens a second flow in, `burst` fit.

    Only the `most` callers heard of last are remembered; others have a full bucket. `now` gives
    seconds that never go back.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        most: int = 10_000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._most = most
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, caller: str) -> float:
        """Take a token: 0.0 if there was one, else the seconds until there is."""
        now = self._now()
        tokens, seen = self._buckets.pop(caller, (self._burst, now))
        tokens = min(self._burst, tokens + (now - seen) * self._rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
        self._buckets[caller] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait


class RateLimitedApp:
    """Refuses with 429 who asks more than he may; health is told to anybody.

    `caller_of` names who asks (see `peer_of`).
    """

    def __init__(
        self, app: ASGIApp, buckets: TokenBuckets, caller_of: Callable[[Scope], str]
    ) -> None:
        self._app = app
        self._buckets = buckets
        self._caller_of = caller_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"].startswith(_EXEMPT):
            await self._app(scope, receive, send)
            return
        wait = self._buckets.take(self._caller_of(scope))
        if not wait:
            await self._app(scope, receive, send)
            return
        seconds = str(math.ceil(wait))
        error = GuidelineError("tooManyRequests", "slow down", headers={"Retry-After": seconds})
        await error_answer(error).send(send)


def peer_of(scope: Scope, trusted: Collection[str]) -> str:
    """The address that a request comes from, as a caller's name.

    Behind trusted proxies it is the last in `X-Forwarded-For` that is none of them. Of IPv6 the
    network counts (/64): a single customer has all of its addresses.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if address in trusted:
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                address = _last_untrusted(value.decode("latin-1"), trusted) or address
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed.packed, 64), strict=False))
    return address


def _last_untrusted(header: str, trusted: Collection[str]) -> str | None:
    for part in reversed(header.split(",")):
        try:
            address = str(ip_address(part.strip()))
        except ValueError:
            return None  # what stands further left may be anybody's invention
        if address not in trusted:
            return address
    return None
