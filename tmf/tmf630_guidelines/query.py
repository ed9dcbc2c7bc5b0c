"""The query string of a list: criteria, and the parameters that order, page and select.

    name = value     name.gt=value (gte lt lte eq ne regex)     name>=value (<= == != *= =~ > <)

A name whose last part is an operator is an attribute where the schema has one of that name.
After a suffix operator only the first `=` is syntax, so every value can be written.

Alternatives: the same name and operator repeated; for `eq` and `ne` the parts of a comma list,
besides the value as a whole; `a=1;a=2`, besides the value as a whole. All other criteria hold
together, and those under one array hold of one element of it: hence the tree is a trie.

Source: TMF630 part 1, filtering, sorting, pagination and attribute selection.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, get_args

from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node, Operator, Some
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.fields import Selection, parse_fields
from tmf.tmf630_guidelines.jsonpath import parse_filter
from tmf.tmf630_guidelines.operands import (
    MAX_CRITERIA,
    KindOf,
    Pair,
    attribute_path,
    check_size,
    operand,
    operands,
    read_pair,
    refuse,
    scalar_kind,
    settle,
    shown,
    split_operator,
)
from tmf.tmf630_guidelines.paging import parse_limit, parse_offset
from tmf.tmf630_guidelines.sorting import SortKey, parse_sort
from tmf.tmf630_guidelines.values import Kind

MAX_QUERY = 2**18
"""Characters of a whole query string, still encoded."""

RESERVED = frozenset({"fields", "offset", "limit", "sort", "filter", "cursor"})

_SUFFIXES: dict[str, Operator] = {op: op for op in get_args(Operator)}
_SCALARS: frozenset[Kind] = frozenset({"text", "number", "boolean", "instant"})
_LITERALS: dict[str, Operator] = {
    ">=": "gte",
    "<=": "lte",
    "==": "eq",
    "!=": "ne",
    "*=": "regex",
    "=~": "regex",
    "=": "eq",
    ">": "gt",
    "<": "lt",
}


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list asks for; `selection` None is everything, `cursor` is the store's token.

    `guess` says whether an estimate from the whole table may stand for a large count.
    """

    criteria: Node
    selection: Selection | None
    sort: tuple[SortKey, ...]
    offset: int
    limit: int
    cursor: str | None
    guess: bool = True


class _Criterion(NamedTuple):
    path: tuple[str, ...]
    op: Operator
    value: str
    parameter: str


def parse_list_query(
    query_string: str, kind_of: KindOf, *, default_limit: int = 100, max_limit: int = 1000
) -> ListQuery:
    """A list's query string, still percent-encoded, as a ListQuery.

    Bytes beyond ASCII stand as the UTF-8 characters they are, or as surrogate escapes.
    Raises 400 `invalidQuery`, naming the parameter, for all that cannot be understood.
    """
    pairs, reserved = _read(query_string)
    sort, offset, limit = (_once(reserved, name) for name in ("sort", "offset", "limit"))
    return ListQuery(
        criteria=_tree(pairs, reserved.get("filter", []), kind_of),
        selection=_selected(reserved),
        sort=() if sort is None else parse_sort(sort, kind_of),
        offset=0 if offset is None else parse_offset(offset),
        limit=default_limit if limit is None else parse_limit(limit, max_limit),
        cursor=_once(reserved, "cursor"),
    )


def parse_criteria(query_string: str, kind_of: KindOf) -> Node:
    """Only the criteria, as for a subscription's query; other reserved names are passed over.

    Raises as `parse_list_query` does.
    """
    pairs, reserved = _read(query_string)
    return _tree(pairs, reserved.get("filter", []), kind_of)


def parse_selection(query_string: str) -> Selection | None:
    """Only the `fields` of a query string, as for a single resource; None is everything."""
    if not query_string:
        return None
    _, reserved = _read(query_string)
    return _selected(reserved)


def _selected(reserved: dict[str, list[str]]) -> Selection | None:
    return parse_fields(settle(",".join(reserved.get("fields", [])), "text"))


def _read(query_string: str) -> tuple[list[Pair], dict[str, list[str]]]:
    """The criteria's pairs in order, and the texts under each reserved name."""
    if len(query_string) > MAX_QUERY:
        raise refuse("query", f"longer than {MAX_QUERY} characters")
    pairs: list[Pair] = []
    reserved: dict[str, list[str]] = {}
    for raw in filter(None, query_string.split("&")):
        pair = read_pair(raw)
        if pair.name not in RESERVED:
            pairs.append(pair)
        elif pair.symbol.startswith("="):
            reserved.setdefault(pair.name, []).append(pair.symbol[1:] + pair.value)
        else:
            raise refuse(pair.name, f"takes =, not {pair.symbol}")
        _check_count(len(pairs) + len(reserved.get("filter", [])))
    return pairs, reserved


def _check_count(criteria: int) -> None:
    if criteria > MAX_CRITERIA:
        raise refuse("query", f"more than {MAX_CRITERIA} criteria")


def _once(reserved: dict[str, list[str]], name: str) -> str | None:
    texts = reserved.get(name, [])
    if len(texts) > 1:
        raise refuse(name, "may be given once")
    return settle(texts[0], "text") if texts else None


def _tree(pairs: list[Pair], filters: list[str], kind_of: KindOf) -> Node:
    together: dict[tuple[tuple[str, ...], Operator], tuple[Kind, list[str]]] = {}
    leaves: list[tuple[tuple[str, ...], Node]] = []
    count = len(filters)
    for pair in pairs:
        criterion = _criterion(pair, kind_of)
        alternatives = _alternatives(criterion, kind_of)
        count += len(alternatives)
        _check_count(count)
        kind = scalar_kind(criterion.path, kind_of, criterion.parameter)
        by_operator = _operands(criterion, alternatives, kind)
        if len(by_operator) > 1:
            tests = (_compare(op, kind, texts) for op, texts in by_operator.items())
            leaves.append((criterion.path, Some(tuple(tests))))
            continue
        for op, texts in by_operator.items():
            together.setdefault((criterion.path, op), (kind, []))[1].extend(texts)
    leaves += [(path, _compare(op, kind, texts)) for (path, op), (kind, texts) in together.items()]
    parts = _trie(leaves)
    if filters:
        parsed = [parse_filter(text, kind_of) for text in filters]
        parts.append(parsed[0] if len(parsed) == 1 else Some(tuple(parsed)))
    return check_size(_all(parts), "query")


def _criterion(pair: Pair, kind_of: KindOf) -> _Criterion:
    name = settle(pair.name, "text")
    head, dot, last = name.rpartition(".")
    if dot and last in _SUFFIXES and kind_of(tuple(name.split("."))) is None:
        if not pair.symbol.startswith("="):
            raise refuse(name, f"has two operators, {last} and {pair.symbol}")
        path, op, value = attribute_path(head, name), _SUFFIXES[last], pair.symbol[1:] + pair.value
        if len(path) > 1 and path[-1] in _SUFFIXES and kind_of(path) is None:
            raise refuse(name, f"has two operators, {path[-1]} and {last}")
    else:
        pair.check_operator()
        path, op, value = attribute_path(name, name), _LITERALS[pair.symbol], pair.value
    _check_parent(path, kind_of, name)
    return _Criterion(path, op, value, name)


def _check_parent(path: tuple[str, ...], kind_of: KindOf, name: str) -> None:
    """Refuse a path below a scalar: it can only be a misspelt operator, such as `name.like`."""
    parent = kind_of(path[:-1]) if len(path) > 1 else None
    if parent in _SCALARS and kind_of(path) is None:
        suffixes = ", ".join(_SUFFIXES)
        raise refuse(name, f"{shown(path[-1])} is neither an attribute nor one of {suffixes}")


def _alternatives(criterion: _Criterion, kind_of: KindOf) -> list[_Criterion]:
    """The criteria that `;` separates in a value, if each names the same attribute again.

    Otherwise `;` is a character like any other, and the criterion stands alone.
    """
    if ";" not in criterion.value:
        return [criterion]
    first, *others = criterion.value.split(";")
    attribute = ".".join(criterion.path)
    names = {attribute, *(f"{attribute}.{suffix}" for suffix in _SUFFIXES)}
    found = [criterion._replace(value=first)]
    for text in others:
        pair = split_operator(text)
        if pair is None or settle(pair.name, "text") not in names:
            return [criterion]
        other = _criterion(pair, kind_of)
        if other.path != criterion.path:
            return [criterion]
        found.append(other)
    return found


def _operands(
    criterion: _Criterion, alternatives: list[_Criterion], kind: Kind
) -> dict[Operator, list[str]]:
    """The operands of the alternatives by operator, with those of the value as a whole.

    An order is not asked of the whole: `a<b;a>x` must not find `b`, though it is before the
    whole text.
    """
    found: dict[Operator, list[str]] = {}
    for one in alternatives:
        texts = operands(one.op, kind, one.value, one.parameter)
        found.setdefault(one.op, []).extend(texts)
    if len(alternatives) > 1 and criterion.op in ("eq", "ne", "regex"):
        with suppress(GuidelineError):  # the whole need not be of the kind
            whole = operand(criterion.op, kind, criterion.value, criterion.parameter)
            found[criterion.op].append(whole)
    return found


def _compare(op: Operator, kind: Kind, texts: list[str]) -> Compare:
    return Compare(op, kind, tuple(dict.fromkeys(texts)))


def _trie(leaves: list[tuple[tuple[str, ...], Node]]) -> list[Node]:
    """What is asked here, and one Field for each first name among the paths."""
    here = [node for path, node in leaves if not path]
    below: dict[str, list[tuple[tuple[str, ...], Node]]] = {}
    for path, node in leaves:
        if path:
            below.setdefault(path[0], []).append((path[1:], node))
    return here + [Field(name, _all(_trie(inner))) for name, inner in below.items()]


def _all(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else All(tuple(parts))
