"""How much work something is, told in a way that does not depend on the machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

MOST_CALLS = 100_000
"""Some twenty for each of the 4,000 characters of a criterion; a hundredth of their square."""


def calls_of(work: Callable[[], Any]) -> int:
    """How many functions are called while `work` runs, those written in C included."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
