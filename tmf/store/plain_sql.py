"""The statements of plain lists, with `$1` to `$n` for the values.

Columns: id, revision, body, how many match (up to one past the limit; NULL if not counted), and
the value that the page is sorted by (NULL if by id).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from tmf.store.keyset import Cursor
from tmf.store.postgresql import JsonbCriteria
from tmf.store.questions import ID, Question, segments
from tmf.tmf630_guidelines.criteria import All, Field, Node

Statement: TypeAlias = tuple[str, list[Any]]


class Page(NamedTuple):
    """Which rows of an order: `rows` from the cursor on, or else from the offset."""

    column: str
    descending: bool
    cursor: Cursor | None
    offset: int
    rows: int


class Source(NamedTuple):
    """What is asked of which table and realm. `judged` are criteria that SQL has to judge."""

    table: str
    realm: str
    asked: Question
    judged: Node | None

    def walks(self, page: Page, counted: int | None) -> Iterator[Statement]:
        """One statement for each stretch of the order; the first counts, if up to a limit."""
        for segment in segments(page.column, descending=page.descending, cursor=page.cursor):
            sql = _Numbered()
            where = self._where(sql, walking=True)
            total = "NULL"
            if counted is not None:
                total = f"(SELECT count(*) FROM ({self._some(where, counted)}) AS counted)"
                counted = None
            stretch = segment.condition.format(*map(sql.bind, segment.values))
            rest = f"WHERE {where} AND {stretch} ORDER BY {segment.order} LIMIT {page.rows}"
            if not page.offset:
                value = "NULL" if page.column == ID else page.column
                text = (
                    f"SELECT id, revision, CAST(body AS text), {total}, {value} "
                    f"FROM {self.table} {rest}"
                )
            else:
                # What is passed over need not be read.
                keys = f"SELECT id FROM {self.table} {rest} OFFSET {sql.bind(page.offset)}"
                text = self._bodies(keys, total, page)
            yield text, sql.values

    def found(self, page: Page, counted: int | None) -> Statement:
        """One look into the index of tokens serves page and count, if that is not past a limit;
        without a limit, the page is exact whatever the count.
        """
        sql = _Numbered()
        where = self._where(sql, walking=False)
        (segment,) = segments(ID, descending=page.descending, cursor=page.cursor)
        stretch = segment.condition.format(*map(sql.bind, segment.values))
        keys = f"SELECT id FROM found WHERE {stretch} ORDER BY {segment.order} LIMIT {page.rows}"
        if page.offset:
            keys += f" OFFSET {sql.bind(page.offset)}"
        some = (
            self._some(where, counted, "id")
            if counted is not None
            else (f"SELECT id FROM {self.table} WHERE {where}")
        )
        total = "NULL" if counted is None else "(SELECT count(*) FROM found)"
        return f"WITH found AS MATERIALIZED ({some}) {self._bodies(keys, total, page)}", sql.values

    def counting(self, counted: int) -> Statement:
        """How many match, up to one past the limit."""
        sql = _Numbered()
        where = self._where(sql, walking=False)
        return f"SELECT count(*) FROM ({self._some(where, counted)}) AS counted", sql.values

    def guess(self) -> Statement:
        """The planner's expectation, as a plan in JSON; `%s` for the values."""
        sql = _Marked()
        where = self._where(sql, walking=False)
        return f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {self.table} WHERE {where}", sql.values

    def _some(self, where: str, counted: int, column: str = "1") -> str:
        return f"SELECT {column} FROM {self.table} WHERE {where} LIMIT {counted + 1}"

    def _bodies(self, keys: str, total: str, page: Page) -> str:
        direction = "DESC" if page.descending else "ASC"
        return (
            f"SELECT t.id, t.revision, CAST(t.body AS text), {total}, NULL FROM ({keys}) AS page "
            f"JOIN {self.table} AS t ON t.realm = $1 AND t.id = page.id ORDER BY t.id {direction}"
        )

    def _where(self, sql: _Numbered, *, walking: bool) -> str:
        """The condition; on a walk, the planner must keep from the index of tokens."""
        asked = self.asked
        conditions = [f"realm = {sql.bind(self.realm)}"]
        if asked.column:
            conditions.append(f"{asked.column} = {sql.bind(asked.operand)}")
        found = self._found_by(sql)
        if found and walking:
            # Of a CASE the planner thinks that half of all rows satisfy it. Of several criteria it
            # would think that none does, and sort the whole table rather than meet some on a walk.
            found = [f"CASE WHEN {' AND '.join(found)} THEN TRUE END"]
        return " AND ".join([*conditions, *found])

    def _found_by(self, sql: _Numbered) -> list[str]:
        """What tokens must hold, and what is judged besides."""
        asked, conditions = self.asked, []
        if asked.every:
            conditions.append(f"tokens @> CAST({sql.bind(_array(asked.every))} AS bigint[])")
        conditions += [
            f"tokens && CAST({sql.bind(_array(clause))} AS bigint[])" for clause in asked.some
        ]
        if self.judged is not None:
            conditions += _judging(self.judged, sql)
        return conditions


def _judging(criteria: Node, sql: _Numbered) -> Iterator[str]:
    """A condition for each attribute asked of, which alone is taken from the text as jsonb."""
    for root in criteria.parts if isinstance(criteria, All) else (criteria,):
        if isinstance(root, Field) and root.name != ID:
            name = sql.bind(root.name)
            part = f"CAST(body -> CAST({name} AS text) AS jsonb)"
            yield sql.condition(root, f"jsonb_build_object(CAST({name} AS text), {part})")
        else:
            yield sql.condition(root, f"(CAST(body AS jsonb) || jsonb_build_object('{ID}', id))")


class _Numbered(JsonbCriteria):
    """Binds values as `$1` and so on."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[Any] = []

    def bind(self, operand: Any) -> str:
        """The next placeholder."""
        self.values.append(operand)
        return f"${len(self.values)}"


class _Marked(_Numbered):
    """Binds values as the driver does itself, where a statement cannot be prepared."""

    def bind(self, operand: Any) -> str:
        """A placeholder."""
        self.values.append(operand)
        return "%s"


def _array(tokens: tuple[int, ...]) -> str:
    return f"{{{','.join(map(str, tokens))}}}"
