"""Lists: the criteria tree, the order and the page, as one statement per database.

Tokens narrow the rows down to candidates; each candidate is judged exactly. On PostgreSQL
that is SQL over `jsonb`, except for regular expressions, which are judged in memory while the
candidates stream by. SQLite calls the same matching as a function.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence, Set
from contextlib import ExitStack
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.spec.model import Resource
from tmf.store import sqlite
from tmf.store.keyset import Cursor, Term, after, decode_cursor
from tmf.store.postgresql import JsonbCriteria, sort_terms
from tmf.store.resource_tables import PREFIX, index_column, table_name
from tmf.store.rows import Found, Row
from tmf.store.statements import sortable_instant
from tmf.store.tokens import clauses_of
from tmf.tmf630_guidelines.criteria import (
    EVERYTHING,
    All,
    Compare,
    Field,
    Node,
    root_names,
    uses_regex,
)
from tmf.tmf630_guidelines.documents import decode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import ListQuery
from tmf.tmf630_guidelines.sorting import SortKey
from tmf.tmf630_guidelines.values import parse_instant

# Bounds stay inclusive: the column holds only the start of a long text.
_BOUND = {"gt": ">=", "gte": ">=", "lt": "<=", "lte": "<="}

_STREAM = 500
"""Candidates fetched at a time where they are judged in memory."""


class Search:
    """One list request on one resource's table."""

    def __init__(
        self, connection: Connection, resource: Resource, *, count_limit: int, timeout: float
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._table = table_name(resource)
        self._postgresql = connection.dialect.name == "postgresql"
        self._count_limit = count_limit
        self._deadline = time.monotonic() + timeout
        self._sql = JsonbCriteria()
        self._parameters = self._sql.parameters
        self._hrefs = ""
        self._guess = True

    def run(self, realm: str, query: ListQuery, hrefs: str, *, count: bool = True) -> Found:
        """The page and the count, if it is wanted; `hrefs` is what every href of the collection
        starts with.
        """
        self._parameters["realm"] = realm
        self._hrefs = hrefs
        self._guess = query.guess
        with ExitStack() as handles:
            where = ["realm = :realm", *self._candidates(query.criteria)]
            where += self._ranges(query.criteria)
            terms = self._terms(query.sort, handles)
            if self._postgresql and uses_regex(query.criteria):
                return self._in_memory(" AND ".join(where), terms, query)
            where += self._exact(query.criteria, handles)
            condition = " AND ".join(where)
            total, estimated = self._count(condition) if count else (0, False)
            rows, cursor = self._page(condition, terms, query)
        if rows and query.cursor is None:
            total = max(total, query.offset + len(rows))
        return Found(rows, total, estimated, cursor)

    def _candidates(self, criteria: Node) -> Iterator[str]:
        clauses = clauses_of(criteria, self._resource.attributes)
        if not self._postgresql:
            for clause in clauses:
                marks = ", ".join(self._sql.bind(token) for token in sorted(clause))
                yield (
                    f"id IN (SELECT id FROM {self._table}_token "
                    f"WHERE token IN ({marks}) AND realm = :realm)"
                )
            return
        single = sorted({token for clause in clauses if len(clause) == 1 for token in clause})
        if single:
            yield f"tokens @> CAST({self._sql.bind(single)} AS bigint[])"
        for clause in clauses:
            if len(clause) > 1:
                yield f"tokens && CAST({self._sql.bind(sorted(clause))} AS bigint[])"

    def _ranges(self, criteria: Node) -> Iterator[str]:
        """Conditions on the key and on index columns that every match satisfies."""
        for test, attribute in root_comparisons(criteria):
            column = self._column(attribute)
            if column is not None and test.op in _BOUND:
                start = f"{column} {_BOUND[test.op]}"
                bounds = (index_operand(test.kind, operand) for operand in test.operands)
                yield (
                    "(" + " OR ".join(f"{start} {self._sql.bind(bound)}" for bound in bounds) + ")"
                )

    def _column(self, attribute: str) -> str | None:
        """The column that holds a first-level attribute, or the start of it."""
        if attribute in self._resource.indexed:
            return index_column(attribute)
        return "id" if attribute == "id" else None

    def _exact(self, criteria: Node, handles: ExitStack) -> list[str]:
        if criteria == EVERYTHING:
            return []
        if self._postgresql:
            return [self._sql.condition(criteria, self._document(root_names(criteria)))]
        number = handles.enter_context(sqlite.handle((criteria, self._hrefs)))
        return [f"tmf_match({self._sql.bind(number)}, id, body)"]

    def _document(self, asked: Set[str]) -> str:
        """The stored document as jsonb, with the attributes kept outside it if asked for."""
        if not asked & {"id", "href"}:
            return "CAST(body AS jsonb)"
        start = self._sql.bind(self._hrefs)
        outside = f"jsonb_build_object('id', id, 'href', CAST({start} AS text) || id)"
        return f"(CAST(body AS jsonb) || {outside})"

    def _terms(self, keys: tuple[SortKey, ...], handles: ExitStack) -> list[Term]:
        return [term for key in keys for term in self._terms_of(key, handles)]

    def _terms_of(self, key: SortKey, handles: ExitStack) -> list[Term]:
        if key.path == ("id",):
            return [Term("id", "text", key.descending)]
        if len(key.path) == 1 and key.path[0] in self._resource.indexed:
            return [Term(index_column(key.path[0]), "text", key.descending)]
        if self._postgresql:
            return sort_terms(key, self._document({key.path[0]}), self._sql)
        number = handles.enter_context(sqlite.handle((key, self._hrefs)))
        value = f"tmf_sort_value({self._sql.bind(number)}, id, body)"
        return [Term(value, "order", key.descending, " COLLATE tmf_order")]

    def _after(self, terms: list[Term], query: ListQuery) -> str:
        """Whether a row belongs to the page or what follows, by the query's cursor."""
        if query.cursor is None:
            return "TRUE"
        cursor = decode_cursor(query.cursor, [term.type for term in terms])
        return after(terms, cursor, self._sql.bind)

    def _count(self, condition: str) -> tuple[int, bool]:
        if not self._postgresql:
            return self._number(f"SELECT count(*) FROM {self._table} WHERE {condition}"), False
        limited = (
            f"SELECT count(*) FROM (SELECT 1 FROM {self._table} WHERE {condition} "
            f"LIMIT {self._count_limit + 1}) AS counted"
        )
        counted = self._number(limited)
        if counted <= self._count_limit:
            return counted, False
        return max(self._estimate(condition), counted), True

    def _number(self, statement: str) -> int:
        return int(self._connection.execute(text(statement), self._parameters).scalar_one())

    def _estimate(self, condition: str) -> int:
        """How many rows the planner expects; 0 where it would tell of rows not to be seen."""
        if not self._guess:
            return 0
        explain = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {self._table} WHERE {condition}"
        plan = self._connection.execute(text(explain), self._parameters).scalar_one()
        plan = decode(plan) if isinstance(plan, str) else plan
        return int(plan[0]["Plan"]["Plan Rows"])

    def _page(
        self, condition: str, terms: list[Term], query: ListQuery
    ) -> tuple[list[Row], str | None]:
        if not query.limit:
            return [], None
        order = ", ".join([*(term.order for term in terms), "id"])
        # Keys are chosen first and bodies fetched for the page only.
        statement = (
            f"SELECT t.id, t.revision, CAST(t.body AS text) AS body{_columns(terms, 'page.')} "
            f"FROM (SELECT id, row_number() OVER (ORDER BY {order}) AS place{_values(terms)} "
            f"FROM {self._table} WHERE {condition} AND {self._after(terms, query)} "
            f"ORDER BY {order} LIMIT :limit OFFSET :offset"
            f") AS page JOIN {self._table} AS t ON t.realm = :realm AND t.id = page.id "
            "ORDER BY page.place"
        )
        offset = query.offset if query.cursor is None else 0
        # One more tells whether there is a next page.
        parameters = {**self._parameters, "limit": query.limit + 1, "offset": offset}
        return _paged(self._connection.execute(text(statement), parameters).all(), query.limit)

    def _in_memory(self, condition: str, terms: list[Term], query: ListQuery) -> Found:
        order = ", ".join([*(term.order for term in terms), "id"])
        statement = text(
            f"SELECT id, revision, CAST(body AS text){_values(terms)}, "
            f"{self._after(terms, query)} AS belongs "
            f"FROM {self._table} WHERE {condition} ORDER BY {order}"
        )
        candidates = self._connection.execute(
            statement,
            self._parameters,
            # Of this statement only: the connection's next one may be no SELECT.
            execution_options={"stream_results": True, "max_row_buffer": _STREAM},
        )
        return self._judged(candidates, condition, query)

    def _judged(self, candidates: Any, condition: str, query: ListQuery) -> Found:
        page: list[Any] = []
        seen = matched = 0
        offset = query.offset if query.cursor is None else 0
        for candidate in candidates:
            seen += 1
            if time.monotonic() > self._deadline:
                raise GuidelineError("queryTooExpensive", "narrow the criteria down")
            outside = {"id": candidate[0], "href": self._hrefs + candidate[0]}
            if not matches(query.criteria, decode(candidate[2]) | outside):
                continue
            matched += 1
            if candidate.belongs and (offset := offset - 1) < 0 and len(page) <= query.limit:
                page.append(candidate)
            if matched > self._count_limit and len(page) > query.limit:
                share = matched / seen
                candidates.close()
                expected = int(self._estimate(condition) * share)
                rows, cursor = _paged(page, query.limit)
                return Found(rows, max(expected, matched), True, cursor)
        rows, cursor = _paged(page, query.limit)
        return Found(rows, matched, False, cursor)


def _values(terms: list[Term]) -> str:
    """The sort values as further columns, as the texts that a cursor holds."""
    return "".join(
        f", CAST({term.sql} AS text) AS value_{place}" for place, term in enumerate(terms)
    )


def _columns(terms: list[Term], table: str) -> str:
    return "".join(f", {table}value_{place}" for place in range(len(terms)))


def _paged(found: Sequence[Any], limit: int) -> tuple[list[Row], str | None]:
    """The page's rows, and a cursor if one more than those was found.

    Each has its id, revision, body and sort values, and perhaps what a cursor does not need.
    """
    rows = [Row(row[0], row[1], row[2].encode()) for row in found[:limit]]
    if len(found) <= limit or not rows:
        return rows, None
    last = found[limit - 1]
    values = [value for name, value in last._mapping.items() if name.startswith("value_")]
    return rows, Cursor(tuple(values), last[0]).encode()


def root_comparisons(criteria: Node) -> Iterator[tuple[Compare, str]]:
    """Comparisons of first-level attributes that hold of every match."""
    match criteria:
        case All(parts):
            for part in parts:
                yield from root_comparisons(part)
        case Field(name, Compare() as test):
            yield test, name
        case Field(name, All(parts)):
            for part in parts:
                if isinstance(part, Compare):
                    yield part, name
        case _:
            pass


def index_operand(kind: str, operand: str) -> str:
    """The operand in the form of the index column."""
    if kind == "instant":
        return sortable_instant(parse_instant(operand) or 0)
    return operand[:PREFIX]
