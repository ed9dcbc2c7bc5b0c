"""What was measured, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.load import Figures


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several rounds: its median, its least and its most."""

    middle: float
    least: float
    most: float


def spread(values: Iterable[float]) -> Spread:
    """The spread of at least one value."""
    found = list(values)
    return Spread(median(found), min(found), max(found))


@dataclass(slots=True)
class Measured:
    """The figures of every service and work, a list of rounds each; `used` is the processor
    time in milliseconds that the worker took for one answer.
    """

    rounds: dict[tuple[str, str], list[Figures]] = field(default_factory=dict)
    used: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, letter: str, work: str, figures: Figures, cpu_seconds: float) -> None:
        """Take one run's figures; the rounds of all services run side by side."""
        self.rounds.setdefault((letter, work), []).append(figures)
        self.used.setdefault((letter, work), []).append(cpu_seconds * 1000 / figures.answers)

    def rate(self, letter: str, work: str) -> Spread:
        """Answers a second."""
        return spread(one.rate for one in self.rounds[letter, work])

    def times(self, letter: str, work: str) -> tuple[float, float]:
        """p50 and p99 in milliseconds."""
        runs = self.rounds[letter, work]
        return median(one.p50 for one in runs), median(one.p99 for one in runs)

    def ratio(self, letter: str, to: str, work: str) -> Spread:
        """How many times as fast as `to`: in each round, then over the rounds."""
        pairs = zip(self.rounds[letter, work], self.rounds[to, work], strict=True)
        return spread(one.rate / other.rate for one, other in pairs)

    def faster(self, letters: Sequence[str], work: str) -> str:
        """The one that answered most; of those that were measured."""
        there = [letter for letter in letters if (letter, work) in self.rounds]
        return max(there, key=lambda letter: self.rate(letter, work).middle)


@dataclass(frozen=True, slots=True)
class Growth:
    """The median time in milliseconds of one page in a small catalogue and in the whole one, or
    of an early page and a late one.
    """

    title: str
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """How many times as long."""
        return self.after / self.before


@dataclass(frozen=True, slots=True)
class Cost:
    """A worker's cost: seconds to start, megabytes idle and after all work."""

    title: str
    start: Spread
    idle: float
    worked: float
