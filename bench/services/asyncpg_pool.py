"""asyncpg connections with every statement prepared, the last one given back taken first."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from bench.services.plain_sql import SCHEMA, STATEMENTS
from bench.services.plain_store import TakenError

Prepared = dict[str, PreparedStatement]


class AsyncpgPool:
    """A pool without resets and checks between uses: only prepared statements run on it."""

    def __init__(self) -> None:
        self._free: list[Prepared] = []
        self._waiting: deque[asyncio.Future[Prepared]] = deque()
        self._connections: list[asyncpg.Connection] = []

    async def open(self) -> None:
        """Connect and prepare."""
        for _ in range(int(os.environ["BENCH_POOL"])):
            connection = await asyncpg.connect(
                os.environ["BENCH_DATABASE_URL"], server_settings={"search_path": SCHEMA}
            )
            self._connections.append(connection)
            prepared = {
                name: await connection.prepare(sql) for name, (_, sql) in STATEMENTS.items()
            }
            self._free.append(prepared)

    async def run(self, name: str, *arguments: Any) -> Sequence[Sequence[Any]]:
        """The rows of a statement."""
        if self._free:
            prepared = self._free.pop()
        else:
            turn: asyncio.Future[Prepared] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            prepared = await turn
        try:
            rows: Sequence[Sequence[Any]] = await prepared[name].fetch(*arguments)
            return rows
        except asyncpg.UniqueViolationError as error:
            raise TakenError from error
        finally:
            self._give_back(prepared)

    def _give_back(self, prepared: Prepared) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(prepared)
                return
        self._free.append(prepared)

    async def close(self) -> None:
        """Disconnect."""
        for connection in self._connections:
            await connection.close()
