"""The server's time. Every server-set time comes from here, so a test can move it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import format_instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """The machine's time, or, given a start, a clock that runs from there and can be moved.

    What is in `moved` is called, by who moves it, once it was moved.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self.movable = start is not None
        self.moved: list[Callable[[], None]] = []
        self._set(timedelta())
        if start is not None:
            _check(_aware(start))
            self._set(_aware(start) - datetime.now(UTC))

    def _set(self, ahead: timedelta) -> None:
        self._ahead = ahead
        self._micros_ahead = ahead // timedelta(microseconds=1)

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return datetime.now(UTC) + self._ahead

    def micros(self) -> int:
        """Microseconds since 1970."""
        return time.time_ns() // 1000 + self._micros_ahead

    def text(self) -> str:
        """The time as the server writes it into documents."""
        return format_instant(self.now())

    def move(self, to: datetime) -> None:
        """Set the time forward; what has happened cannot be made to lie in the future."""
        if not self.movable:
            raise GuidelineError("notFound", "the clock is not movable")
        _check(_aware(to))
        if _aware(to) < self.now():
            raise GuidelineError("conflict", f"the clock is at {self.text()} and only goes forward")
        self._set(self._ahead + (_aware(to) - self.now()))
        for call in self.moved:
            call()


def micros_of(moment: datetime) -> int:
    """An aware time in microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _check(moment: datetime) -> None:
    # The clock goes on from there, and no date has five digits of a year.
    if not 1970 <= moment.year <= 9000:
        raise GuidelineError("conflict", "the clock runs from 1970 to 9000")


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
