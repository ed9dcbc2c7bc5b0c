"""Attribute selection: the `fields` parameter.

Source: TMF630 part 1, attribute selection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tmf.tmf630_guidelines.documents import MAX_DEPTH, Document
from tmf.tmf630_guidelines.operands import MAX_TEXT, refuse

ALWAYS = ("id", "href")
"""Returned whatever is asked for, and first."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The names selected of an object; None means the whole value, else what is below it."""

    names: Mapping[str, Selection | None]


def parse_fields(text: str) -> Selection | None:
    """The comma list as a selection; None (everything) if it names nothing.

    `none` on its own selects only what is always returned. Names that the document does not
    have select nothing, and so do those that none can have (`a..b`).
    """
    if len(text) > MAX_TEXT:
        raise refuse("fields", f"longer than {MAX_TEXT} characters")
    names = [name.strip() for name in text.split(",")]
    names = [name for name in names if name]
    if not names:
        return None
    if names == ["none"]:
        return Selection({})
    paths = [tuple(name.split(".")) for name in names]
    return _selection([path for path in paths if "" not in path and len(path) <= MAX_DEPTH])


def _selection(paths: Iterable[tuple[str, ...]]) -> Selection:
    below: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in paths:
        below.setdefault(first, []).append(tuple(rest))
    return Selection(
        {name: None if () in rests else _selection(rests) for name, rests in below.items()}
    )


def select(document: Document, selection: Selection) -> Document:
    """A new document of `id`, `href` and what is selected, in the document's own order.

    An attribute of which nothing is selected below is left out. Values are shared with the
    document, not copied.
    """
    chosen = {name: document[name] for name in ALWAYS if name in document}
    for name, value in _chosen(document, selection).items():
        chosen.setdefault(name, value)
    return chosen


def _chosen(value: Document, selection: Selection) -> Document:
    chosen: Document = {}
    for name, child in value.items():
        if name in selection.names:
            below = selection.names[name]
            part = child if below is None else _cut(child, below)
            if below is None or part:
                chosen[name] = part
    return chosen


def _cut(value: Any, selection: Selection) -> Any:
    """The part of a value below which something is selected; empty if there is none."""
    if isinstance(value, dict):
        return _chosen(value, selection)
    if isinstance(value, list):
        return [part for element in value if (part := _cut(element, selection))]
    return None
