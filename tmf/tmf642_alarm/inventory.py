"""The service inventory as a graph: which services rest on an object, and on what a service rests.

An object is a resource or a service, known by its id. A service rests on its supportingResources,
its supportingServices and on those that it names in relationships of the rulebook's kinds, and on
whatever these rest on. Nothing rests on a service that is terminated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from tmf.declare import Document, ReactionContext

SERVICE = "TMF638.service"

_MANY = 1000
"""Ids that are asked for at once."""

_Look: TypeAlias = Callable[[Collection[str]], None]
_Beyond: TypeAlias = Callable[[str], Sequence[str]]


class Inventory:
    """What was looked up; nothing is looked up twice."""

    def __init__(self, context: ReactionContext, relationships: frozenset[str]) -> None:
        self._context = context
        self._relationships = relationships
        self._services: dict[str, Document | None] = {}
        self._above: dict[str, list[str]] = {}
        self._resting: dict[str, dict[str, int]] = {}
        self._in_use: dict[str, list[tuple[Document, int]]] = {}

    def within(self, context: ReactionContext) -> None:
        """Look up further in another transaction."""
        self._context = context

    def __len__(self) -> int:
        """How many objects were looked up."""
        return len(self._services)

    def service(self, identity: str) -> Document | None:
        """A service that has been looked up."""
        return self._services.get(identity)

    def in_use(self, one: str) -> list[tuple[Document, int]]:
        """The active services that rest on an object, or are it, with how many steps away each
        is; the nearest first.
        """
        if one not in self._in_use:
            self._in_use[one] = self._find_in_use(one)
        return self._in_use[one]

    def _find_in_use(self, one: str) -> list[tuple[Document, int]]:
        reached = {one: 0, **self.resting_on([one])[one]}
        self.look_up([one])
        places = sorted(reached, key=lambda place: (reached[place], place))
        found = ((self._services.get(place), reached[place]) for place in places)
        return [
            (service, steps)
            for service, steps in found
            if service is not None and service.get("state") == "active"
        ]

    def resting_on(self, objects: Collection[str]) -> dict[str, dict[str, int]]:
        """For each object, the services that rest on it, and how many steps away they are."""
        _explore(objects, self._look_above, self._above.__getitem__)
        for one in _not_in(self._resting, objects):
            self._resting[one] = _reached(one, self._above.__getitem__)
        return {one: self._resting[one] for one in objects}

    def rested_on_by(self, objects: Collection[str]) -> dict[str, dict[str, int]]:
        """For each object, what it rests on, and how many steps away that is."""
        _explore(objects, self.look_up, self._below)
        return {one: _reached(one, self._below) for one in objects}

    def _look_above(self, objects: Collection[str]) -> None:
        new = sorted(_not_in(self._above, objects))
        self._above.update({one: [] for one in new})
        for some in _parts(new):
            named = (self._context.naming(SERVICE, path, some) for path in self._paths(some))
            found = {one["id"]: one for services in named for one in services}
            self._services.update(found)
            asked = frozenset(some)
            for identity, service in sorted(found.items()):
                for below in sorted(asked.intersection(self._stated(service))):
                    self._above[below].append(identity)

    def _paths(self, objects: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Where a service may name one of the objects: what is a service is no resource."""
        if not all(self._services.get(one) for one in objects):
            yield "supportingResource", "id"
        yield "supportingService", "id"
        yield "serviceRelationship", "service", "id"

    def look_up(self, objects: Collection[str]) -> None:
        """Look up those of the objects that are services."""
        new = sorted(_not_in(self._services, objects))
        self._services.update(dict.fromkeys(new))
        for some in _parts(new):
            for service in self._context.read_all(SERVICE, some):
                self._services[service["id"]] = service

    def _below(self, identity: str) -> list[str]:
        service = self._services.get(identity)
        return [] if service is None else self._stated(service)

    def _stated(self, service: Document) -> list[str]:
        """What a service itself says that it rests on."""
        if service.get("state") == "terminated":
            return []
        stated = [*(service.get("supportingResource") or ())]
        stated += service.get("supportingService") or ()
        stated += (
            one.get("service") or {}
            for one in service.get("serviceRelationship") or ()
            if str(one.get("relationshipType")).lower() in self._relationships
        )
        return [str(one["id"]) for one in stated if one.get("id")]


def _explore(objects: Collection[str], look: _Look, beyond: _Beyond) -> None:
    """Look up all that can be reached, level by level."""
    seen = set(objects)
    level = set(objects)
    while level:
        look(level)
        level = {other for one in level for other in beyond(one)} - seen
        seen |= level


def _reached(start: str, beyond: _Beyond) -> dict[str, int]:
    """What can be reached from an object, but itself, and in how many steps."""
    found = {start: 0}
    level, steps = [start], 0
    while level:
        steps += 1
        new = dict.fromkeys(other for one in level for other in beyond(one) if other not in found)
        found.update(dict.fromkeys(new, steps))
        level = list(new)
    del found[start]
    return found


def _not_in(known: Collection[str], ids: Iterable[str]) -> set[str]:
    return {one for one in ids if one not in known}


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))
