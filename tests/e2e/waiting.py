"""Waiting for a condition, as long as it takes and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tests.processes import PAUSE

T = TypeVar("T")


def until(condition: Callable[[], T], what: str, timeout: float = 60.0) -> T:
    """The condition's first true value; AssertionError if there is none in `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout:g} s"
        time.sleep(PAUSE)
    return value
