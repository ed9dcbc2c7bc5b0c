"""Values compared as the guideline says, sharing nothing with the program.

Documents are read by `json` with Fraction for numbers; None stands for what is absent.
"""

from __future__ import annotations

import json
import re
from datetime import date
from fractions import Fraction
from typing import Any


def read(text: str) -> Any:
    """A JSON document; its numbers are Fraction."""
    return json.loads(text, parse_float=Fraction, parse_int=Fraction)


def compare(op: str, kind: str, operands: list[str], node: Any) -> bool:
    """One node (None if absent) against alternatives; `ne`: it equals none of them."""
    if op == "ne":
        return not any(_equal(kind, operand, node) for operand in operands)
    if op == "eq":
        return any(_equal(kind, operand, node) for operand in operands)
    if op == "regex":
        return isinstance(node, str) and any(_found(text, node) for text in operands)
    signs = {"gt": (1,), "gte": (0, 1), "lt": (-1,), "lte": (-1, 0)}[op]
    return any(_sign(kind, operand, node) in signs for operand in operands)


def _equal(kind: str, operand: str, node: Any) -> bool:
    if isinstance(node, bool):
        return kind in ("boolean", "open") and operand == str(node).lower()
    return _sign(kind, operand, node) == 0


def _sign(kind: str, operand: str, node: Any) -> int | None:
    """-1, 0 or 1 as the node is before, at or after the operand; None if incomparable."""
    left: Any = None
    right: Any = None
    if kind == "instant":
        left, right = (instant(node) if isinstance(node, str) else None), instant(operand)
    elif kind in ("text", "open") and isinstance(node, str):
        left, right = [*map(ord, node)], [*map(ord, operand)]
    elif kind in ("number", "open") and isinstance(node, Fraction):
        left, right = node, number(operand)
    return None if left is None or right is None else (left > right) - (left < right)


def _found(pattern: str, text: str) -> bool:
    # In RE2 `$` is the very end; in Python it is also before a last line break.
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def number(text: str) -> Fraction | None:
    """The text as a number: as JSON has it, with a plus, or with zeros in front."""
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    while digits[:1] == "0" and digits[1:2].isdigit():
        digits = digits[1:]
    if not digits[:1].isdigit() or digits != digits.strip():
        return None
    try:
        value: Fraction = read(sign.replace("+", "") + digits)
    except ValueError:
        return None
    return value


def instant(text: str) -> int | None:
    """A date-time in microseconds since the year 0, digits past them cut."""
    day, rest = text[:10], text[10:]
    if not text.isascii() or day[4:5] + day[7:8] != "--":
        return None
    try:
        days = date(_digits(day[:4], 4), _digits(day[5:7], 2), _digits(day[8:], 2)).toordinal()
        seconds, micro = _time(rest) if rest else (0, 0)
    except ValueError:
        return None
    return (days * 86400 + seconds) * 1_000_000 + micro


def _time(text: str) -> tuple[int, int]:
    """Seconds after the day began (in UTC) and microseconds, of `T12:30:00.5+01:00`."""
    if text[0] not in "Tt ":
        raise ValueError(text)
    clock, away = text[1:], 0
    sign = "+" if "+" in clock else "-"
    if clock[-1:] in ("Z", "z"):
        clock = clock[:-1]
    elif sign in clock:
        clock, _, offset = clock.partition(sign)
        hours, minutes = offset[:2], offset[2:].removeprefix(":")
        away = _digits(hours, 2, 23) * 3600 + _digits(minutes, 2, 59) * 60
        away *= 1 if sign == "+" else -1
    hours, minutes, *more = clock.split(":")
    seconds, point, fraction = more[0].partition(".") if more else ("00", "", "")
    if len(more) > 1 or (point and not fraction.isdigit()):
        raise ValueError(text)
    whole = _digits(hours, 2, 23) * 3600 + _digits(minutes, 2, 59) * 60 + _digits(seconds, 2, 60)
    return whole - away, int(fraction[:6].ljust(6, "0"))


def _digits(text: str, length: int, largest: int = 9999) -> int:
    if len(text) != length or not text.isdigit() or int(text) > largest:
        raise ValueError(text)
    return int(text)
