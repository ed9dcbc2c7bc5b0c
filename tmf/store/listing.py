"""Plain lists on PostgreSQL: the page and the count in one round trip, by prepared statements.

Tokens find candidates; the page's are judged again in memory, since a hash may collide. How many
match past the count limit is the planner's guess, asked for once and then believed for a while.
"""

from __future__ import annotations

import time
from typing import Any

from tmf.spec.model import Resource
from tmf.store.keyset import Cursor, decode_cursor
from tmf.store.plain_sql import Page, Source, Statement
from tmf.store.pool import Pool
from tmf.store.pool_connection import Plain, Prepared, Rows
from tmf.store.questions import ID, Question, order_column, question
from tmf.store.resource_tables import table_name
from tmf.store.rows import Found, Row
from tmf.tmf630_guidelines.criteria import root_names
from tmf.tmf630_guidelines.documents import decoder_of
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import ListQuery

LARGEST = 100
"""Resources on the largest page that is put together on the event loop."""

COMMON = 5000
"""Matches from which on a page is soon met on a walk through all documents in order; fewer are
better fetched whole and sorted.
"""

BELIEVED = 10.0
"""Seconds for which it is believed that there are more matches than are counted."""

_MOST_BELIEFS = 4096
_MOST_STATEMENTS = 512


class Listing:
    """The plain lists of all resources, on the event loop."""

    def __init__(self, pool: Pool, count_limit: int) -> None:
        self._pool = pool
        self._count_limit = count_limit
        self._beliefs: dict[Source, tuple[float, int]] = {}
        self._prepared: dict[str, Prepared] = {}
        self._number = 0

    async def find(self, resource: Resource, realm: str, query: ListQuery) -> Found | None:
        """The page and the count, or None if it takes a session to find them."""
        asked = question(resource, query.criteria)
        column = order_column(resource, query.sort)
        if asked is None or column is None or not 0 < query.limit <= LARGEST:
            return None
        if column != ID and (asked != Question() or (query.offset and query.cursor is None)):
            return None
        source = Source(
            table_name(resource), realm, asked, query.criteria if asked.together else None
        )
        page = _page(query, column)
        rows, total, estimated = await self._rows(source, page)
        if asked.by_tokens and not asked.together and not _all_match(rows, query):
            return None
        return _found(rows, page, query, total, estimated=estimated)

    async def _rows(self, source: Source, page: Page) -> tuple[Rows, int, bool]:
        """The page's rows; the total, counted up to the limit and believed past it; which."""
        by_tokens = source.asked.by_tokens
        believed = self._believed(source)
        rows: Rows = ()
        if believed is None:
            if by_tokens:
                rows = await self._run(source.found(page, self._count_limit))
            else:
                rows = await self._walk(source, page, self._count_limit)
            total = await self._counted(source, page, rows)
            if total <= self._count_limit:
                return rows, total, False
            believed = await self._guess(source, total)
            if not by_tokens:
                return rows, believed, True
        if by_tokens and believed < COMMON:
            return await self._run(source.found(page, None)), believed, True
        return await self._walk(source, page, None), believed, True

    async def _walk(self, source: Source, page: Page, counted: int | None) -> Rows:
        rows: list[Any] = []
        for statement in source.walks(page, counted):
            if len(rows) < page.rows:
                rows += await self._run(statement)
        return rows[: page.rows]

    async def _counted(self, source: Source, page: Page, rows: Rows) -> int:
        """The count that came with the rows, or else another statement's."""
        for row in rows:
            if row[3] is not None:
                return int(row[3])
        if not rows and not page.offset and page.cursor is None:
            return 0
        return int((await self._run(source.counting(self._count_limit)))[0][0])

    def _believed(self, source: Source) -> int | None:
        belief = self._beliefs.get(source)
        return belief[1] if belief is not None and belief[0] > time.monotonic() else None

    async def _guess(self, source: Source, counted: int) -> int:
        """The planner's expectation, which is more than what was counted."""
        text, values = source.guess()
        plan = (await self._pool.run((Plain(text), values), repeatable=True))[0][0]
        total = max(counted, int(plan[0]["Plan"]["Plan Rows"]))
        if len(self._beliefs) >= _MOST_BELIEFS:
            self._beliefs.clear()
        self._beliefs[source] = time.monotonic() + BELIEVED, total
        return total

    async def _run(self, statement: Statement) -> Rows:
        """The rows of a statement, prepared once for each connection."""
        sql, values = statement
        prepared = self._prepared.get(sql)
        if prepared is None:
            if len(self._prepared) >= _MOST_STATEMENTS:
                self._prepared.clear()
            self._number += 1
            prepared = self._prepared[sql] = Prepared(f"list {self._number}", sql, len(values))
        return await self._pool.run((prepared, values), repeatable=True)


def _page(query: ListQuery, column: str) -> Page:
    descending = bool(query.sort) and query.sort[0].descending
    if query.cursor is None:
        return Page(column, descending, None, query.offset, query.limit)
    cursor = decode_cursor(query.cursor, ["text"] * len(query.sort))
    # One more tells whether there is a next page: the offset and the count may have drifted.
    return Page(column, descending, cursor, 0, query.limit + 1)


def _all_match(rows: Rows, query: ListQuery) -> bool:
    """Whether no hash has collided."""
    if not rows:
        return True
    read = decoder_of(root_names(query.criteria))  # a plain list asks of attributes only
    return all(matches(query.criteria, {**read(row[2]), ID: row[0].decode()}) for row in rows)


def _found(rows: Rows, page: Page, query: ListQuery, total: int, *, estimated: bool) -> Found:
    kept = [Row(row[0].decode(), row[1], row[2]) for row in rows[: query.limit]]
    reached = query.offset + len(kept)
    if page.cursor is not None:
        goes_on = len(rows) > query.limit
    else:
        goes_on = len(kept) == query.limit if estimated else reached < total
        total = max(total, reached) if kept else total
    cursor = None
    if goes_on and kept:
        last = kept[-1].id if page.column == ID else rows[len(kept) - 1][4]
        value = last.decode() if isinstance(last, bytes) else last
        cursor = Cursor((value,) * len(query.sort), kept[-1].id).encode()
    return Found(kept, total, estimated, cursor)
