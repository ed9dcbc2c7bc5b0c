"""Refuses misspelt `x-` data of an API's file, which would silently do nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tmf.spec.compose import SpecError

_FILE = frozenset({"x-base-paths", "x-resources"})
_SCHEMA = frozenset({"x-free-text", "x-lifecycle"})
_NEEDED = frozenset({"description", "operations", "schema"})
_FACTS = _NEEDED | {
    "task",
    "create-required",
    "not-in-create",
    "immutable",
    "server-set",
    "defaults",
    "indexed",
    "events",
    "state",
    "public",
    "parties",
}
_LIFECYCLE_NEEDED = frozenset({"attribute", "initial", "moves"})
_LIFECYCLE = _LIFECYCLE_NEEDED | {"stamps", "advisory"}
_RULES = ("created", "changed", "absent")
_EVENT = "(Create|AttributeValueChange|StateChange|Delete|InformationRequired|Batch)Event"


def check_file(name: str, stated: Mapping[str, Any]) -> None:
    """The top of an API's file."""
    _check_keys(name, (key for key in stated if key.startswith("x-")), _FILE, _FILE)


def check_schemas(name: str, schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """The `x-` data of composed schemas."""
    for schema_name, schema in schemas.items():
        place = f"{name}, schema {schema_name}"
        _check_schema(place, schema)
        if "x-lifecycle" in schema:
            _check_lifecycle(place, schema["x-lifecycle"], schema.get("properties", {}))


def check_facts(key: str, facts: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """What `x-resources` states of one resource, but for the attributes that it names."""
    _check_keys(key, facts, _FACTS, _NEEDED)
    schema = schemas.get(facts["schema"])
    if schema is None:
        raise SpecError(f"{key}: there is no schema {facts['schema']}")
    _check_keys(f"{key}: schema {facts['schema']}", schema, schema, {"description", "properties"})
    for attribute in ("id", "href"):
        if attribute not in schema["properties"]:
            raise SpecError(f"{key}: schema {facts['schema']} has no {attribute} (extend Entity)")
    for attribute, rule in facts.get("server-set", {}).items():
        if rule not in _RULES and not _is_fixed_text(rule):
            raise SpecError(
                f"{key}: server-set {attribute} is {', '.join(_RULES)} or "
                f"{{value: a text}}, not {rule}"
            )
    for event in facts.get("events", ()):
        if re.fullmatch(facts["schema"] + _EVENT, event) is None:
            raise SpecError(f"{key}: {event} is not the name of an event of {facts['schema']}")


def _is_fixed_text(rule: Any) -> bool:
    return isinstance(rule, dict) and rule.keys() == {"value"} and isinstance(rule["value"], str)


def _check_schema(place: str, schema: Mapping[str, Any]) -> None:
    _check_keys(place, (key for key in schema if key.startswith("x-")), _SCHEMA)
    for name, part in schema.get("properties", {}).items():
        _check_schema(f"{place}.{name}", part)
    if isinstance(schema.get("items"), Mapping):
        _check_schema(f"{place}[]", schema["items"])
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        _check_schema(place, part)


def _check_lifecycle(place: str, stated: Mapping[str, Any], attributes: Iterable[str]) -> None:
    _check_keys(f"{place}: x-lifecycle", stated, _LIFECYCLE, _LIFECYCLE_NEEDED)
    stamps = stated.get("stamps", {})
    for attribute in (stated["attribute"], *stamps.values()):
        if attribute not in attributes:
            raise SpecError(f"{place}: x-lifecycle names {attribute}, which the schema lacks")
    if not stated["initial"]:
        raise SpecError(f"{place}: x-lifecycle has no initial state")
    targets = (state for states in stated["moves"].values() for state in states)
    for state in (*stated["initial"], *targets, *stamps):
        if state not in stated["moves"]:
            raise SpecError(f"{place}: x-lifecycle does not say where {state} may move to")


def _check_keys(
    place: str,
    found: Iterable[str],
    known: Iterable[str],
    needed: Iterable[str] = (),
) -> None:
    names = set(found)
    for name in sorted(names - set(known)):
        raise SpecError(f"{place}: {name} is unknown here")
    for name in sorted(set(needed) - names):
        raise SpecError(f"{place}: {name} is missing")
