"""The calendar of charges and bills, in whole days (UTC). Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tmf.declare import parse_instant

_TEXT = re.compile(r"\s*(\d{1,4})?\s*([A-Za-z]+)\s*")
_UNITS = {
    "day": ("days", 1),
    "daily": ("days", 1),
    "week": ("days", 7),
    "weekly": ("days", 7),
    "month": ("months", 1),
    "monthly": ("months", 1),
    "quarter": ("months", 3),
    "quarterly": ("months", 3),
    "year": ("months", 12),
    "yearly": ("months", 12),
    "annual": ("months", 12),
    "annually": ("months", 12),
}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A recurring span: so many days, or so many months."""

    unit: str
    length: int

    def shifted(self, anchor: date, count: int) -> date:
        """The start of the span so many spans after the one that starts at the anchor."""
        if self.unit == "days":
            return anchor + timedelta(days=self.length * count)
        months = anchor.year * 12 + anchor.month - 1 + self.length * count
        year, month = divmod(months, 12)
        return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))

    def index(self, anchor: date, day: date) -> int:
        """Which span, counted from the anchor's, a day is in."""
        if self.unit == "days":
            return (day - anchor).days // self.length
        months = (day.year - anchor.year) * 12 + day.month - anchor.month
        guess = months // self.length
        while self.shifted(anchor, guess) > day:
            guess -= 1
        while self.shifted(anchor, guess + 1) <= day:
            guess += 1
        return guess

    def span(self, anchor: date, day: date) -> tuple[date, date]:
        """First day of the span that a day is in, and of the one after it."""
        index = self.index(anchor, day)
        return self.shifted(anchor, index), self.shifted(anchor, index + 1)

    def pieces(self, anchor: date, start: date, end: date) -> Iterator[tuple[date, date]]:
        """The days from start to before end, cut where one span ends and the next begins."""
        while start < end:
            cut = min(end, self.span(anchor, start)[1])
            yield start, cut
            start = cut


MONTHLY = Rhythm("months", 1)


def rhythm_of(text: object) -> Rhythm | None:
    """`month`, `3 months`, `yearly` … as a rhythm; None if it is none."""
    found = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    word = found[2].lower()
    known = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
    count = int(found[1] or 1)
    return None if known is None or count == 0 else Rhythm(known[0], known[1] * count)


def day_of(moment: str) -> date:
    """The day of a time (RFC 3339)."""
    micros = parse_instant(moment)
    if micros is None:
        raise ValueError(f"{moment} is no time")
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)).date()


def instant_of(day: date) -> str:
    """The beginning of a day, as it is written into documents."""
    return f"{day.isoformat()}T00:00:00.000Z"
