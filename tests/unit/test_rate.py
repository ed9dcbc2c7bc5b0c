"""Token buckets, and by which name a caller without a key is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.rest.rate import TokenBuckets, peer_of

TRUSTED = frozenset({"10.0.0.1", "10.0.0.2"})


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_taken_and_then_one_at_a_time() -> None:
    time = Time()
    buckets = TokenBuckets(2.0, 3, now=time)

    assert [buckets.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    time.now += 0.25
    assert buckets.take("a") == 0.25
    time.now += 0.25
    assert buckets.take("a") == 0.0
    assert buckets.take("a") == 0.5


def test_to_be_refused_costs_nothing() -> None:
    time = Time()
    buckets = TokenBuckets(1.0, 1, now=time)
    buckets.take("a")

    assert [buckets.take("a") for _ in range(100)] == [1.0] * 100
    time.now += 1
    assert buckets.take("a") == 0.0


def test_a_bucket_does_not_overflow() -> None:
    time = Time()
    buckets = TokenBuckets(10.0, 2, now=time)
    buckets.take("a")
    time.now += 3600

    assert [buckets.take("a") == 0.0 for _ in range(3)] == [True, True, False]


def test_a_rate_below_one_a_second_says_how_long_to_wait() -> None:
    buckets = TokenBuckets(0.1, 1, now=Time())
    buckets.take("a")

    assert buckets.take("a") == pytest.approx(10.0)


def test_callers_do_not_share_a_bucket() -> None:
    buckets = TokenBuckets(1.0, 1, now=Time())

    assert [buckets.take(caller) for caller in ("a", "b", "a")] == [0.0, 0.0, 1.0]


def test_the_callers_heard_of_last_are_remembered_and_no_more() -> None:
    buckets = TokenBuckets(1.0, 1, most=2, now=Time())
    for caller in ("a", "b", "a", "c", "d", "c"):
        buckets.take(caller)

    assert len(buckets) == 2
    assert buckets.take("c") == 1.0
    assert buckets.take("a") == 0.0  # forgotten, and so as if it had never come


@given(
    st.floats(0.01, 1000),
    st.integers(1, 50),
    st.lists(st.floats(0, 10), min_size=1, max_size=200),
)
def test_nobody_gets_more_than_the_burst_and_the_rate(
    rate: float, burst: int, pauses: list[float]
) -> None:
    time = Time()
    buckets = TokenBuckets(rate, burst, now=time)
    start = time.now
    taken = 0
    for pause in pauses:
        time.now += pause
        taken += buckets.take("a") == 0.0

    assert 1 <= taken <= burst + (time.now - start) * rate + 1e-6


def scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"client": (peer, 1) if peer else None, "headers": [(b"host", b"x"), *headers]}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (scope("192.0.2.7"), "192.0.2.7"),
        (scope("192.0.2.7", "203.0.113.1"), "192.0.2.7"),  # no proxy of ours: invented
        (scope("10.0.0.1"), "10.0.0.1"),
        (scope("10.0.0.1", "203.0.113.1"), "203.0.113.1"),
        (scope("10.0.0.1", "198.51.100.9, 203.0.113.1"), "203.0.113.1"),
        (scope("10.0.0.1", "203.0.113.1,10.0.0.2"), "203.0.113.1"),
        (scope("10.0.0.1", "198.51.100.9", "203.0.113.1"), "203.0.113.1"),
        (scope("10.0.0.1", "203.0.113.1, unknown"), "10.0.0.1"),
        (scope("10.0.0.1", ""), "10.0.0.1"),
        (scope("10.0.0.1", "\xff"), "10.0.0.1"),
        (scope("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"),
        (scope("10.0.0.1", "2001:db8:1:2::9"), "2001:db8:1:2::/64"),
        (scope(None), ""),
    ],
)
def test_a_caller_without_a_key_is_known_by_where_he_comes_from(
    asked: dict[str, Any], name: str
) -> None:
    assert peer_of(asked, TRUSTED) == name
