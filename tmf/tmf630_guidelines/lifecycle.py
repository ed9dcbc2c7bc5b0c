"""Lifecycles: which states a resource may start in and which moves it may make.

Stated as `x-lifecycle` on a schema of `openapi/`; enforced on the resource and on the
elements nested in it (order items), which are recognised by their `id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tmf.tmf630_guidelines.errors import GuidelineError


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """`moves` maps each state to those it may go to; `advisory` ones are enforced on request.
    `stamps` names the attribute that keeps when a state was entered, if the client does not say.

    States of an advisory lifecycle are free text in the standard: compared without case.
    """

    attribute: str
    initial: tuple[str, ...]
    moves: Mapping[str, tuple[str, ...]]
    advisory: bool = False
    stamps: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> Lifecycle:
        """From the `x-lifecycle` of a schema."""
        return cls(
            attribute=stated["attribute"],
            initial=tuple(stated["initial"]),
            moves={state: tuple(to) for state, to in stated["moves"].items()},
            advisory=stated.get("advisory", False),
            stamps=stated.get("stamps", {}),
        )

    def check_start(self, state: Any, where: str) -> None:
        """Refuse a state in which nothing may begin; an absent one is set by the server."""
        if state is not None and self._known(state) not in self.initial:
            allowed = ", ".join(self.initial)
            raise GuidelineError(
                "lifecycleRefused", f"{where}{self.attribute} may start as: {allowed}; not {state}"
            )

    def check_move(self, before: Any, after: Any, where: str) -> None:
        """Refuse a move that the lifecycle does not have."""
        if before is None or (after is not None and self._known(before) == self._known(after)):
            return
        allowed = self.moves.get(self._known(before), ())
        if after is None or self._known(after) not in allowed:
            raise GuidelineError(
                "lifecycleRefused",
                f"{where}{self.attribute} may go from {before} to: "
                f"{', '.join(allowed) or 'no other state'}; not to {after}",
            )

    def _known(self, state: Any) -> str:
        text = str(state)
        if not self.advisory:
            return text
        return next((name for name in self.moves if name.lower() == text.lower()), text)


@dataclass(frozen=True, slots=True)
class LifecycleTree:
    """The lifecycles of a schema and, per attribute, of what is nested in it.

    Build with `lifecycle_tree`. Trees may be cyclic (an order item holds order items).
    """

    own: tuple[Lifecycle, ...]
    below: dict[str, LifecycleTree]

    def check(self, before: Any, after: Any, where: str = "") -> None:
        """Refuse starts and moves that are not allowed, anywhere in the document.

        `before` is None where the object is new.
        """
        if not isinstance(after, dict):
            return
        known = before if isinstance(before, dict) else None
        for lifecycle in self.own:
            state = after.get(lifecycle.attribute)
            if known is None:
                lifecycle.check_start(state, where)
            else:
                lifecycle.check_move(known.get(lifecycle.attribute), state, where)
        for name, tree in self.below.items():
            for label, old, new in _pairs(known.get(name) if known else None, after.get(name)):
                tree.check(old, new, f"{where}{name}{label}.")

    def stamp(self, before: Any, after: Any, now: str) -> None:
        """Note when a state was entered, where the lifecycle names an attribute for it."""
        if not isinstance(after, dict):
            return
        known = before if isinstance(before, dict) else {}
        for lifecycle in self.own:
            state = after.get(lifecycle.attribute)
            stamp = lifecycle.stamps.get(str(state))
            if stamp is not None and state != known.get(lifecycle.attribute):
                after.setdefault(stamp, now)
        for name, tree in self.below.items():
            for _, old, new in _pairs(known.get(name), after.get(name)):
                tree.stamp(old, new, now)

    def start(self, document: Any) -> None:
        """Write the first initial state wherever a new object states none."""
        if not isinstance(document, dict):
            return
        for lifecycle in self.own:
            document.setdefault(lifecycle.attribute, lifecycle.initial[0])
        for name, tree in self.below.items():
            for _, _, new in _pairs(None, document.get(name)):
                tree.start(new)


def _pairs(before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Old and new of the same nested object; elements of an array are told by `id`."""
    if not isinstance(after, list):
        yield "", before, after
        return
    old = before if isinstance(before, list) else ()
    known = {_identity(element): element for element in old}
    for index, element in enumerate(after):
        identity = _identity(element)
        label = f"[{identity if identity is not None else index}]"
        yield label, known.get(identity) if identity is not None else None, element


def _identity(element: Any) -> str | None:
    identity = element.get("id") if isinstance(element, dict) else None
    return identity if isinstance(identity, str) else None


def lifecycle_tree(
    schemas: Mapping[str, Mapping[str, Any]],
    name: str,
    *,
    separate: frozenset[str] = frozenset(),
    enforce_advisory: bool = False,
) -> LifecycleTree:
    """The tree of the lifecycles that a schema states and reaches.

    `separate` are the schemas of resources: embedded in another one, such a document is a
    pattern or a copy, and its lifecycle is enforced where it lives.
    """
    built: dict[str, LifecycleTree] = {}

    def build(schema_name: str) -> LifecycleTree:
        if schema_name in built:
            return built[schema_name]
        schema = schemas[schema_name]
        stated = [Lifecycle.read(schema["x-lifecycle"])] if "x-lifecycle" in schema else []
        own = tuple(item for item in stated if enforce_advisory or not item.advisory)
        tree = built[schema_name] = LifecycleTree(own, {})
        for attribute, target in _nested(schema):
            if target not in separate and _reaches(schemas, target, set(separate)):
                tree.below[attribute] = build(target)
        return tree

    return build(name)


def _nested(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Attributes that hold objects of a named schema, single or in an array."""
    for attribute, part in schema.get("properties", {}).items():
        target = part.get("items", part).get("$ref")
        if target:
            yield attribute, target.rsplit("/", 1)[1]


def _reaches(schemas: Mapping[str, Mapping[str, Any]], name: str, seen: set[str]) -> bool:
    if name in seen:
        return False
    seen.add(name)
    schema = schemas[name]
    return "x-lifecycle" in schema or any(
        _reaches(schemas, target, seen) for _, target in _nested(schema)
    )
