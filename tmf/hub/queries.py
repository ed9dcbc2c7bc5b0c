"""A listener's query: which events it wants, and which part of each it is sent.

Written as the query string of a list, over the event: criteria, `filter` and `fields`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tmf.spec.model import Api
from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node, Not, Some, walk
from tmf.tmf630_guidelines.fields import Selection
from tmf.tmf630_guidelines.operands import KindOf, read_pair, refuse, shown
from tmf.tmf630_guidelines.query import RESERVED, parse_criteria, parse_selection

_OF_LISTS = RESERVED - {"fields", "filter"}

MOST_REGEXES = 8
"""Regular expressions in one query: they are asked of every event, all of its resource."""


class EventQuery(NamedTuple):
    """What a listener asks for; `selection` None is the whole event."""

    criteria: Node
    selection: Selection | None


def parse_query(query: str, api: Api, kind_of: KindOf) -> EventQuery:
    """A listener's query, still percent-encoded; `kind_of` knows the attributes of an event.

    Raises 400 `invalidQuery`, naming the parameter, for what cannot be understood, and for what
    no event of the API can answer: it would only be noticed by events that never come.
    """
    for raw in filter(None, query.split("&")):
        name = read_pair(raw)[0]
        if name in _OF_LISTS:
            raise refuse(name, "is for lists and says nothing of an event")
    criteria = parse_criteria(query, kind_of)
    if _regexes(criteria) > MOST_REGEXES:
        raise refuse("query", f"more than {MOST_REGEXES} regular expressions")
    for path in _paths(criteria, ()):
        _check_path(path, api, kind_of)
    return EventQuery(criteria, parse_selection(query))


def _regexes(criteria: Node) -> int:
    asked = (node for node in walk(criteria) if isinstance(node, Compare) and node.op == "regex")
    return sum(len(node.operands) for node in asked)


def _paths(node: Node, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The attribute paths that are asked about."""
    match node:
        case All(parts) | Some(parts):
            for part in parts:
                yield from _paths(part, above)
        case Not(inner):
            yield from _paths(inner, above)
        case Field(name, inner):
            yield from _paths(inner, (*above, name))
        case _:
            yield above


def _check_path(path: tuple[str, ...], api: Api, kind_of: KindOf) -> None:
    """Refuse an operator that there is none of, and a resource of another API."""
    parameter = shown(".".join(path))
    if path[:1] != ("event",):
        if len(path) > 1 and path[0] in _envelope(api):
            raise refuse(parameter, f"{path[0]} has nothing below it, nor is that an operator")
        return
    if len(path) > 1 and path[1] not in api.resources:
        raise refuse(parameter, f"the events here are about: {', '.join(api.resources)}")
    for length in range(3, len(path)):
        if kind_of(path[:length]) not in (None, "object", "open"):
            name = ".".join(path[:length])
            raise refuse(parameter, f"{name} has nothing below it, nor is that an operator")


def _envelope(api: Api) -> set[str]:
    """The attributes around the resource, which are all scalars."""
    schemas = api.document["components"]["schemas"]
    events = [event for resource in api.resources.values() for event in resource.events]
    return {name for event in events for name in schemas[event]["properties"]} - {"event"}
