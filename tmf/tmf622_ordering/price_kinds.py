"""Kinds of prices and the rhythm of recurring ones, whatever their spelling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tmf.declare import Document

ONE_TIME = "oneTime"
RECURRING = "recurring"
USAGE = "usage"

_KINDS = {
    "onetime": ONE_TIME,
    "onetimecharge": ONE_TIME,
    "oneoff": ONE_TIME,
    "nonrecurring": ONE_TIME,
    "recurring": RECURRING,
    "recurringcharge": RECURRING,
    "usage": USAGE,
    "usagecharge": USAGE,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def kind_of(text: Any) -> str | None:
    """The kind that a priceType names, if it is one of the three: the standard lists none."""
    return _KINDS.get("".join(filter(str.isalpha, str(text or "").lower())))


@dataclass(frozen=True, slots=True)
class Period:
    """The rhythm of a recurring price: so many of a unit."""

    unit: str
    length: int = 1

    @classmethod
    def of(cls, price: Document) -> Period | None:
        """That of a catalogue price, under the two names that the standard has for it."""
        unit = price.get("recurringChargePeriodType") or price.get("recurringChargePeriod")
        if not unit:
            return None
        length = price.get("recurringChargePeriodLength")
        return cls(str(unit), length if isinstance(length, int) and length > 0 else 1)

    def text(self) -> str:
        """`month`, or `3 month` for a quarter."""
        return self.unit if self.length == 1 else f"{self.length} {self.unit}"

    def times_in(self, amount: int, unit: str) -> int | None:
        """In how many periods such a time passes, a begun one counted; None if none can say."""
        if _singular(unit) == _singular(self.unit):
            return -(-amount // self.length)
        months, own = _MONTHS.get(_singular(unit)), _MONTHS.get(_singular(self.unit))
        if months is None or own is None:
            return None
        return -(-amount * months // (own * self.length))


def _singular(unit: str) -> str:
    return unit.strip().lower().removesuffix("s")
