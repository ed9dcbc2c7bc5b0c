"""The attributes of a schema as a graph: how each is compared, and what lies below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tmf.tmf630_guidelines.values import Kind

Schemas = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Attribute:
    """`free_text` marks prose: found by reading, not kept in the search tokens.

    `children` are seen through arrays, and the graph may be cyclic.
    """

    kind: Kind
    free_text: bool = False
    children: dict[str, Attribute] = field(default_factory=dict, repr=False)


def attribute_graph(schemas: Schemas, name: str) -> Attribute:
    """The graph of one schema (one node per object schema, so cycles stay finite)."""
    built: dict[str, Attribute] = {}

    def of_schema(schema_name: str) -> Attribute:
        if schema_name not in built:
            schema = schemas[schema_name]
            node = built[schema_name] = Attribute(_kind(schema))
            node.children.update(
                {key: of_part(part) for key, part in schema.get("properties", {}).items()}
            )
        return built[schema_name]

    def of_part(part: Mapping[str, Any]) -> Attribute:
        while "items" in part or "anyOf" in part:
            part = part["items"] if "items" in part else part["anyOf"][0]
        if "$ref" in part:
            return of_schema(part["$ref"].rsplit("/", 1)[1])
        return Attribute(_kind(part), free_text=part.get("x-free-text", False))

    return of_schema(name)


def _kind(schema: Mapping[str, Any]) -> Kind:
    match schema.get("type"):
        case "string":
            return "instant" if schema.get("format") == "date-time" else "text"
        case "number" | "integer":
            return "number"
        case "boolean":
            return "boolean"
        case "object":
            return "object"
        case _:
            return "open"
