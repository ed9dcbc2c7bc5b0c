"""What a partner sees and changes: resources that name its party, and public ones to read.

Everybody else sees the whole of the realm.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from tmf.access.callers import Caller
from tmf.spec.model import Resource
from tmf.tmf630_guidelines.criteria import EVERYTHING, All, Compare, Field, Node, Some
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import ListQuery


class Visibility:
    """Of one resource, what a caller may see and what it may change."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def criteria(self, caller: Caller) -> Node:
        """What every document that the caller sees satisfies."""
        if caller.party is None or self._resource.public:
            return EVERYTHING
        return naming(self._resource.parties, caller.party)

    def narrowed(self, query: ListQuery, caller: Caller) -> ListQuery:
        """The list that the caller gets to see when it asks for this one.

        Estimated counts would tell of what is not the caller's.
        """
        criteria = self.criteria(caller)
        if criteria == EVERYTHING:
            return query
        return replace(query, criteria=All((query.criteria, criteria)), guess=False)

    def check_id(self, caller: Caller, sent: Any) -> None:
        """403 if a partner brings an id: that it is taken would tell of what is not its own."""
        if caller.party is not None and isinstance(sent, dict) and "id" in sent:
            raise GuidelineError("forbidden", "partners get ids from the server: leave out id")

    def sees(self, caller: Caller, document: Document) -> bool:
        """Whether the caller may know of the document."""
        return matches(self.criteria(caller), document)

    def check_own(self, caller: Caller, document: Document) -> None:
        """403 unless the caller may write the document: a partner, if it names its party."""
        if caller.party is None:
            return
        if not matches(naming(self._resource.parties, caller.party), document):
            places = " or ".join(".".join(path) for path in self._resource.parties)
            raise GuidelineError("forbidden", f"{places} must name the party {caller.party}")


@lru_cache(maxsize=1024)
def naming(paths: tuple[tuple[str, ...], ...], party: str) -> Node:
    """True of documents that have the party's id at one of the paths; never true without any."""
    return Some(tuple(_at(path, party) for path in paths))


def _at(path: tuple[str, ...], party: str) -> Node:
    node: Node = Compare("eq", "text", (party,))
    for name in reversed(path):
        node = Field(name, node)
    return node
