"""Scalar values: instants, numbers, and one text per number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.tmf630_guidelines.documents import NumberText, decode
from tmf.tmf630_guidelines.values import (
    canonical_number,
    format_instant,
    is_number,
    parse_instant,
    parse_number,
)

OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 30), timezones=OFFSETS)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NUMBERS = (
    st.integers(-(10**30), 10**30)
    | st.integers(-20, 20)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.decimals(-2, 2, places=3)
    | st.sampled_from(
        [NumberText("1e1"), NumberText("1E+1"), NumberText("-0.0e5"), 10.0, 0.1, -0.0]
    )
)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


class TestInstants:
    @given(MOMENTS)
    def test_are_what_datetime_says(self, moment: datetime) -> None:
        assert parse_instant(moment.isoformat()) == micros(moment)

    @given(MOMENTS, MOMENTS)
    def test_are_ordered_as_datetime_says(self, one: datetime, other: datetime) -> None:
        first, second = parse_instant(one.isoformat()), parse_instant(other.isoformat())

        assert first is not None
        assert second is not None
        assert (first < second) == (one < other)
        assert (first == second) == (one == other)

    @given(MOMENTS)
    def test_written_by_the_server_are_read_to_the_millisecond(self, moment: datetime) -> None:
        text = format_instant(moment)

        assert text.endswith("Z")
        assert len(text) == len("2024-02-29T12:30:00.123Z")
        assert parse_instant(text) == micros(moment) // 1000 * 1000

    @pytest.mark.parametrize(
        "text",
        [
            "2024-02-29T12:30:00Z",
            "2024-02-29t12:30:00z",
            "2024-02-29 12:30:00Z",
            "2024-02-29T12:30Z",
            "2024-02-29T12:30",
            "2024-02-29T12:30:00.000000000Z",
            "2024-02-29T14:30:00+02:00",
            "2024-02-29T14:30:00+0200",
            "2024-02-29T07:00:00-05:30",
            "2024-03-01T00:29:00+11:59",
        ],
    )
    def test_have_many_spellings(self, text: str) -> None:
        assert parse_instant(text) == micros(datetime(2024, 2, 29, 12, 30, tzinfo=UTC))

    def test_a_day_is_its_midnight(self) -> None:
        assert parse_instant("2024-02-29") == micros(datetime(2024, 2, 29, tzinfo=UTC))

    def test_a_leap_second_is_the_next_minute(self) -> None:
        assert parse_instant("2016-12-31T23:59:60Z") == parse_instant("2017-01-01T00:00:00Z")

    def test_digits_past_the_microsecond_are_cut(self) -> None:
        assert parse_instant("1970-01-01T00:00:00.1234569Z") == 123456
        assert parse_instant("1969-12-31T23:59:59.9999999Z") == -1

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "now",
            "2024",
            "2024-02",
            "20240229",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "0000-01-01",
            "2024-2-9",
            "2024-02-29T24:00:00Z",
            "2024-02-29T12:60:00Z",
            "2024-02-29T12:30:61Z",
            "2024-02-29T12:30:00.Z",
            "2024-02-29T12:30:00+24:00",
            "2024-02-29T12:30:00+01:60",
            "2024-02-29T12:30:00 Z",
            " 2024-02-29",
            "2024-02-29\n",
            "2024-02-29Z",
            "٢٠٢٤-٠٢-٢٩",
            "-2024-02-29",
        ],
    )
    def test_are_nothing_else(self, text: str) -> None:
        assert parse_instant(text) is None


class TestNumbers:
    @given(NUMBERS, NUMBERS)
    def test_have_one_text_exactly_if_equal(self, one: Any, other: Any) -> None:
        equal = _decimal(one) == _decimal(other)

        assert (canonical_number(one) == canonical_number(other)) == equal

    @given(NUMBERS)
    def test_the_text_is_the_number(self, number: Any) -> None:
        assert Decimal(canonical_number(number)) == _decimal(number)

    @given(st.integers(-50, 50), st.integers(-5, 5), st.integers(0, 5))
    def test_spelling_makes_no_difference(self, digits: int, shift: int, zeros: int) -> None:
        plain = decode(f"{digits}e{shift}")
        padded = decode(f"{digits}{'0' * zeros}e{shift - zeros}") if digits else 0

        assert canonical_number(plain) == canonical_number(padded)

    def test_no_precision_is_lost(self) -> None:
        one = decode("0." + "1" * 100)
        other = decode("0." + "1" * 99 + "2")

        assert canonical_number(one) != canonical_number(other)
        assert canonical_number(10**100) != canonical_number(10**100 + 1)

    @pytest.mark.parametrize(
        "text",
        ["0", "-0", "10", "-1.50", "1e5", "1E-5", "0.1e+10", "9" * 1000, "+1", "01", "-007.0"],
    )
    def test_are_read_by_value(self, text: str) -> None:
        assert parse_number(text) == Decimal(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "+",
            "+-1",
            "++1",
            "1.",
            ".5",
            "1e",
            "0x10",
            "1_000",
            " 1",
            "1\n",
            "NaN",
            "Infinity",
            "٣",
        ],
    )
    def test_are_not_read_otherwise(self, text: str) -> None:
        assert parse_number(text) is None

    @pytest.mark.parametrize("text", ["9" * 1001, "0." + "1" * 1001, "1e99999"])
    def test_of_absurd_size_are_not_read(self, text: str) -> None:
        assert parse_number(text) is None

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (1, True),
            (1.5, True),
            (Decimal("1.5"), True),
            (NumberText("1e5"), True),
            (True, False),
            (False, False),
            ("1", False),
            (None, False),
            ([1], False),
        ],
    )
    def test_true_is_no_number(self, value: Any, expected: bool) -> None:
        assert is_number(value) is expected


def _decimal(number: Any) -> Decimal:
    """The value as JSON would say it; of a float what it is written as."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
