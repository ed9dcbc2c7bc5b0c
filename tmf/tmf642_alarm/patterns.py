"""Alarm patterns: partial alarms; an alarm fits one if it has every attribute that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tmf.declare import Document

_PLAIN = re.compile(r"[\w.: /+-]+", re.ASCII)
"""Values that mean nothing but themselves in an address."""


def fits(pattern: Any, found: Any) -> bool:
    """Whether what was found has all that the pattern asks for, however deep.

    Of a list, every element asked for is to be among those found.
    """
    if isinstance(pattern, dict):
        return isinstance(found, dict) and all(
            name in found and fits(wanted, found[name]) for name, wanted in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(found, list) and all(
            any(fits(wanted, one) for one in found) for wanted in pattern
        )
    return type(pattern) is type(found) and bool(pattern == found)


def query_of(pattern: Document) -> str:
    """Criteria that every alarm satisfies which fits the pattern, and perhaps others too."""
    return "&".join(f"{path}={quote(value)}" for path, value in _plain(pattern, ""))


def _plain(pattern: Document, path: str) -> Iterator[tuple[str, str]]:
    for name, wanted in pattern.items():
        if not re.fullmatch(r"\w+", name):
            continue
        if isinstance(wanted, dict):
            yield from _plain(wanted, f"{path}{name}.")
        elif isinstance(wanted, str) and _PLAIN.fullmatch(wanted) and name != "href":
            yield f"{path}{name}", wanted
