"""Lists that search for long hold up neither reads by id nor writes."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import Any

import pytest

from tests.unit.made_up import ticket
from tmf.store import schema
from tmf.store.database import SEARCHES, Database
from tmf.store.rows import Found
from tmf.store.session import Session
from tmf.tmf630_guidelines.query import parse_list_query

RESOURCE = ticket()


def test_slow_searches_hold_up_nobody(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(database_url, [RESOURCE], lambda: 1)
    schema.prepare(database)
    ended = Event()

    def search(*_: Any) -> Found:
        assert ended.wait(60)
        return Found([], 0, False, None)

    monkeypatch.setattr(Session, "find", search)
    query = parse_list_query("name.regex=x", RESOURCE.kind_of)

    async def ask() -> None:
        searches = [
            asyncio.create_task(database.find(RESOURCE, "default", query, ""))
            for _ in range(2 * SEARCHES)
        ]
        try:
            await asyncio.sleep(0)  # all are under way
            async with asyncio.timeout(30):
                await database.run(
                    lambda session: session.insert(RESOURCE, "default", "1", {"name": "x"}),
                    write=True,
                )
                assert await database.get(RESOURCE, "default", "1") is not None
        finally:
            ended.set()
            await asyncio.gather(*searches)

    asyncio.run(ask())
    database.close()
