"""The ceiling: product offerings over ASGI without any framework, the same SQL and validation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from bench.services import plain_store
from bench.services.asyncpg_pool import AsyncpgPool
from bench.services.paths import COLLECTION
from bench.services.plain_store import InvalidError, Pool, TakenError
from bench.services.psycopg2_pool import Psycopg2Pool

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_BELOW = COLLECTION + "/"


class Bare:
    """An ASGI application over a pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        hrefs = f"http://{dict(scope['headers'])[b'host'].decode()}{_BELOW}"
        path = scope["path"]
        if scope["method"] == "POST" and path == COLLECTION:
            await self._create(receive, send, hrefs)
            return
        pairs = parse_qsl(scope["query_string"].decode())
        if path == COLLECTION:
            page = await plain_store.page(self._pool, pairs, hrefs)
            status = 206 if page.count < page.total else 200
            await _answer(send, status, page.body, page.headers())
        else:
            identity, fields = path.removeprefix(_BELOW), dict(pairs).get("fields")
            body = await plain_store.get(self._pool, identity, hrefs, fields)
            await _answer(send, 200 if body else 404, body or b"{}")

    async def _create(self, receive: Receive, send: Send, hrefs: str) -> None:
        sent = b""
        more = True
        while more:
            message = await receive()
            sent += message.get("body", b"")
            more = message.get("more_body", False)
        try:
            identity, body = await plain_store.create(self._pool, sent, hrefs)
        except (InvalidError, TakenError) as error:
            await _answer(send, 400 if isinstance(error, InvalidError) else 409, b"{}")
        else:
            await _answer(send, 201, body, {"location": hrefs + identity})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._pool.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _answer(send: Send, status: int, body: bytes, extra: Mapping[str, str] = {}) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in extra.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


over_asyncpg = Bare(AsyncpgPool())
over_psycopg2 = Bare(Psycopg2Pool())
