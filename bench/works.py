"""What the services are asked to do, and how many times a rival's speed `tmf` is to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.documents import Catalogue
from bench.services.paths import COLLECTION
from tmf.tmf630_guidelines.documents import encode

TARGETS = 20_000
"""Different requests of one kind, at most: they come in random order, the same for everybody."""

BODIES = 2000
"""Different documents to POST; each is stored under a new id."""

PAGE = 20


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request. `target` gives what to ask for an offering's number: a path with its
    query, or for a POST the body. `goals` are ratios by the letters of rivals.
    """

    key: str
    title: str
    target: Callable[[Catalogue, int], str]
    method: str = "GET"
    goals: Mapping[str, float] = field(default_factory=dict)

    def targets(self, catalogue: Catalogue) -> list[str]:
        """All that is asked for."""
        most = BODIES if self.method == "POST" else TARGETS
        # A step that shares no divisor with the count walks through all offerings.
        found = (
            self.target(catalogue, number * 7919 % catalogue.count)
            for number in range(min(most, catalogue.count))
        )
        return list(dict.fromkeys(found))


def listing(**criteria: str) -> str:
    """The first page for criteria; `category__id` stands for category.id."""
    pairs = {name.replace("__", "."): value for name, value in criteria.items()}
    return f"{COLLECTION}?{urlencode({**pairs, 'limit': str(PAGE)})}"


def _by_id(catalogue: Catalogue, number: int) -> str:
    return f"{COLLECTION}/{catalogue.identity(number)}"


def _by_name(catalogue: Catalogue, number: int) -> str:
    return listing(name=catalogue.name(number))


def _by_status(_: Catalogue, number: int) -> str:
    return listing(lifecycleStatus="Launched")


def _by_category(catalogue: Catalogue, number: int) -> str:
    return listing(category__id=catalogue.shelf(number))


def _posted(catalogue: Catalogue, number: int) -> str:
    return encode(catalogue.posted(number)).decode()


WORKS = (
    Work("get", "GET by id", _by_id, goals={"b1": 15, "b2": 10, "c": 2, "d": 0.75}),
    Work(
        "list",
        "list of 20 by an attribute (100 match)",
        _by_name,
        goals={"b1": 15, "b2": 10, "c": 1.5, "d": 0.75},
    ),
    Work(
        "common",
        "list of 20 by an attribute (a quarter matches)",
        _by_status,
        goals={"b1": 15, "b2": 10, "c": 1.5, "d": 0.75},
    ),
    Work(
        "nested",
        "list of 20 by a criterion in an array (100 match)",
        _by_category,
        goals={"b1": 15, "b2": 10},
    ),
    Work(
        "post",
        "validated POST with tokens and event",
        _posted,
        method="POST",
        goals={"b1": 7, "b2": 5, "c": 1.5, "d": 0.5},
    ),
)
"""In the order of measurement: what writes comes last."""
