"""Scalar values as the guideline compares them: by the attribute's type in the spec.

Five kinds: `text`, `number`, `boolean`, `instant` (date-time), and `open` where the spec
leaves the type open: equal as text, or as numbers if both are.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal

Kind = Literal["text", "number", "boolean", "instant", "open", "object"]

_EPOCH = datetime(1970, 1, 1)
_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:\.([0-9]+))?)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))?)?"
)
_USUAL = 40
"""Characters of the longest instant that is remembered."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,1000}(?:\.[0-9]{1,1000})?(?:[eE][+-]?[0-9]{1,4})?")


def parse_instant(text: str) -> int | None:
    """An RFC 3339 date-time as microseconds since 1970 (UTC), or None.

    Also taken: a bare date (its midnight), no seconds, no offset (read as UTC).
    Digits past the microsecond are cut, not rounded, the same on every database.
    """
    return _known_instant(text) if len(text) <= _USUAL else _read_instant(text)


def _read_instant(text: str) -> int | None:
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, off_h, off_m = match.groups()
    try:
        start = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0))
    except ValueError:
        return None
    whole = (start - _EPOCH).days * 86400 + (start - _EPOCH).seconds + int(second or 0)
    if sign:
        offset = int(off_h) * 3600 + int(off_m) * 60
        whole += offset if sign == "-" else -offset
    return whole * 1_000_000 + int((fraction or "")[:6].ljust(6, "0"))


# The same few are read again and again: when it was raised, changed, started.
_known_instant = lru_cache(maxsize=4096)(_read_instant)


def parse_number(text: str) -> Decimal | None:
    """A number as a query may spell it, as Decimal, or None: JSON's way, a plus, leading zeros."""
    if _NUMBER.fullmatch(text) is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def is_number(value: Any) -> bool:
    """Whether a document's value is a JSON number (booleans are not)."""
    return isinstance(value, (int, Decimal, float)) and not isinstance(value, bool)


def canonical_number(value: Any) -> str:
    """One text per number: `10`, `10.00` and `1e1` are all `1e1`."""
    if type(value) is int and value:
        plain = str(value)
        text = plain.rstrip("0")
        return f"{text}e{len(plain) - len(text)}" if len(text) < len(plain) else text
    if type(value) is Decimal and "E" not in (plain := str(value)):  # prices
        whole, _, fraction = plain.partition(".")
        if fraction := fraction.rstrip("0"):
            minus = "-" if whole[0] == "-" else ""
            significant = (whole.removeprefix("-") + fraction).lstrip("0")
            return f"{minus}{significant}e-{len(fraction)}"
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not number:
        return "0"
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    shift = int(exponent) + len(digits) - len(text)
    return f"{'-' if sign else ''}{text}e{shift}" if shift else f"{'-' if sign else ''}{text}"


def instant(micros: int | None) -> str | None:
    """Microseconds since 1970 as the server writes times; None for none."""
    return None if micros is None else format_instant(datetime.fromtimestamp(micros / 1e6, UTC))


def format_instant(moment: datetime) -> str:
    """A server-set time: UTC with `Z` and milliseconds."""
    exact = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return exact.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def lies_ahead(moment: Any, now: str) -> bool:
    """Whether a document's time, if it is one, is after the present."""
    at = parse_instant(moment) if isinstance(moment, str) else None
    present = parse_instant(now)
    return at is not None and present is not None and at > present
