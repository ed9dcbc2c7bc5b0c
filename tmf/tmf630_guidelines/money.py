"""Money: exact amounts, and the one place where they are rounded.

Amounts are Decimal. What a price comes to is rounded half up, as merchants do, to the smallest
coin of its currency (ISO 4217). Rates of usage are multiplied later, so they keep six digits.
Sums are never rounded: they are sums of rounded amounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from tmf.tmf630_guidelines.values import is_number

RATE_DIGITS = 6
"""Digits after the point of a rate of usage."""

_WHOLE_DIGITS = 15
_FRACTION_DIGITS = 12
# Room for an amount times a tax rate times the quantities of nested items.
_EXACT = Context(prec=120, rounding=ROUND_HALF_UP)

_TWO_DIGITS = 2
_NO_DIGITS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
_THREE_DIGITS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


@contextmanager
def exact() -> Iterator[None]:
    """Within it, amounts that `amount_of` takes are added and multiplied without loss."""
    with localcontext(_EXACT):
        yield


def amount_of(value: Any) -> Decimal | None:
    """A document's number as an amount to calculate with; None if it is none of this world.

    That is one of more than 15 digits before the point, or 12 after it.
    """
    if not is_number(value):
        return None
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or (number and number.adjusted() >= _WHOLE_DIGITS):
        return None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, str) or exponent < -_FRACTION_DIGITS:
        return None
    with exact():
        return number.quantize(Decimal(1)) if exponent > 0 else number


def round_money(amount: Decimal, currency: str | None) -> Decimal:
    """An amount in coins of its currency; hundredths if the currency is not known."""
    code = (currency or "").upper()
    return _rounded(
        amount, 0 if code in _NO_DIGITS else 3 if code in _THREE_DIGITS else _TWO_DIGITS
    )


def round_rate(amount: Decimal) -> Decimal:
    """A rate of usage with at most six digits after the point, and no needless ones."""
    exponent = amount.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) else 0
    return amount if digits <= RATE_DIGITS else _rounded(amount, RATE_DIGITS)


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
