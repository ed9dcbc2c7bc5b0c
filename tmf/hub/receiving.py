"""The other side of a delivery, as a listener sees it: is it signed, and is anything missing?"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

from tmf.hub.signing import signatures

TOLERANCE = 300
"""Seconds by which the time of sending may differ from the listener's (Standard Webhooks)."""

Verdict: TypeAlias = Literal["ok", "not checked", "missing", "wrong", "too old"]
"""What is to be said of a signature; `not checked` without a secret to check it by."""


def verdict(
    headers: Mapping[str, str], body: bytes, secrets: Collection[str], now: float
) -> Verdict:
    """Whether a message comes from who knows one of the secrets; `now` in seconds since 1970.

    Names of headers are in lower case. While a secret is rotated there are two signatures, of
    which one has to fit.
    """
    if not secrets:
        return "not checked"
    identity, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signed = headers.get("webhook-signature", "").split()
    if not (identity and signed and timestamp.isascii() and timestamp.isdecimal()):
        return "missing"
    sent = int(timestamp[:19])
    expected = signatures(secrets, identity, sent, body).split()
    fits = [hmac.compare_digest(a.encode(), b.encode()) for a in expected for b in signed]
    if not any(fits):
        return "wrong"
    return "ok" if abs(now - sent) <= TOLERANCE else "too old"


class Gaps:
    """Follows the sequence of one listener: which numbers have not arrived.

    A gap need not be a loss: of different resources, a later event may come first, and what a
    listener misses comes under its own number when it is sent again.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._missing: list[range] = []

    @property
    def missing(self) -> int:
        """How many numbers below the highest one have not arrived."""
        return sum(map(len, self._missing))

    def note(self, number: int) -> str:
        """Take in a number; in words what is odd about it, or nothing."""
        if self._last is None or number > self._last:
            first = number if self._last is None else self._last + 1
            self._last = number
            if first == number:
                return ""
            self._missing.append(range(first, number))
            numbers = f"#{first}" if number - first == 1 else f"#{first} to #{number - 1}"
            return f"gap: {numbers} not seen"
        for place, gap in enumerate(self._missing):
            if number in gap:
                rest = range(gap.start, number), range(number + 1, gap.stop)
                self._missing[place : place + 1] = [part for part in rest if part]
                return "late: closes a gap"
        return "seen before"
