"""A made-up API whose one resource has attributes of every kind."""

from __future__ import annotations

from typing import Any

from tmf.spec.bundle import load_api
from tmf.spec.model import Resource

SHAPES: dict[str, dict[str, str]] = {
    "Sample": {
        "id": "text",
        "href": "text",
        "@type": "text",
        "name": "text",
        "state": "text",
        "start": "instant",
        "end": "instant",
        "description": "prose",
        "quantity": "number",
        "active": "boolean",
        "value": "open",
        "tag": "text*",
        "reading": "number*",
        "moment": "instant*",
        "flag": "boolean*",
        "price": "Price",
        "limits": "Limits",
        "item": "Item*",
    },
    "Item": {
        "id": "text",
        "action": "text",
        "quantity": "number",
        "active": "boolean",
        "when": "instant",
        "value": "open",
        "note": "prose",
        "tag": "text*",
        "price": "Price",
        "item": "Item*",
    },
    "Price": {"unit": "text", "amount": "number", "from": "instant"},
    "Limits": {"lt": "number", "eq": "text", "gt": "instant"},
}
"""Each schema's attributes: a kind, `prose` (text without tokens) or a schema; `*` an array."""

INDEXED = ("name", "state", "start", "end")

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "prose": {"type": "string", "x-free-text": True},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "instant": {"type": "string", "format": "date-time"},
    "open": {},
}


def sample_resource() -> Resource:
    """The resource, read by the program from an API file that says what SHAPES says."""
    source = {
        "openapi": "3.0.3",
        "info": {"title": "Sample", "version": "1", "description": "Made up."},
        "x-base-paths": ["/tmf-api/sample/v1"],
        "x-resources": {
            "sample": {
                "description": "Made up.",
                "schema": "Sample",
                "operations": ["list"],
                "indexed": list(INDEXED),
            }
        },
        "components": {"schemas": {name: _schema(name) for name in SHAPES}},
    }
    return load_api("TMF999", source).resources["sample"]


def kind_at(path: tuple[str, ...]) -> str:
    """How values at a path are compared: a kind, `object`, or `open` where nothing is said."""
    shape = "Sample"
    for name in path:
        shape = SHAPES.get(shape, {}).get(name, "open").rstrip("*")
    return "object" if shape in SHAPES else shape.replace("prose", "text")


def _schema(name: str) -> dict[str, Any]:
    properties = {attribute: _part(shape) for attribute, shape in SHAPES[name].items()}
    return {"type": "object", "description": "Made up.", "properties": properties}


def _part(shape: str) -> dict[str, Any]:
    if shape.endswith("*"):
        return {"type": "array", "items": _part(shape[:-1])}
    return _TYPES.get(shape, {"$ref": f"#/components/schemas/{shape}"})
