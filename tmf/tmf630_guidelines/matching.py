"""The criteria tree judged in memory, on a decoded document."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import re2

from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node, Not, Present, Some
from tmf.tmf630_guidelines.values import is_number, parse_instant, parse_number

ABSENT = None

REGEX_TEXT = 65_536
"""Characters of the longest text that a regular expression can match."""

_REGEX_MEMORY = 1 << 17
"""Bytes of a compiled expression: with the bound above, the most work of one match."""

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def matches(node: Node, value: Any) -> bool:
    """Whether the document (or a part of it) satisfies the criteria."""
    if isinstance(node, Field):
        for element in _elements(value, node.name, node.strict):
            if matches(node.inner, element):
                return True
        return False
    return _compare(node, value) if isinstance(node, Compare) else _combined(node, value)


def _combined(node: All | Some | Not | Present, value: Any) -> bool:
    match node:
        case All(parts):
            return all(matches(part, value) for part in parts)
        case Some(parts):
            return any(matches(part, value) for part in parts)
        case Not(inner):
            return not matches(inner, value)
        case Present():
            return value is not ABSENT


def _elements(value: Any, name: str, strict: bool) -> list[Any]:
    child = value.get(name) if isinstance(value, dict) else ABSENT
    if isinstance(child, list):
        if strict:
            return [element for element in child if element is not ABSENT]
        return child or [ABSENT]
    return [] if strict and child is ABSENT else [child]


def _compare(test: Compare, value: Any) -> bool:
    if test.op == "eq" and type(value) is str and test.kind == "text":  # most of them
        return value in test.operands
    if test.op == "ne":
        return not any(_equal(test.kind, operand, value) for operand in test.operands)
    if value is ABSENT or isinstance(value, (dict, list)):
        return False
    if test.op == "eq":
        return any(_equal(test.kind, operand, value) for operand in test.operands)
    if test.op == "regex":
        return (
            isinstance(value, str)
            and len(value) <= REGEX_TEXT
            and any(compile_regex(operand).search(value) for operand in test.operands)
        )
    ordered = _ORDER[test.op]
    return any(_in_order(ordered, test.kind, operand, value) for operand in test.operands)


def _equal(kind: str, operand: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind in ("boolean", "open") and ("true" if value else "false") == operand
    if isinstance(value, str):
        if kind == "instant":
            moment = parse_instant(value)
            return moment is not None and moment == parse_instant(operand)
        return kind in ("text", "open") and value == operand
    if is_number(value) and kind in ("number", "open"):
        number = parse_number(operand)
        return number is not None and Decimal(str(value)) == number
    return False


def _in_order(ordered: Callable[[Any, Any], bool], kind: str, operand: str, value: Any) -> bool:
    if isinstance(value, str):
        if kind == "instant":
            moment = parse_instant(value)
            return moment is not None and ordered(moment, parse_instant(operand))
        return kind in ("text", "open") and ordered(value, operand)
    if is_number(value) and kind in ("number", "open"):
        number = parse_number(operand)
        return number is not None and ordered(Decimal(str(value)), number)
    return False


@lru_cache(maxsize=512)
def compile_regex(pattern: str) -> Any:
    """An RE2 expression: linear in the text it reads, whatever the pattern."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _REGEX_MEMORY
    return re2.compile(pattern, options=options)


def fits_pattern(pattern: str, text: str) -> bool:
    """Whether an RE2 expression describes the whole text; one that is none describes any."""
    try:
        return len(text) <= REGEX_TEXT and compile_regex(pattern).fullmatch(text) is not None
    except re2.error:
        return True
