"""The server's time: the machine's, or one that can be moved forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tmf.events import clock as module
from tmf.events.clock import Clock
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import parse_instant

START = datetime(2030, 1, 1, tzinfo=UTC)


class Machine:
    """The machine's time, standing still until told to go on."""

    def __init__(self) -> None:
        self.time = datetime(2024, 2, 29, 12, 30, 0, 123456, tzinfo=UTC)

    def now(self, zone: Any) -> datetime:
        return self.time.astimezone(zone)

    def time_ns(self) -> int:
        return (self.time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    stopped = Machine()
    monkeypatch.setattr(module, "datetime", stopped)
    monkeypatch.setattr(module, "time", stopped)
    return stopped


def test_without_a_start_it_is_the_machines_time(machine: Machine) -> None:
    clock = Clock()

    assert clock.movable is False
    assert clock.now() == machine.time
    assert clock.text() == "2024-02-29T12:30:00.123Z"


def test_with_a_start_it_runs_from_there(machine: Machine) -> None:
    clock = Clock(START)
    machine.time += timedelta(days=1, microseconds=1500)

    assert clock.movable is True
    assert clock.now() == START + timedelta(days=1, microseconds=1500)
    assert clock.text() == "2030-01-02T00:00:00.001Z"


@pytest.mark.parametrize("start", [None, START, datetime(1999, 12, 31, 23, 59, 59, 999999)])
def test_micros_tell_the_same_time(machine: Machine, start: datetime | None) -> None:
    clock = Clock(start)

    assert clock.micros() == parse_instant(clock.now().isoformat())


@pytest.mark.parametrize(
    "start", [datetime(2030, 1, 1), datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))]
)
def test_a_start_is_in_utc_unless_it_says_otherwise(machine: Machine, start: datetime) -> None:
    assert Clock(start).now() == START


def test_the_time_is_aware_and_in_utc(machine: Machine) -> None:
    start = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    assert Clock(start).now().utcoffset() == timedelta(0)


def test_moving_forward_and_going_on_from_there(machine: Machine) -> None:
    clock = Clock(START)

    clock.move(START + timedelta(days=30))
    machine.time += timedelta(seconds=5)
    clock.move(datetime(2030, 2, 1))
    machine.time += timedelta(seconds=5)

    assert clock.now() == datetime(2030, 2, 1, 0, 0, 5, tzinfo=UTC)
    assert clock.text() == "2030-02-01T00:00:05.000Z"


def test_moving_to_where_it_is(machine: Machine) -> None:
    clock = Clock(START)
    clock.move(START)

    assert clock.now() == START


def test_what_has_happened_stays_in_the_past(machine: Machine) -> None:
    clock = Clock(START)

    with pytest.raises(GuidelineError, match=r"conflict: the clock is at 2030-01-01T00:00:00.000Z"):
        clock.move(START - timedelta(microseconds=1))

    assert clock.now() == START


def test_the_machines_time_cannot_be_moved(machine: Machine) -> None:
    clock = Clock()

    with pytest.raises(GuidelineError, match="notFound"):
        clock.move(START)

    assert clock.now() == machine.time


def test_the_real_time_is_used() -> None:
    before = datetime.now(UTC)
    told = Clock().now()

    assert before <= told <= datetime.now(UTC)
