"""The cost of growth: first pages in a small and in a large catalogue, early and late pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from bench.client import Client
from bench.documents import Catalogue
from bench.figures import Growth
from bench.progress import progress
from bench.services.paths import COLLECTION
from bench.works import PAGE, listing

SAMPLES = 40
"""Pairs of requests whose median counts, if they fit into the time."""

WARM = 3
"""Pairs before them that are not counted."""

LONGEST = 10.0
"""Seconds that the pairs of one question may take."""

LATE_PAGE = 5000
WALK = 600.0
"""Seconds that the way to the late page may take."""

Target = Callable[[Catalogue, int], str]

_SPEED = "prodSpecCharValueUse.productSpecCharacteristicValue.value"

QUESTIONS: tuple[tuple[str, Target], ...] = (
    ("10 match", lambda held, number: listing(version=held.version(number))),
    ("100 match", lambda held, number: listing(name=held.name(number))),
    ("a quarter matches", lambda held, number: listing(lifecycleStatus="Launched")),
    ("nine in ten match", lambda held, number: listing(isSellable="true")),
    ("absent value", lambda held, number: listing(name=f"no such name {number}")),
    ("absent attribute", lambda held, number: listing(colour=f"green {number}")),
    ("10 match, in an array", lambda held, number: listing(place__id=held.district(number))),
    ("100 match, in an array", lambda held, number: listing(category__id=held.shelf(number))),
    ("three quarters match, in an array", lambda held, number: listing(channel__id="web")),
    ("absent value, in an array", lambda held, number: listing(channel__id=f"none {number}")),
    (
        "a sixth matches, two criteria on one element",
        lambda held, number: listing(
            prodSpecCharValueUse__name="downstreamSpeed", **{_SPEED: "500"}
        ),
    ),
    (
        "common and rare",
        lambda held, number: listing(isSellable="true", version=held.version(number)),
    ),
    ("common and absent", lambda held, number: listing(channel__id="web", name=f"none {number}")),
    ("by id, for comparison", lambda held, number: f"{COLLECTION}/{held.identity(number)}"),
)
"""Equality filters of every kind, with values of the offering with that number."""


def first_pages(small: tuple[int, Catalogue], large: tuple[int, Catalogue]) -> list[Growth]:
    """Each question to both servers, given by port and catalogue."""
    found = []
    with Client(small[0]) as one, Client(large[0]) as other:
        title = f"first pages over {small[1].count:,} and {large[1].count:,}"
        with progress(title, len(QUESTIONS)) as advance:
            for title, target in QUESTIONS:
                before, after = _varied(small[1], target), _varied(large[1], target)
                found.append(_side_by_side(title, (one, before), (other, after)))
                advance(1)
    return found


def _varied(catalogue: Catalogue, target: Target) -> list[str]:
    """A target for each turn, from offerings all over the catalogue."""
    return [target(catalogue, turn * 7919 % catalogue.count) for turn in range(SAMPLES + WARM)]


def late_page(port: int, catalogue: Catalogue) -> Growth:
    """The first page of all offerings against page 5,000, reached by its `next` links."""
    first = f"{COLLECTION}?limit={PAGE}"
    wanted = min(LATE_PAGE, catalogue.count // PAGE)
    with Client(port) as client:
        target, page = first, 1
        deadline = time.monotonic() + WALK
        with progress(f"on the way to page {wanted:,}", wanted - 1) as advance:
            while page < wanted and time.monotonic() < deadline:
                following = client.get(target).link("next")
                if following is None:
                    break
                target, page = following, page + 1
                advance(1)
        turns = SAMPLES + WARM
        return _side_by_side(
            f"page {page:,} by next links", (client, [first] * turns), (client, [target] * turns)
        )


def _side_by_side(
    title: str, before: tuple[Client, list[str]], after: tuple[Client, list[str]]
) -> Growth:
    times: tuple[list[float], list[float]] = ([], [])
    deadline = time.monotonic() + LONGEST
    for turn in range(SAMPLES + WARM):
        for kept, (client, targets) in zip(times, (before, after), strict=True):
            began = time.perf_counter()
            client.get(targets[turn])
            kept.append((time.perf_counter() - began) * 1000)
        if turn > WARM and time.monotonic() > deadline:
            break
    return Growth(title, median(times[0][WARM:]), median(times[1][WARM:]))
