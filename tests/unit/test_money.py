"""Amounts and their rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tmf.tmf630_guidelines.documents import decode
from tmf.tmf630_guidelines.money import amount_of, exact, round_money, round_rate


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0, "0"),
        (12, "12"),
        (Decimal("10.00"), "10.00"),
        (decode(b"1e3"), "1000"),
        (decode(b"1E-7"), "1E-7"),
        (decode(b"999999999999999.999999999999"), "999999999999999.999999999999"),
        (10**15, None),
        (decode(b"1e400"), None),
        (decode(b"0e400"), "0"),
        (decode(b"1e-13"), None),
        (True, None),
        ("10", None),
        (None, None),
        ([1], None),
    ],
)
def test_what_is_an_amount(value: Any, amount: str | None) -> None:
    found = amount_of(value)

    assert (None if found is None else str(found)) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("1.005", "EUR", "1.01"),
        ("-1.005", "EUR", "-1.01"),
        ("1.0049999", "EUR", "1.00"),
        ("7", "EUR", "7.00"),
        ("1.5", "JPY", "2"),
        ("1.0005", "kwd", "1.001"),
        ("1.005", None, "1.01"),
        ("1.005", "XYZ", "1.01"),
    ],
)
def test_money_is_rounded_half_up_to_a_coin(
    amount: str, currency: str | None, rounded: str
) -> None:
    assert str(round_money(Decimal(amount), currency)) == rounded


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0.09", "0.09"), ("0.110700", "0.110700"), ("0.0000005", "0.000001"), ("3", "3")],
)
def test_rates_keep_six_digits(amount: str, rounded: str) -> None:
    assert str(round_rate(Decimal(amount))) == rounded


def test_reckoning_loses_nothing() -> None:
    large = Decimal("999999999999999.999999999999")
    with exact():
        product = large * large * 1_000_000_000

    assert Fraction(product) == Fraction(large) ** 2 * 1_000_000_000
