"""Parameters against their declaration in the specification, compiled once.

Taken are texts, numbers, booleans and arrays of them in the query, texts in headers, and texts and
integers at the end of a path: more than the bundled documents declare. Anything else stops the
start, lest it be declared and not enforced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from tmf.rest.exchange import Request, headers_of
from tmf.rest.validation import BodyValidator
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import parse_number

_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_TYPES = {
    "query": _SCALARS | {"array"},
    "header": frozenset({"string"}),
    "path": frozenset({"string", "integer"}),
}
_SEPARATORS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
_ANYTHING: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "query": [{"type": "string"}],
    "header": [{"type": "string"}],
    "path": [{"type": "string"}, {"type": "string", "minLength": 1}],  # no segment is empty
}
"""Declarations that nothing can be contrary to."""
_CODES = {"query": "invalidQuery", "header": "invalidHeader", "path": "notFound"}


class _Parameter:
    """One declared parameter. `judges` unless anything at all is as declared."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self.name: str = declared["name"]
        self.place: str = declared["in"]
        self.required = bool(declared.get("required"))
        schema: Mapping[str, Any] = declared.get("schema", {})
        self._type: str = schema.get("type", "")
        self._scalar = schema.get("items", {}).get("type", "") if self._is_array else self._type
        style = declared.get("style", "form")
        if (
            self._type not in _TYPES.get(self.place, ())
            or self._scalar not in _SCALARS
            or schema.get("nullable")
            or (self._is_array and style not in _SEPARATORS)
        ):
            raise ValueError(f"a parameter like {self.name} is not supported: {declared}")
        self._separator = _SEPARATORS.get(style, ",")
        self._explode = bool(declared.get("explode", style == "form"))
        self.judges = dict(schema) not in _ANYTHING[self.place]
        self._validator = BodyValidator(schema, {})

    @property
    def _is_array(self) -> bool:
        return self._type == "array"

    def check(self, texts: list[str]) -> None:
        """The error of its place unless each of the texts is as declared (of arrays: together)."""
        values: Iterable[Any] = (_typed(text, self._scalar) for text in texts)
        if self._is_array:
            joined = self._separator.join(texts) if self._explode else texts[-1]
            values = [[_typed(text, self._scalar) for text in joined.split(self._separator)]]
        for value in values:
            try:
                self._validator.check(value)
            except GuidelineError as error:
                message = f"{self.name}: {error.message}"
                raise GuidelineError(_CODES[self.place], message) from error

    def missing(self) -> GuidelineError:
        """The error for a required one that is not there."""
        return GuidelineError(_CODES[self.place], f"{self.name} is required")


class ParameterChecks:
    """The declared parameters of one operation.

    Undeclared ones in the query are criteria and not judged here. Texts without constraints need
    no check, so an operation that has only such has none.
    """

    def __init__(self, parameters: Sequence[Mapping[str, Any]]) -> None:
        declared = [_Parameter(parameter) for parameter in parameters]
        judged = [parameter for parameter in declared if parameter.judges or parameter.required]
        self._query = {one.name: one for one in judged if one.place == "query"}
        self._headers = [
            (one.name.lower().encode(), one) for one in judged if one.place == "header"
        ]
        self._path = [one for one in judged if one.place == "path" and one.judges]
        self._needs_query = any(one.required for one in self._query.values())

    def check(self, request: Request) -> None:
        """An error unless every declared parameter is as declared: 400, or 404 in the path."""
        for parameter in self._path:
            parameter.check([request.identity])
        if self._query and (self._needs_query or request.scope["query_string"]):
            self._check_query(request.query_string)
        for name, parameter in self._headers:
            value = headers_of(request.scope).get(name)
            if value is not None:
                parameter.check([value.decode("latin-1")])
            elif parameter.required:
                raise parameter.missing()

    def _check_query(self, query_string: str) -> None:
        readable = query_string.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        given: dict[str, list[str]] = {}
        for raw in readable.split("&"):
            name, _, text = raw.partition("=")
            if _plain(name) in self._query:
                given.setdefault(_plain(name), []).append(_plain(text))
        for name, parameter in self._query.items():
            if name in given:
                parameter.check(given[name])
            elif parameter.required:
                raise parameter.missing()


def _plain(text: str) -> str:
    """A name or a value of a query string, decoded."""
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text


def _typed(text: str, json_type: str) -> Any:
    """The text as the declared JSON type, or as itself, which the schema then refuses."""
    if json_type == "integer" and text.isascii() and text.removeprefix("-").isdigit():
        return int(text[:40])
    if json_type == "number" and (number := parse_number(text)) is not None:
        return number
    if json_type == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
