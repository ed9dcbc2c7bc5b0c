"""Time periods: pairs of instants, in microseconds since 1970, the second one not included."""

from __future__ import annotations

from collections.abc import Iterable

Period = tuple[int, int]


def joined(periods: Iterable[Period], within: Period) -> list[Period]:
    """What periods cover of another, in order; where they overlap, they are counted once."""
    start, end = within
    cut = sorted((max(since, start), min(until, end)) for since, until in periods)
    found: list[Period] = []
    for since, until in cut:
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def length(periods: Iterable[Period]) -> int:
    """Microseconds that periods last, each for itself."""
    return sum(until - since for since, until in periods)
