"""The server's own figures, in Prometheus's form.

They are counted on the event loop only, so plain numbers will do; the client library's own
counters take a lock for each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tmf.events.figures import Backlog, Done

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds in seconds; what takes longer is in a last bucket without one."""


class Metrics:
    """All figures, under `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Requests()
        self.events = Events()
        self.registry.register(self.requests)
        self.registry.register(self.events)


class Requests(Collector):
    """Requests answered, and how long that took."""

    def __init__(self) -> None:
        self._answered: Counter[tuple[str, int]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()

    def count(self, operation: str, status: int, seconds: float) -> None:
        """One more request."""
        self._answered[operation, status] += 1
        buckets = self._buckets.get(operation)
        if buckets is None:
            buckets = self._buckets[operation] = [0] * (len(BUCKETS) + 1)
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[operation] += seconds  # type: ignore[assignment]  # typeshed counts in int

    def collect(self) -> Iterator[Metric]:
        """The figures now."""
        answered = CounterMetricFamily(
            "tmf_requests", "Requests answered.", labels=("operation", "status")
        )
        for (operation, status), number in self._answered.items():
            answered.add_metric((operation, str(status)), number)
        yield answered
        took = HistogramMetricFamily(
            "tmf_request_seconds",
            "Time from a request to the end of its answer.",
            labels=("operation",),
        )
        bounds = [*(f"{float(bound)}" for bound in BUCKETS), "+Inf"]
        for operation, buckets in self._buckets.items():
            within = list(zip(bounds, map(float, accumulate(buckets)), strict=True))
            took.add_metric((operation,), within, self._seconds[operation])
        yield took


class Events(Collector):
    """What the bus has done in this process, and what waits in the database.

    `backlog` is to be measured before a look; without one nothing is said of it.
    """

    def __init__(self) -> None:
        self.done = Done()
        self.backlog: Backlog | None = None

    def collect(self) -> Iterator[Metric]:
        """The figures now."""
        yield CounterMetricFamily(
            "tmf_events_published", "Events published by this process.", self.done.published
        )
        yield _of_takers(
            CounterMetricFamily("tmf_events_taken", "Events taken here.", labels=("taker",)),
            self.done.taken,
        )
        if self.backlog is None:
            return
        yield GaugeMetricFamily(
            "tmf_events_waiting", "Events to be published.", self.backlog.waiting
        )
        yield GaugeMetricFamily(
            "tmf_events_oldest_seconds", "Age of the first of them.", self.backlog.oldest
        )
        for name, meaning, counts in (
            ("deferred", "Events to be tried again, or behind one.", self.backlog.deferred),
            ("parked", "Events given up; see tmf events dead.", self.backlog.parked),
        ):
            family = GaugeMetricFamily(f"tmf_events_{name}", meaning, labels=("taker",))
            yield _of_takers(family, {**dict.fromkeys(self.done.taken, 0), **counts})


def _of_takers(
    family: CounterMetricFamily | GaugeMetricFamily, counts: Mapping[str, int]
) -> Metric:
    for taker, count in counts.items():
        family.add_metric((taker,), count)
    return family
