"""How packages find resources: by a query, page by page, or by what a document names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tmf.spec.model import Resource
from tmf.store.rows import Row
from tmf.tmf630_guidelines.criteria import All, Compare, Field
from tmf.tmf630_guidelines.query import ListQuery, parse_criteria

_PAGE = 500


def names_any(value: Any, path: tuple[str, ...], wanted: frozenset[str]) -> bool:
    """Whether one of the texts is at a path of a document, through lists."""
    if isinstance(value, list):
        return any(names_any(one, path, wanted) for one in value)
    if not path:
        return isinstance(value, str) and value in wanted
    return isinstance(value, dict) and names_any(value.get(path[0]), path[1:], wanted)


def matching(
    resource: Resource, query: str, page: Callable[[ListQuery], Sequence[Row]]
) -> Iterator[Row]:
    """All rows that match a query as in an address, in id order, found page by page."""
    criteria = parse_criteria(query, resource.kind_of)
    last = ""
    while True:
        after = All((criteria, Field("id", Compare("gt", "text", (last,)))))
        rows = page(ListQuery(after, None, (), 0, _PAGE, None))
        yield from rows
        if len(rows) < _PAGE:
            return
        last = rows[-1].id
