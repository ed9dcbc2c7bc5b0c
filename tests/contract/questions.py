"""What a list's query asks, as structure: what the generators write and the reference reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """One pair of a query string: alternatives (operator, text) about one attribute.

    Several come from `a=1;a.gt=2`; `whole` is then all that follows the first operator.
    """

    path: Path
    alternatives: tuple[tuple[str, str], ...]
    whole: str


@dataclass(frozen=True)
class Has:
    """JSONPath: steps (names and filters) that must find something."""

    steps: tuple[str | Expression, ...]


@dataclass(frozen=True)
class Is:
    """JSONPath: a comparison at the end of the steps; the text None is `null`."""

    steps: tuple[str | Expression, ...]
    op: str
    text: str | None


@dataclass(frozen=True)
class Both:
    """JSONPath: `&&` or `||` between expressions."""

    word: str
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Negated:
    """JSONPath: `!`."""

    inner: Expression


Expression: TypeAlias = Has | Is | Both | Negated


@dataclass(frozen=True)
class Question:
    """A query string, and what it means."""

    text: str
    pairs: tuple[Pair, ...]
    filters: tuple[Has, ...]
    sort: tuple[tuple[Path, bool], ...]
    offset: int
    limit: int
