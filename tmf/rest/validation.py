"""Bodies against the specification: compiled once, a clear message when refused.

jsonschema-rs reads JSON Schema, so OAS's `nullable` is translated. Formats are judged as
leniently as real telco data needs: a date-time may lack seconds or offset, a URI a port number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cached_property
from typing import Any

import jsonschema_rs

from tmf.spec.compose import referenced
from tmf.tmf630_guidelines.documents import NumberText
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import parse_instant

Schema = Mapping[str, Any]

_URI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|\.{0,2}/)[^\s<>\"{}|\\^`]*")
_MOST = 5
"""Violations named in one error."""


class BodyValidator:
    """One schema of a bundled document, which judges decoded JSON values.

    It is compiled when it is first asked: of all there are, most servers need few.
    """

    def __init__(self, schema: Schema, schemas: Mapping[str, Schema]) -> None:
        self._schema = schema
        self._schemas = schemas

    @cached_property
    def _validator(self) -> Any:
        needed = _json_schema(_reachable(self._schema, self._schemas))
        document = {**_json_schema(self._schema), "components": {"schemas": needed}}
        return jsonschema_rs.Draft202012Validator(
            document, validate_formats=True, formats={"date-time": _is_instant, "uri": _is_uri}
        )

    def accepts(self, value: Any) -> bool:
        """Whether the value satisfies the schema."""
        with suppress(ValueError):  # jsonschema-rs takes Decimal, but no class derived from it
            if self._validator.is_valid(value):
                return True
        return bool(self._validator.is_valid(_plain(value)))

    def check(self, value: Any, code: str = "invalidDocument") -> None:
        """An error of that code unless the value satisfies the schema; it names the places."""
        if self.accepts(value):
            return
        violations = [_violation(error) for error in self._validator.iter_errors(_plain(value))]
        more = len(violations) - _MOST
        text = "; ".join(violations[:_MOST]) + (f"; and {more} more" if more > 0 else "")
        raise GuidelineError(code, text)


def _reachable(schema: Schema, schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The schemas that the schema leads to: a validator keeps a copy of all it is given."""
    found: dict[str, Schema] = {}
    waiting = list(referenced(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting += referenced(found[name])
    return found


def _plain(value: Any) -> Any:
    """A copy in which a number kept with its spelling is a mere Decimal."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return Decimal(value) if isinstance(value, NumberText) else value


def _violation(error: Any) -> str:
    place = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path
    ).lstrip(".")
    message = error.message if len(error.message) <= 200 else error.message[:200] + "…"
    return f"{place}: {message}" if place else message


def _is_instant(text: str) -> bool:
    return parse_instant(text) is not None


def _is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def _json_schema(schema: Any) -> Any:
    """OAS 3.0 schema objects as JSON Schema."""
    if isinstance(schema, list):
        return [_json_schema(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    # An attribute may be called nullable too: under `properties` a name leads to a schema.
    translated = {
        key: _json_schema(value)
        for key, value in schema.items()
        if key != "nullable" or isinstance(value, Mapping)
    }
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        translated["type"] = [schema["type"], "null"]
    return translated
