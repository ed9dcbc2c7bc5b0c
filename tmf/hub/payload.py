"""What a listener is sent of an event: all of it, or the resource cut to what it selected."""

from __future__ import annotations

from functools import lru_cache

from tmf.tmf630_guidelines.documents import Document, decode, encode
from tmf.tmf630_guidelines.fields import Selection, select
from tmf.tmf630_guidelines.query import parse_selection

_selection = lru_cache(maxsize=4096)(parse_selection)


def body_of(event: str, query: str | None) -> bytes:
    """What is sent of an event to a listener with this query; GuidelineError if it is unreadable.

    Queries were understood when their listeners registered, by the program as it was then.
    """
    selection = _selection(query) if query else None
    return event.encode() if selection is None else cut(event, selection)


def cut(body: str, selection: Selection) -> bytes:
    """The event with its envelope whole and its resource as `fields` would give it.

    Names are attributes of the resource (`state`), or paths as criteria have them
    (`event.productOrder.state`).
    """
    event: Document = decode(body)
    event["event"] = {
        name: _cut(name, document, selection) for name, document in event["event"].items()
    }
    return encode(event)


def _cut(resource: str, document: Document, selection: Selection) -> Document:
    names = dict(selection.names)
    if "event" in names:
        below = names.pop("event")
        inner = below.names.get(resource, Selection({})) if below else None
        if inner is None:  # the event as a whole, or the resource as a whole
            return document
        names |= inner.names
    return select(document, Selection(names))
