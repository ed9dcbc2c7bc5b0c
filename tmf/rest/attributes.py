"""Which attributes a client decides and which the server: the same for every resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tmf.spec.model import Resource
from tmf.store.rows import Row
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.patch import changed_paths

OUTSIDE = ("id", "href")
"""Attributes that are not kept in the stored document."""


def received(resource: Resource, sent: Document, now: str) -> Document:
    """A POSTed document as it will be stored: what only the server writes is replaced.

    `now` is the server's time as text. Sent server-set attributes are ignored, not refused:
    clients send back what they once read.
    """
    document = {
        name: value
        for name, value in sent.items()
        if name not in OUTSIDE
        and name not in resource.not_in_create
        and name not in resource.server_set
    }
    for name, rule in resource.server_set.items():
        if rule in ("created", "changed"):
            document[name] = now
        elif rule.startswith("="):
            document[name] = rule[1:]
    return with_defaults(resource, document)


def with_defaults(resource: Resource, document: Document) -> Document:
    """The document with what every resource states: its `@type` and the spec's defaults."""
    for name, value in _defaults(resource):
        document.setdefault(name, value)
    return document


def _defaults(resource: Resource) -> Iterator[tuple[str, Any]]:
    yield from resource.defaults.items()
    if "@type" in resource.attributes.children and "@type" not in resource.defaults:
        yield "@type", resource.schema


def patched(
    resource: Resource, before: Document, after: Document, now: str, *, own: bool = False
) -> tuple[Document, tuple[str, ...]] | None:
    """A patched document as it will be stored, and the attributes that the patch changes; None if
    it changes nothing.

    Both hold `id`. Refused: a new id, and another value for an immutable attribute that has
    one, unless the change is the server's `own`. Ignored: attributes that only the server
    writes. One with a default falls back to it when it is removed.
    """
    if after.get("id", before["id"]) != before["id"]:
        raise GuidelineError("immutableAttribute", "id may not be changed")
    document = {name: value for name, value in after.items() if name not in OUTSIDE}
    stored = {name: value for name, value in before.items() if name not in OUTSIDE}
    removed = stored.keys() - document.keys()
    document |= {name: value for name, value in _defaults(resource) if name in removed}
    for name in () if own else resource.immutable & resource.server_set.keys():
        _restore(document, stored, name)
    for name, rule in resource.server_set.items():
        if rule in ("created", "changed"):
            _restore(document, stored, name)
    for name in () if own else resource.immutable & stored.keys():
        if changed_paths({name: stored[name]}, {name: document.get(name)}):
            raise GuidelineError("immutableAttribute", f"{name} may not be changed")
    if not (changed := changed_paths(stored, document)):
        return None
    for name, rule in resource.server_set.items():
        if rule == "changed":
            document[name] = now
    return document, changed


def _restore(document: Document, stored: Document, name: str) -> None:
    if name in stored:
        document[name] = stored[name]
    else:
        document.pop(name, None)


def output(identity: str, href: str, body: bytes) -> bytes:
    """A stored document's text with `id` and `href` put in front, without parsing it."""
    start = f'{{"id":"{identity}","href":"{href}"'.encode()
    return start + b"}" if body == b"{}" else b"%b,%b" % (start, body[1:])


def output_all(hrefs: str, rows: Iterable[Row]) -> bytes:
    """The array of stored documents, each as `output` gives it.

    `hrefs` is what every href of the collection starts with.
    """
    parts: list[bytes | memoryview] = []
    before = "["
    for identity, _, body in rows:
        start = f'{before}{{"id":"{identity}","href":"{hrefs}{identity}"'
        parts.append((start if body == b"{}" else f"{start},").encode())
        parts.append(memoryview(body)[1:])  # a page is copied once
        before = ","
    parts.append(b"]" if parts else b"[]")
    return b"".join(parts)


def whole(identity: str, href: str, document: Document) -> dict[str, Any]:
    """A stored document with its id and href, as clients see it."""
    return {"id": identity, "href": href, **document}
