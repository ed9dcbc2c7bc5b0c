"""Ordering: the `sort` parameter, and the order of documents in memory.

What SQL sorts must come out the same, so every choice is written down here:

- The value at a path is the first scalar there, in document order and through arrays. One
  that is not of the attribute's kind counts as absent, as do null, objects and empty arrays.
- Texts go by code point and by their first TEXT_PREFIX characters only, since databases
  index a prefix; numbers by value; instants as moments; false before true. Where the kind is
  open, numbers come before texts and texts before booleans.
- Absent comes last, ascending and descending; ties go to the next key, the last to `id`.

Source: TMF630 part 1, sorting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.operands import KindOf, attribute_path, refuse, scalar_kind
from tmf.tmf630_guidelines.values import Kind, is_number, parse_instant

MAX_KEYS = 8
TEXT_PREFIX = 256
"""How many characters of a text are compared."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order: the attribute's path through arrays, its kind, the direction."""

    path: tuple[str, ...]
    kind: Kind
    descending: bool


def parse_sort(text: str, kind_of: KindOf) -> tuple[SortKey, ...]:
    """The comma list as keys; `-` descends, `+` (or the blank it decodes to) ascends.

    A blank text is no key. Raises 400 for an empty or repeated key, a key on an object, and
    more than MAX_KEYS keys.
    """
    if not text.strip():
        return ()
    parts = text.split(",", MAX_KEYS)
    if len(parts) > MAX_KEYS:
        raise refuse("sort", f"more than {MAX_KEYS} keys")
    keys = tuple(_key(part.strip(), kind_of) for part in parts)
    if len({key.path for key in keys}) < len(keys):
        raise refuse("sort", "an attribute is named twice")
    return keys


def _key(text: str, kind_of: KindOf) -> SortKey:
    name = text[1:] if text[:1] in ("+", "-") else text
    if name[:1] in ("+", "-"):
        raise refuse("sort", "a key has more than one sign")
    path = attribute_path(name, "sort")
    return SortKey(path, scalar_kind(path, kind_of, "sort"), text[:1] == "-")


def sort_documents(
    documents: Iterable[Document], keys: Iterable[SortKey], id_of: Callable[[Document], str]
) -> list[Document]:
    """The documents in the order of the keys, completed by `id` ascending."""
    ordered = sorted(documents, key=id_of)
    for key in reversed(tuple(keys)):  # stable, so the first key is applied last
        valued = [(sort_value(document, key), document) for document in ordered]
        present = [pair for pair in valued if pair[0] is not None]
        present.sort(key=lambda pair: pair[0], reverse=key.descending)
        ordered = [document for _, document in present]
        ordered += [document for value, document in valued if value is None]
    return ordered


def sort_value(document: Document, key: SortKey) -> Any:
    """What the document is ordered by under the key; None where that is absent.

    Values of one key compare with each other and with nothing else.
    """
    scalar = next(_scalars(document, key.path), None)
    if key.kind == "open":
        return None if scalar is None else _open_value(scalar)
    if key.kind == "number":
        return scalar if is_number(scalar) else None
    if key.kind == "boolean":
        return scalar if isinstance(scalar, bool) else None
    if not isinstance(scalar, str):
        return None
    return parse_instant(scalar) if key.kind == "instant" else scalar[:TEXT_PREFIX]


def _open_value(scalar: Any) -> tuple[int, Any]:
    if isinstance(scalar, bool):
        return (2, scalar)
    if isinstance(scalar, str):
        return (1, scalar[:TEXT_PREFIX])
    return (0, scalar)


def _scalars(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    child = value.get(path[0]) if isinstance(value, dict) else None
    for element in child if isinstance(child, list) else (child,):
        if len(path) > 1:
            yield from _scalars(element, path[1:])
        elif element is not None and not isinstance(element, (dict, list)):
            yield element
