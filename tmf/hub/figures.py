"""Figures of the hub, in Prometheus's form: what this process has sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from tmf.store.dispatch import Outcome


class HubFigures(Collector):
    """Counted where outcomes are noted, a batch at a time."""

    def __init__(self) -> None:
        self._attempts: Counter[str] = Counter(delivered=0, failed=0)
        self._parked = 0
        self._disabled = 0

    def count(self, outcomes: Sequence[Outcome], disabled: int) -> None:
        """Some more attempts, and listeners disabled after them."""
        delivered = sum(one.attempt.succeeded for one in outcomes)
        self._attempts["delivered"] += delivered
        self._attempts["failed"] += len(outcomes) - delivered
        self._parked += sum(one.due is None and not one.attempt.succeeded for one in outcomes)
        self._disabled += disabled

    def collect(self) -> Iterator[Metric]:
        """The figures now."""
        attempts = CounterMetricFamily(
            "tmf_hub_attempts", "Attempts to deliver events.", labels=("outcome",)
        )
        for outcome, number in self._attempts.items():
            attempts.add_metric((outcome,), number)
        yield attempts
        yield CounterMetricFamily(
            "tmf_hub_parked", "Deliveries given up; they can be sent again.", self._parked
        )
        yield CounterMetricFamily(
            "tmf_hub_disabled", "Listeners disabled because they failed.", self._disabled
        )
