"""Documents made from the schemas of a published document: the least, and everything.

Nothing is random: a document depends only on the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

Schema = Mapping[str, Any]


class Instances:
    """Makes documents of the schemas under `components/schemas`."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self._numbers = count(1)

    def least(self, name: str) -> dict[str, Any]:
        """A document of what is required, and of nothing else, at every level."""
        made = self._value("", {"$ref": f"/{name}"}, (), everything=False)
        assert isinstance(made, dict)
        return made

    def everything(self, name: str) -> dict[str, Any]:
        """A document of every attribute at every level; lists hold one element.

        A schema that contains itself is filled once on the way down.
        """
        made = self._value("", {"$ref": f"/{name}"}, (), everything=True)
        assert isinstance(made, dict)
        return made

    def _value(self, name: str, schema: Schema, above: tuple[str, ...], *, everything: bool) -> Any:
        while "$ref" in schema or "allOf" in schema or "anyOf" in schema:
            if "$ref" in schema:
                referred = str(schema["$ref"]).rsplit("/", 1)[1]
                everything = everything and referred not in above
                above = (*above, referred)
                schema = self._schemas[referred]
            else:
                schema = (schema.get("allOf") or schema["anyOf"])[0]
        match schema.get("type"):
            case "object":
                return self._object(schema, above, everything=everything)
            case "array":
                return self._array(name, schema, above, everything=everything)
            case other:
                return self._scalar(name, other, schema)

    def _scalar(self, name: str, kind: str | None, schema: Schema) -> Any:
        number = next(self._numbers)
        if kind == "string":
            stated = (*schema.get("enum", ()), schema.get("example"))
            return next((text for text in stated if text), _text(name, number, schema))
        # An attribute without a type takes anything.
        anything = {"any": [1.5, "text", None]}
        return {"integer": number, "number": number + 0.25, "boolean": True}.get(kind, anything)

    def _object(
        self, schema: Schema, above: tuple[str, ...], *, everything: bool
    ) -> dict[str, Any]:
        required = schema.get("required", ())
        state = schema.get("x-lifecycle", {"attribute": None})
        made = {
            name: self._value(name, part, above, everything=everything)
            for name, part in schema.get("properties", {}).items()
            if everything or name in required
        }
        if state["attribute"] in made:
            made[state["attribute"]] = state["initial"][0]
        return made

    def _array(
        self, name: str, schema: Schema, above: tuple[str, ...], *, everything: bool
    ) -> list[Any]:
        if not everything and not schema.get("minItems"):
            return []
        return [self._value(name, schema["items"], above, everything=everything)]


def _text(name: str, number: int, schema: Schema) -> str:
    match schema.get("format"):
        case "date-time":
            return f"2031-03-01T12:{number // 60 % 60:02}:{number % 60:02}.678Z"
        case "uri":
            return f"https://example.com/a/{number}?c=d"
        case _:
            return f"{name}-{number}"
