"""What a rate earns in a month, and what it is paid for later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tmf.report_commands import shares

FEBRUARY = (date(2030, 2, 1), date(2030, 3, 1))


def rate(day: str, start: str = "", end: str = "") -> dict[str, Any]:
    begins, ends = f"{start}T00:00:00Z", f"{end}T00:00:00Z"
    covered = {"periodCoverage": {"startDateTime": begins, "endDateTime": ends}} if start else {}
    return {"date": f"{day}T12:00:00Z", **covered}


@pytest.mark.parametrize(
    ("one", "amount", "recognised", "deferred"),
    [
        (rate("2030-02-10"), "49.00", "49.00", "0"),
        (rate("2030-01-10"), "49.00", "0", "0"),
        (rate("2030-02-01", "2030-02-01", "2030-03-01"), "28.00", "28.00", "0"),
        (rate("2030-01-01", "2030-01-01", "2031-01-01"), "365.00", "28.00", "306.00"),
        (rate("2030-03-05", "2030-02-20", "2030-03-20"), "28.00", "9.00", "0"),
        (rate("2030-02-20", "2030-02-20", "2030-03-20"), "-28.00", "-9.00", "-19.00"),
    ],
)
def test_what_belongs_to_a_month(
    one: dict[str, Any], amount: str, recognised: str, deferred: str
) -> None:
    assert shares(one, Decimal(amount), *FEBRUARY) == (Decimal(recognised), Decimal(deferred))


def test_the_months_of_a_period_add_up() -> None:
    paid = rate("2030-01-15", "2030-01-15", "2030-04-15")
    starts = [date(2030, month, 1) for month in range(1, 7)]
    parts = [shares(paid, Decimal("100.01"), start, end)[0] for start, end in pairwise(starts)]
    assert sum(parts) == Decimal("100.01")
