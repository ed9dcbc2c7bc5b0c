"""When a delivery that failed is tried again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

JITTER = 0.2
"""By what part of itself a pause is longer or shorter, so that retries do not come in waves."""

LONGEST = 24 * 3600.0
"""Seconds beyond which a `Retry-After` is not honoured."""

_draw = random.Random()  # noqa: S311 (nothing secret)


class RetrySchedule:
    """Seconds from each attempt that failed to the next; then the delivery is given up."""

    def __init__(self, seconds: Sequence[float]) -> None:
        self._seconds = tuple(seconds)

    def pause(self, tries: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after so many failed tries (at least 1); None if it was the last.

        What the listener asks for can make it later, up to a day, and never sooner: else a
        listener could use its tries up in a minute.
        """
        if tries > len(self._seconds):
            return None
        planned = self._seconds[tries - 1] * _draw.uniform(1 - JITTER, 1 + JITTER)
        return max(planned, min(retry_after or 0.0, LONGEST))


def retry_after(header: str, now: datetime) -> float | None:
    """Seconds from `now` that a `Retry-After` asks for (RFC 9110, 10.2.3); None if none is told."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(
        0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    )
