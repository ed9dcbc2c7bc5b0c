"""Composes the schemas of one API: its own file over `common.yaml`, `allOf` written out flat.

A schema of the API's file may extend a shared one (`allOf` with a `$ref` into common.yaml);
if it has the same name it refines the shared schema wherever this API uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Schema = dict[str, Any]

LOCAL = "#/components/schemas/"
COMMON = "common.yaml#/components/schemas/"


class SpecError(Exception):
    """A specification file contradicts itself; the message names file and place."""


def compose(own: dict[str, Schema], common: dict[str, Schema]) -> dict[str, Schema]:
    """Every schema that `own` holds or reaches, flat, with local references only."""
    composed: dict[str, Schema] = {}
    waiting = list(own)
    while waiting:
        name = waiting.pop()
        if name in composed:
            continue
        composed[name] = _localised(_flatten(name, own, common))
        waiting.extend(referenced(composed[name]))
    return dict(sorted(composed.items()))


def referenced(schema: Any) -> Iterator[str]:
    """The names of the schemas that this one refers to directly."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield str(value).rsplit("/", 1)[1]
            else:
                yield from referenced(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from referenced(value)


def _flatten(name: str, own: dict[str, Schema], common: dict[str, Schema]) -> Schema:
    if name in own:
        return _merged(name, own[name], own, common)
    if name in common:
        return _merged(name, common[name], common, common)
    raise SpecError(f"schema {name} is referred to but nowhere defined")


def _merged(
    name: str, schema: Schema, scope: dict[str, Schema], common: dict[str, Schema]
) -> Schema:
    """The schema with its `allOf` bases merged in: bases first, its own words last."""
    if "allOf" not in schema:
        return deepcopy(schema)
    merged: Schema = {"type": "object", "properties": {}, "required": []}
    for part in schema["allOf"]:
        base = _base(name, part, scope, common)
        merged["properties"].update(base.get("properties", {}))
        merged["required"] += base.get("required", [])
    own = {key: value for key, value in schema.items() if key != "allOf"}
    merged["properties"].update(deepcopy(own.pop("properties", {})))
    merged["required"] += own.pop("required", [])
    merged.update(deepcopy(own))
    merged["required"] = sorted(set(merged["required"]))
    if not merged["required"]:
        del merged["required"]
    return merged


def _base(name: str, part: Schema, scope: dict[str, Schema], common: dict[str, Schema]) -> Schema:
    reference = part.get("$ref", "")
    if reference.startswith(COMMON) and reference.removeprefix(COMMON) in common:
        base = reference.removeprefix(COMMON)
        return _merged(base, common[base], common, common)
    if reference.startswith(LOCAL) and reference.removeprefix(LOCAL) in scope:
        base = reference.removeprefix(LOCAL)
        return _merged(base, scope[base], scope, common)
    raise SpecError(f"schema {name}: allOf takes references to known schemas only, not {part}")


def _localised(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: LOCAL + value.rsplit("/", 1)[1] if key == "$ref" else _localised(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_localised(value) for value in schema]
    return schema
