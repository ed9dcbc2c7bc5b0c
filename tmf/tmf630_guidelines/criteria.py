"""The criteria tree: what a filter means, whichever syntax it came in.

Query-string criteria and JSONPath both become this tree, and three things read it: `match`
(in memory), the SQL of PostgreSQL and the candidate tokens. It is evaluated at a *node*, a
JSON value or ABSENT (missing and null are the same).

- `Field(name, inner, strict)` goes to the child `name`. An array means *some element*: so
  what stands together under one Field is asked of the same element. Where the child is
  absent or an empty array, `inner` is asked of ABSENT, or, if `strict`, the answer is false.
- `Compare(op, kind, operands)` asks about the node itself; several operands are alternatives
  (for `ne`: none of them may be equal).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tmf.tmf630_guidelines.values import Kind

Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "regex"]


@dataclass(frozen=True, slots=True)
class All:
    """True if every part is; of no parts, true."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """True if one part is; of no parts, false."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if the inner is false."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Field:
    """The inner, asked of some element of the child `name` (see the module's text)."""

    name: str
    inner: Node
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """True of any node but ABSENT."""


@dataclass(frozen=True, slots=True)
class Compare:
    """The node against operands, by kind; operands are texts that are valid for the kind."""

    op: Operator
    kind: Kind
    operands: tuple[str, ...]


Node: TypeAlias = All | Some | Not | Field | Present | Compare

EVERYTHING = All(())


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, (Field, Not)):
            waiting.append(part.inner)
        elif isinstance(part, (All, Some)):
            waiting.extend(reversed(part.parts))


def root_names(criteria: Node) -> frozenset[str]:
    """The first-level attributes that the criteria ask about."""
    match criteria:
        case All(parts) | Some(parts):
            return frozenset().union(*map(root_names, parts))
        case Not(inner):
            return root_names(inner)
        case Field(name):
            return frozenset((name,))
        case _:
            return frozenset()


def uses_regex(node: Node) -> bool:
    """Whether any comparison is a regular expression (which SQL cannot judge alike)."""
    return any(isinstance(part, Compare) and part.op == "regex" for part in walk(node))
