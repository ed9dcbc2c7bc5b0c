"""Which lists are plain enough for statements that are prepared, and what those ask.

Plain is a conjunction of equalities, in the order of ids or of one indexed attribute. That is
what clients mostly send, and what can be found by one look into an index.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tmf.spec.model import Resource
from tmf.store.keyset import Cursor
from tmf.store.resource_tables import PREFIX, index_column
from tmf.store.search import index_operand
from tmf.store.tokens import clauses_of
from tmf.tmf630_guidelines.criteria import EVERYTHING, All, Compare, Field, Node
from tmf.tmf630_guidelines.sorting import SortKey

ID = "id"


class Question(NamedTuple):
    """What a plain list asks for.

    Either `column` equals `operand`, which says it all, or documents hold the tokens: all of
    `every`, and one of each in `some`. `together` if several of them must hold of the
    same element, which tokens do not tell. Neither: every document is asked for.
    """

    column: str = ""
    operand: str = ""
    every: tuple[int, ...] = ()
    some: tuple[tuple[int, ...], ...] = ()
    together: bool = False

    @property
    def by_tokens(self) -> bool:
        """Whether tokens find what is asked for."""
        return bool(self.every or self.some)


def question(resource: Resource, criteria: Node) -> Question | None:
    """The criteria as a plain question, or None if they are more than that."""
    if criteria == EVERYTHING:
        return Question()
    roots = criteria.parts if isinstance(criteria, All) else (criteria,)
    if len(roots) == 1 and (found := _by_column(resource, roots[0])) is not None:
        return found
    leaves = [leaf for root in roots for leaf in _equalities(root)]
    if None in leaves or any(isinstance(one, Field) and one.name == "href" for one in roots):
        return None
    clauses = clauses_of(criteria, resource.attributes)
    if len(clauses) < len(leaves):  # prose and long texts have no tokens
        return None
    return Question(
        every=tuple(sorted({token for one in clauses if len(one) == 1 for token in one})),
        some=tuple(tuple(sorted(one)) for one in clauses if len(one) > 1),
        together=len(leaves) > len(roots),
    )


def _by_column(resource: Resource, root: Node) -> Question | None:
    match root:
        case Field(name, Compare("eq", kind, (operand,))):
            if name == ID:
                return Question(ID, operand)
            if name in resource.indexed and (kind == "instant" or len(operand) < PREFIX):
                return Question(index_column(name), index_operand(kind, operand))
    return None


def _equalities(node: Node) -> Iterator[Compare | None]:
    """The equalities in a conjunction, and None for anything else."""
    match node:
        case All(parts) if parts:
            for part in parts:
                yield from _equalities(part)
        case Field(_, inner):
            yield from _equalities(inner)
        case Compare("eq", _, (_,)):
            yield node
        case _:
            yield None


class Segment(NamedTuple):
    """A stretch of an order: a condition with `{}` for each of its values, and its ORDER BY."""

    condition: str
    values: tuple[str, ...]
    order: str


def order_column(resource: Resource, sort: tuple[SortKey, ...]) -> str | None:
    """The column that an index has in the order asked for; None if there is none such."""
    match sort:
        case ():
            return ID
        case (SortKey((name,)),) if name == ID:
            return ID
        case (SortKey((name,)),) if name in resource.indexed:
            return index_column(name)
    return None


def segments(column: str, *, descending: bool, cursor: Cursor | None) -> list[Segment]:
    """The stretches that hold, one after the other, what comes after the cursor.

    Each can be read straight from the index of the column. A column's index is in the order of
    its values, then of ids; backwards it has the ids backwards too, so these are put in order
    for each value.
    """
    if column == ID:
        return [_by_id(descending, cursor)]
    absent = Segment(f"{column} IS NULL", (), f"{column}, id")
    order = f"{column} DESC, id" if descending else f"{column}, id"
    if cursor is None:
        if not descending:  # where absent values are last anyway
            return [Segment("TRUE", (), order)]
        return [Segment(f"{column} IS NOT NULL", (), order), absent]
    value = cursor.values[0]
    if value is None:
        return [Segment(f"{column} IS NULL AND id > {{}}", (cursor.identity,), absent.order)]
    if not descending:
        return [Segment(f"({column}, id) > ({{}}, {{}})", (value, cursor.identity), order), absent]
    return [
        Segment(f"{column} = {{}} AND id > {{}}", (value, cursor.identity), "id"),
        Segment(f"{column} < {{}}", (value,), order),
        absent,
    ]


def _by_id(descending: bool, cursor: Cursor | None) -> Segment:
    order = "id DESC" if descending else "id"
    if cursor is None:
        return Segment("TRUE", (), order)
    return Segment(f"id {'<' if descending else '>'} {{}}", (cursor.identity,), order)
