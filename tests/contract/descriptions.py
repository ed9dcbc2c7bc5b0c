"""Finds the descriptions of a document, and tells those that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAMED_ANYTHING = {"attribute", "field", "list", "object", "property", "value"}
_SMALL = {"a", "an", "and", "any", "are", "as", "at", "be", "by", "for", "from", "has", "have"}
_SMALL |= {"in", "is", "it", "its", "may", "of", "on", "or", "that", "the", "this", "to", "with"}
_FILLERS = _NAMED_ANYTHING | _SMALL | {"what", "when", "where", "which"}


def descriptions(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Place, name and description (or nothing) of every schema and of every attribute."""
    for name, schema in document["components"]["schemas"].items():
        yield name, name, schema.get("description", "")
        yield from _attributes(name, schema)


def _attributes(place: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, part in schema.get("properties", {}).items():
        yield f"{place}.{name}", name, part.get("description", "")
        yield from _attributes(f"{place}.{name}", part)
    items = [schema["items"]] if "items" in schema else []
    for inner in [*items, *schema.get("allOf", ()), *schema.get("anyOf", ())]:
        yield from _attributes(place, inner)


def says_something(name: str, text: str) -> bool:
    """More than three words, and more in them than the name and what stands around any noun."""
    known = _FILLERS | {_singular(word) for word in _words(name)}
    return len(text.split()) > 3 and len({_singular(word) for word in _words(text)} - known) > 1


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word
