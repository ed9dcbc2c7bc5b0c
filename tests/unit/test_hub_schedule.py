"""When a delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tmf.hub.schedule import JITTER, LONGEST, RetrySchedule, retry_after
from tmf.settings import Settings, split_list

NOW = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)
HOUR = 3600


def test_the_default_is_ten_tries_in_three_days() -> None:
    text = Settings.model_fields["hub_retry_schedule"].default
    seconds = [float(part) for part in split_list(text)]

    assert len(seconds) == 9
    assert 75 * HOUR < sum(seconds) < 76 * HOUR


def test_pauses_follow_the_schedule_give_or_take_a_fifth() -> None:
    schedule = RetrySchedule([5, 300])
    for tries, planned in ((1, 5), (2, 300)):
        pauses = [schedule.pause(tries) or 0 for _ in range(500)]
        assert (1 - JITTER) * planned <= min(pauses) < 0.9 * planned
        assert 1.1 * planned < max(pauses) <= (1 + JITTER) * planned
    assert schedule.pause(3) is None
    assert RetrySchedule([]).pause(1) is None


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [(None, 4, 6), (0, 4, 6), (1, 4, 6), (60, 60, 60), (1e9, LONGEST, LONGEST)],
)
def test_a_listener_can_make_a_pause_longer_within_bounds(
    asked: float | None, least: float, most: float
) -> None:
    assert least <= (RetrySchedule([5]).pause(1, asked) or 0) <= most


def test_the_last_try_is_the_last_whatever_is_asked_for() -> None:
    assert RetrySchedule([5]).pause(2, retry_after=60) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("0", 0),
        (" 120 ", 120),
        ("9" * 400, 999_999_999),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
        ("Sat, 01 Jun 2030 12:01:30", 90),
        ("Saturday, 01-Jun-30 12:01:30 GMT", 90),
        ("Sat, 99 Jun 2030 12:01:30 GMT", None),
        ("Sat, 01 Jun 99999 12:01:30 GMT", None),
    ],
)
def test_what_a_listener_asks_for(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
