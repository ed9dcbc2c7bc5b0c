"""Around every request: its id, a log line, metrics."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

from tmf.access.callers import Caller
from tmf.rest.exchange import CALLER, request_id
from tmf.rest.metrics import Requests

Access: TypeAlias = Callable[[str, str, int, float, str, Caller | None], None]
"""Takes what is logged of a request: method, path, status, milliseconds, its id, whose key."""

_LONGEST_ID = 128

_draw = random.Random()  # noqa: S311 (ids are told apart, not kept secret)


class ObservedApp:
    """Gives each request an id (the client's, if it sent a sane one), logs and counts it.

    The id is in the `X-Request-Id` header, in error bodies and in every log line.
    """

    def __init__(self, app: ASGIApp, requests: Requests, access: Access | None) -> None:
        self._app = app
        self._count = requests.count
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = _request_id(scope)
        started = time.perf_counter()
        status = 0

        async def observed(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", identity.encode())]
                message = {**message, "headers": headers}
            await send(message)

        token = request_id.set(identity)
        try:
            await self._app(scope, receive, observed)
        finally:
            seconds = time.perf_counter() - started
            self._count(scope.get("tmf_operation", "other"), status, seconds)
            if self._access is not None:
                self._access(
                    scope["method"],
                    scope["path"],
                    status,
                    seconds * 1000,
                    identity,
                    scope.get(CALLER),
                )
            request_id.reset(token)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and len(value) <= _LONGEST_ID:
            text = str(value.decode("latin-1"))
            if text.isascii() and text.replace("-", "").replace("_", "").isalnum():
                return text
    return f"{_draw.getrandbits(128):032x}"
