"""Reduces an API's document to plain facts, so that two documents can be compared.

Facts are a map `subject -> fact -> value`, all texts. A subject is the API as a whole (`api`),
an operation (`get /productOrder`), an event (`event ProductOrderCreateEvent`) or a schema
(`schema ProductOrder`). The value says what the fact is, or just `present`. Wording and prose
(titles, summaries, descriptions, examples, tags) and what is ours to add (`x-` keys) are no
facts; neither is `nullable`, a word that Swagger 2.0 does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tmf.spec.sources import directory

Schema = Mapping[str, Any]
Facts = dict[str, dict[str, str]]
Kind = Literal["missing", "extra", "changed"]

PRESENT = "present"
METHODS = ("get", "put", "post", "patch", "delete", "options", "head", "trace")

_PROSE = {"description", "title", "example", "nullable"}
_WORDED = {"$ref", "type", "format", "items", "properties", "allOf", "anyOf"}
_LISTED = {"properties", "required", "enum"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact on which two documents disagree; a value is empty where its side lacks the fact."""

    api: str
    subject: str
    fact: str
    kind: Kind
    official: str
    ours: str

    def __str__(self) -> str:
        values = f"official {self.official!r}, ours {self.ours!r}"
        return f"{self.api} {self.subject} {self.fact}: {self.kind} ({values})"


def served() -> list[str]:
    """The names of the APIs that the project has a file of, as in `TMF622`."""
    return sorted(path.stem.upper() for path in directory().glob("tmf[0-9]*.yaml"))


def differences(api: str, official: Facts, ours: Facts) -> Iterator[Difference]:
    """Every fact that only one side has (`missing`: ours has it not) or that differs."""
    for subject in sorted(official.keys() | ours.keys()):
        theirs, mine = official.get(subject, {}), ours.get(subject, {})
        for fact in sorted(theirs.keys() | mine.keys()):
            was, now = theirs.get(fact, ""), mine.get(fact, "")
            if was != now:
                kind: Kind = "changed" if was and now else "missing" if was else "extra"
                yield Difference(api, subject, fact, kind, was, now)


def facts_of(document: Mapping[str, Any]) -> Facts:
    """The facts of an OAS 3.0 document.

    The callbacks of an operation become events: they are what the official files describe as
    paths of the client, `/listener/<event>`.
    """
    api = {"version": document["info"]["version"]}
    api |= {f"base path {server['url']}": PRESENT for server in document["servers"]}
    facts: Facts = {"api": api}
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method, operation in operations(item):
            facts[f"{method} {path}"] = _operation(document, operation, shared, api)
            for event, targets in operation.get("callbacks", {}).items():
                facts[f"event {event}"] = _event(document, targets, api)
    return facts | schema_facts(document["components"]["schemas"])


def operations(item: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The operations under one path, by method."""
    return ((method, item[method]) for method in METHODS if method in item)


def _event(document: Mapping[str, Any], targets: Schema, api: dict[str, str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for path, item in targets.items():
        for method, operation in operations(item):
            facts |= {"path": path, "method": method}
            facts |= _operation(document, operation, [], api)
    return facts


def _operation(
    document: Mapping[str, Any],
    operation: Mapping[str, Any],
    shared: list[Schema],
    api: dict[str, str],
) -> dict[str, str]:
    facts = {"operationId": operation["operationId"]}
    for stated in [*shared, *operation.get("parameters", [])]:
        parameter = _resolved(document, stated)
        facts[f"parameter {parameter['in']} {parameter['name']}"] = with_need(
            worded(parameter["schema"]), parameter.get("required", False)
        )
    body = operation.get("requestBody")
    if body:
        content = {media: worded(part["schema"]) for media, part in body["content"].items()}
        first = content.get("application/json", next(iter(content.values())))
        facts["body"] = with_need(first, body.get("required", False))
        facts |= {f"body as {media}": schema for media, schema in content.items()}
    for status, answer in operation["responses"].items():
        facts |= _answer(document, status, _resolved(document, answer), api)
    return facts


def _answer(
    document: Mapping[str, Any], status: str, answer: Mapping[str, Any], api: dict[str, str]
) -> dict[str, str]:
    content = answer.get("content", {})
    api |= {f"produces {media}": PRESENT for media in content}
    schemas = {worded(part["schema"]) for part in content.values()}
    facts = {f"status {status}": " or ".join(sorted(schemas)) or "nothing"}
    for name, header in answer.get("headers", {}).items():
        facts[f"status {status} header {name}"] = worded(_resolved(document, header)["schema"])
    return facts


def with_need(text: str, required: bool) -> str:
    """`string optional`, `ProductOrder_Create required`."""
    return f"{text} {'required' if required else 'optional'}"


def schema_facts(schemas: Mapping[str, Schema]) -> Facts:
    """The facts of named schemas: type, every attribute, what is required, the enumeration."""
    return {f"schema {name}": _one_schema(schema) for name, schema in schemas.items()}


def _one_schema(schema: Schema) -> dict[str, str]:
    shell = {key: value for key, value in schema.items() if key not in _LISTED}
    facts = {"type": worded(shell)}
    for name, part in schema.get("properties", {}).items():
        facts[f"attribute {name}"] = worded(part)
    facts |= {f"required {name}": PRESENT for name in schema.get("required", [])}
    facts |= {f"enum {json.dumps(value)}": PRESENT for value in schema.get("enum", [])}
    return facts


def worded(schema: Schema) -> str:
    """A schema in words: `array of Note`, `string(date-time)`, `integer minimum 0`.

    A wrapper around a single reference says no more than the reference, and `Null` as the last
    choice no more than `nullable`. Whatever else is stated is written out, so that it shows.
    """
    rest = "".join(
        f" {key} {json.dumps(schema[key], sort_keys=True)}"
        for key in sorted(schema.keys() - _PROSE - _WORDED)
        if not key.startswith("x-")
    )
    return _kind(schema) + rest


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    for choice in ("allOf", "anyOf"):
        if choice in schema:
            parts = [worded(part) for part in schema[choice]]
            if choice == "anyOf" and parts[-1] == "Null":
                parts.pop()
            return parts[0] if len(parts) == 1 else f"{choice} {', '.join(parts)}"
    if schema.get("type") == "array":
        return f"array of {worded(schema['items'])}"
    text = str(schema.get("type", "any"))
    if "format" in schema:
        text += f"({schema['format']})"
    if "properties" in schema:
        inner = (f"{name}: {worded(part)}" for name, part in schema["properties"].items())
        text += f" {{{', '.join(inner)}}}"
    return text


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = document
    for name in str(part["$ref"]).removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(document, found)
