"""Inventories: elements with lines on them, each with an access on it, copied into a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bench.copying import copy

LINES = 100
"""Lines of an element; with the accesses on them, twice as many services."""

BIG = 5000
"""Lines of the one element that is meant to hurt 10,000 services."""

_STARTED = "2026-01-01T00:00:00Z"


def elements_of(services: int) -> int:
    """How many elements an inventory of so many services has."""
    return services // (2 * LINES)


def element(number: int) -> str:
    """The id of an element, as alarms name it."""
    return f"element-{number}"


def line(number: int, place: int) -> str:
    """The id of a line."""
    return f"line-{number}-{place}"


def access(number: int, place: int) -> str:
    """The id of the access on a line."""
    return f"access-{number}-{place}"


def services(elements: Iterable[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """The services on elements, each given by its number and how many lines it has."""
    for number, lines in elements:
        for place in range(lines):
            owner = {
                "id": f"party-{number}-{place}",
                "name": f"Party {number}/{place}",
                "role": "customer",
                "@referredType": "Individual",
            }
            common = {
                "state": "active",
                "startDate": _STARTED,
                "serviceSpecification": {"id": "line", "name": "Line"},
                "relatedParty": [owner],
                "@type": "Service",
            }
            resource = {"id": element(number), "@referredType": "Resource"}
            yield {
                "id": line(number, place),
                "name": f"Line {place} of {number}",
                "category": "RFS",
                **common,
                "supportingResource": [resource],
            }
            yield {
                "id": access(number, place),
                "name": f"Access {place} of {number}",
                "category": "CFS",
                **common,
                "supportingService": [{"id": line(number, place)}],
            }


def fill(url: str, count: int, *, big: bool = False) -> None:
    """Set a database up with so many services, and 10,000 more on a `big` element."""
    elements = [(number, LINES) for number in range(elements_of(count))]
    if big:
        elements.append((len(elements), BIG))
    copy(url, "TMF638.service", services(elements), count)
