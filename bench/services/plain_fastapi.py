"""Product offerings by FastAPI over asyncpg, tuned by hand: JSON text from table to wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request, Response

from bench.services import plain_store
from bench.services.asyncpg_pool import AsyncpgPool
from bench.services.paths import COLLECTION
from bench.services.plain_store import InvalidError, TakenError

JSON = "application/json"

pool = AsyncpgPool()


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await pool.open()
    yield
    await pool.close()


app = FastAPI(
    title="Product offerings",
    lifespan=lifespan,
    telemetry={"tracing": False, "metrics": False, "logs": False},
)


def _hrefs(request: Request) -> str:
    return f"http://{request.headers['host']}{COLLECTION}/"


@app.get(COLLECTION + "/{identity}")
async def retrieve(identity: str, request: Request) -> Response:
    fields = request.query_params.get("fields")
    body = await plain_store.get(pool, identity, _hrefs(request), fields)
    if body is None:
        raise HTTPException(404, f"there is no product offering {identity}")
    return Response(body, media_type=JSON)


@app.get(COLLECTION)
async def list_offerings(request: Request) -> Response:
    page = await plain_store.page(pool, request.query_params.multi_items(), _hrefs(request))
    return Response(page.body, 206 if page.count < page.total else 200, page.headers(), JSON)


@app.post(COLLECTION)
async def create(request: Request) -> Response:
    hrefs = _hrefs(request)
    try:
        identity, body = await plain_store.create(pool, await request.body(), hrefs)
    except InvalidError as error:
        raise HTTPException(400, str(error)) from error
    except TakenError as error:
        raise HTTPException(409, "there is one with that id") from error
    return Response(body, 201, {"location": hrefs + identity}, JSON)
