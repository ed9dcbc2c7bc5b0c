"""What an order looks up: offerings, specifications, prices, and the customer's products."""

from __future__ import annotations

from typing import Any

from tmf.declare import Document, GuidelineError, Reader, parse_instant
from tmf.tmf622_ordering.items import reference

_IN_USE = frozenset({"launched", "active"})

MOST_LOOKED_UP = 2000
"""Documents that one order may refer to: looking them up holds a transaction open."""


class Catalogue:
    """The catalogue and the inventory as they are at one moment, each document read once."""

    def __init__(self, read: Reader, now: str) -> None:
        self._read = read
        self._now = parse_instant(now) or 0
        self._found: dict[tuple[str, str], Document | None] = {}

    def offering(self, identity: str | None) -> Document | None:
        """A product offering, or None if it is not kept here."""
        return self._look_up("TMF620.productOffering", identity)

    def price(self, identity: str | None) -> Document | None:
        """A product offering price, or None."""
        return self._look_up("TMF620.productOfferingPrice", identity)

    def product(self, identity: str | None) -> Document | None:
        """An installed product, or None."""
        return self._look_up("TMF637.product", identity)

    def specification_of(self, offering: Document) -> Document | None:
        """What the offering sells, if that is kept here."""
        identity = reference(offering.get("productSpecification"))
        return self._look_up("TMF620.productSpecification", identity)

    def is_current(self, document: Document) -> bool:
        """Whether its validFor, if it has one, includes the present."""
        period = document.get("validFor") or {}
        start, end = _instant(period, "startDateTime"), _instant(period, "endDateTime")
        return (start is None or start <= self._now) and (end is None or self._now < end)

    def _look_up(self, key: str, identity: str | None) -> Document | None:
        if identity is None:
            return None
        if (key, identity) not in self._found:
            if len(self._found) >= MOST_LOOKED_UP:
                raise GuidelineError(
                    "conflict", f"an order refers to {MOST_LOOKED_UP} documents at most"
                )
            self._found[key, identity] = self._read(key, identity)
        return self._found[key, identity]


def is_in_use(document: Document) -> bool:
    """Whether its lifecycleStatus, which is free text, says that customers may have it."""
    return str(document.get("lifecycleStatus")).strip().lower() in _IN_USE


def _instant(period: Any, name: str) -> int | None:
    text = period.get(name)
    return parse_instant(text) if isinstance(text, str) else None
