"""The operations of a JSON patch (RFC 6902), on the places that a path leads to.

A plain pointer leads to one place; a path with selectors may lead to several, and then the
operation is done at each of them, or at none if it fails at one. `from`, and the target of a
move, must be one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tmf.tmf630_guidelines.body_size import MAX_VALUES, count_values
from tmf.tmf630_guidelines.documents import MAX_DEPTH, Document, encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.json_patch_query import Path, parse_path
from tmf.tmf630_guidelines.patch_places import Location, locate
from tmf.tmf630_guidelines.patch_values import copy_within, limit_bytes, same_value

MAX_OPERATIONS = 1_000
MAX_VISITS = 1_000_000
"""Paths with a selector, times about the values in the document: bounds the time of a patch."""

_NEEDED = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("from", "path"),
    "copy": ("from", "path"),
    "test": ("path", "value"),
}


@dataclass(frozen=True, slots=True)
class _Operation:
    """A parsed operation; `source` is its `from`, or else the path."""

    op: str
    path: Path
    source: Path
    value: Any


def apply_operations(document: Document, patch: Any, *, selectors: bool) -> Document:
    """The document after all operations, a new one. All are parsed before one is applied.

    Errors: invalidPatch, patchNotApplicable.
    """
    if not isinstance(patch, list):
        raise GuidelineError("invalidPatch", "a JSON patch is an array of operations")
    if len(patch) > MAX_OPERATIONS:
        raise GuidelineError("invalidPatch", f"a patch has at most {MAX_OPERATIONS} operations")
    operations = []
    for number, given in enumerate(patch, 1):
        with _operation(number):
            operations.append(_parse(given, selectors))
    editor = _Editor(document)
    for number, operation in enumerate(operations, 1):
        with _operation(number):
            editor.apply(operation)
    return editor.result()


@contextmanager
def _operation(number: int) -> Iterator[None]:
    """Errors inside say which operation they are about."""
    try:
        yield
    except GuidelineError as error:
        raise GuidelineError(error.code, f"operation {number}: {error.message}") from error


def _parse(given: Any, selectors: bool) -> _Operation:
    if not isinstance(given, dict):
        raise GuidelineError("invalidPatch", "it is not an object")
    op = given.get("op")
    if not isinstance(op, str) or op not in _NEEDED:
        raise GuidelineError("invalidPatch", f"op is not one of {', '.join(_NEEDED)}")
    paths = {}
    for name in _NEEDED[op]:
        if name not in given:
            raise GuidelineError("invalidPatch", f"{op} needs {name}")
        if name != "value":
            if not isinstance(given[name], str):
                raise GuidelineError("invalidPatch", f"{name} is not a string")
            paths[name] = parse_path(given[name], selectors=selectors)
    source = paths.get("from", paths["path"])
    return _Operation(op, paths["path"], source, given.get("value"))


class _Editor:
    """A document of our own, the operations on it, and the bounds on what they may cost."""

    def __init__(self, document: Document) -> None:
        # Held under a name, so that the document as a whole is a place like any other.
        self._root = Location({"": copy_within(MAX_DEPTH, document)}, "", 0)
        self._values = _count_values(encode(document))
        self._written = 0
        self._copied = 0
        self._visits = 0

    def result(self) -> Document:
        document = self._root.value
        if not isinstance(document, dict):
            raise GuidelineError("patchNotApplicable", "the resource would not be an object")
        return document

    def apply(self, operation: _Operation) -> None:
        path, value = operation.path, operation.value
        match operation.op:
            case "add":
                self._add(path, value)
            case "remove":
                _remove(self._existing(path), path)
            case "replace":
                self._write(self._existing(path), value)
            case "move":
                self._move(operation.source, path)
            case "copy":
                self._add(path, self._only(operation.source).value)
            case "test":
                if not all(same_value(place.value, value) for place in self._existing(path)):
                    raise GuidelineError("patchNotApplicable", f"{path} is not the value tested")

    def _add(self, path: Path, value: Any, *, once: bool = False) -> None:
        places = self._locate(path, adding=True)
        if once and len(places) > 1:
            raise GuidelineError("patchNotApplicable", f"{path} is {len(places)} places, not one")
        for place in places:
            if isinstance(place.parent, list) and place.key > len(place.parent):
                raise GuidelineError("patchNotApplicable", f"{path} is past the array's end")
        self._write(places, value, insert=True)

    def _move(self, source: Path, path: Path) -> None:
        place = self._only(source)
        if path.text == source.text:
            return
        if self._leads_into(place, path):
            raise GuidelineError("patchNotApplicable", f"{source} cannot move into itself")
        value = place.value
        _remove([place], source)
        self._add(path, value, once=True)

    def _leads_into(self, source: Location, path: Path) -> bool:
        """Whether the pointer goes through the source to what is below it.

        Where it crosses arrays by selectors it need not be followed: it is resolved again
        when the value has been taken out.
        """
        place: Location | None = self._root
        for step in path.steps:
            if place is None:
                return False
            if place.parent is source.parent and place.key == source.key:
                return True
            place = place.below(step.token)
        return False

    def _locate(self, path: Path, *, adding: bool = False) -> list[Location]:
        if path.selects:
            self._visits += self._values
            if self._visits > MAX_VISITS:
                raise GuidelineError("patchNotApplicable", "it has too many selectors")
        return locate(self._root, path, adding=adding)

    def _existing(self, path: Path) -> list[Location]:
        places = self._locate(path)
        if not all(place.exists for place in places):
            raise GuidelineError("patchNotApplicable", f"there is no {path}")
        return places

    def _only(self, path: Path) -> Location:
        places = self._existing(path)
        if len(places) > 1:
            raise GuidelineError("patchNotApplicable", f"{path} is {len(places)} places, not one")
        return places[0]

    def _write(self, places: list[Location], value: Any, *, insert: bool = False) -> None:
        """A copy of the value at each place; `insert` makes room for it in an array."""
        levels = MAX_DEPTH - max(place.level for place in places)
        copies = [copy_within(levels, value)]
        text = encode(copies[0])
        self._written += len(text) * len(places)
        limit_bytes(self._written)
        self._copied += count_values(text) * len(places)
        if self._copied > MAX_VALUES:
            raise GuidelineError("patchNotApplicable", f"it writes over {MAX_VALUES} values")
        self._values += _count_values(text) * len(places)
        # All are made before one is written: the value may be part of a place.
        copies += [copy_within(levels, value) for _ in places[1:]]
        for place, copied in zip(places, copies, strict=True):
            if insert and isinstance(place.parent, list):
                place.parent.insert(place.key, copied)
            else:
                place.parent[place.key] = copied


def _remove(places: list[Location], path: Path) -> None:
    """From the back, and an array that loses several elements in one go."""
    if not path.steps:
        raise GuidelineError("patchNotApplicable", "a patch cannot remove the resource")
    arrays: dict[int, tuple[list[Any], set[int]]] = {}
    for place in places:
        if isinstance(place.parent, list):
            arrays.setdefault(id(place.parent), (place.parent, set()))[1].add(place.key)
        else:
            del place.parent[place.key]
    for array, gone in arrays.values():
        if len(gone) == 1:
            del array[gone.pop()]
        else:
            array[:] = [element for at, element in enumerate(array) if at not in gone]


def _count_values(text: bytes) -> int:
    """About the values in a JSON text, rather too many: quick, where counting takes a walk."""
    return text.count(b",") + text.count(b":") + 1
