"""Ids: version 7 UUIDs, each greater than those before it."""

from __future__ import annotations

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmf.events import ids
from tmf.events.clock import Clock
from tmf.events.ids import new_id
from tmf.spec.shapes import ID_PATTERN

BEFORE_1970 = -(10**15)
END_OF_9999 = 253402300799999999


class Fixed:
    """A clock that tells what it is told."""

    def __init__(self, micros: int = 0) -> None:
        self.time = micros

    def micros(self) -> int:
        return self.time


@pytest.fixture(autouse=True)
def from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids of far-off clocks must not push those of later tests ahead."""
    monkeypatch.setattr(ids, "_last", 0)


def at(clock: Any) -> str:
    return new_id(clock)


def milliseconds(identity: str) -> int:
    return uuid.UUID(identity).int >> 80


def test_an_id_is_a_uuid_of_version_7() -> None:
    identity = at(Clock())

    assert uuid.UUID(identity).version == 7
    assert uuid.UUID(identity).variant == uuid.RFC_4122
    assert str(uuid.UUID(identity)) == identity
    assert re.search(ID_PATTERN, identity)


@pytest.mark.parametrize("year", [1970, 2024, 9999])
def test_it_tells_the_millisecond(year: int) -> None:
    moment = datetime(year, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
    micros = int(moment.timestamp()) * 1_000_000 + 999_999

    assert milliseconds(at(Fixed(micros))) == micros // 1000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(BEFORE_1970, END_OF_9999), min_size=2, max_size=30))
def test_each_is_greater_than_the_one_before(times: list[int]) -> None:
    """Whatever the clock does: stand still, go back, leap."""
    ids._last = 0
    given_out = [at(Fixed(time)) for time in times]

    assert given_out == sorted(set(given_out))


def test_order_within_a_millisecond_is_the_clocks() -> None:
    clock = Fixed(1_700_000_000_000_000)
    first = at(clock)
    clock.time += 1

    assert milliseconds(at(clock)) == milliseconds(first)
    assert at(clock) > first


def test_many_at_one_moment_run_on_into_the_next() -> None:
    clock = Fixed(1_700_000_000_000_999)
    given_out = [at(clock) for _ in range(10_000)]

    assert given_out == sorted(set(given_out))
    assert milliseconds(given_out[-1]) - milliseconds(given_out[0]) <= 3


def test_threads_share_one_order() -> None:
    """A pair given out by one thread holds apart what others gave out before and after."""
    threads, each = 8, 2000
    start = threading.Barrier(threads)
    clock = Fixed(1_700_000_000_000_000)

    def work() -> list[str]:
        start.wait()
        return [at(clock) for _ in range(each)]

    with ThreadPoolExecutor(threads) as pool:
        lists = [future.result() for future in [pool.submit(work) for _ in range(threads)]]

    assert all(own == sorted(own) for own in lists)
    ticks = {identity[:18] for own in lists for identity in own}
    assert len(ticks) == threads * each


def test_two_processes_at_one_moment_differ() -> None:
    """What is left after the time is random."""
    first = at(Fixed(1_700_000_000_000_000))
    ids._last = 0
    second = at(Fixed(1_700_000_000_000_000))

    assert first[:18] == second[:18]
    assert first != second
