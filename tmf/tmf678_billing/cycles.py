"""Billing cycles of accounts, as TMF666 states them: when bills are made, and when they are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tmf.declare import Document, ReactionContext
from tmf.tmf678_billing.periods import MONTHLY, Rhythm, rhythm_of

_EPOCH = date(2000, 1, 1)
_DUE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Cycle:
    """Bills are made for each period of a rhythm, which begins on the anchor, and again and again;
    they are to be paid `due` days later.
    """

    rhythm: Rhythm = MONTHLY
    first: date = _EPOCH
    due: int = _DUE_DAYS

    def anchor(self, day: date) -> date:
        """The beginning of the period that a day is in."""
        return self.rhythm.span(self.first, day)[0]

    def ended(self, day: date) -> tuple[date, date]:
        """The last period that has ended by a day: its first day, and the first one after it."""
        end = self.anchor(day)
        return self.rhythm.span(self.first, end - timedelta(days=1))[0], end

    def next_bill(self, day: date) -> date:
        """When the period that a day is in ends."""
        return self.rhythm.span(self.first, day)[1]


def cycle_of(context: ReactionContext, account: str) -> Cycle:
    """The cycle of a billing account; monthly, on the first, unless it says otherwise."""
    found = context.read("TMF666.billingAccount", account) or {}
    stated = (found.get("billStructure") or {}).get("cycleSpecification") or {}
    named = context.read("TMF666.billingCycleSpecification", str(stated.get("id") or "")) or {}
    return cycle({**named, **stated})


def cycle(specification: Document) -> Cycle:
    """What a BillingCycleSpecification says: `billingPeriod` or `frequency` (month, 2 weeks),
    `billingDateShift` (days after the first of the month), `paymentDueDateOffset` (days).
    """
    rhythm = rhythm_of(specification.get("billingPeriod")) or rhythm_of(
        specification.get("frequency")
    )
    shift = _whole(specification.get("billingDateShift"), 0)
    due = _whole(specification.get("paymentDueDateOffset"), _DUE_DAYS)
    return Cycle(rhythm or MONTHLY, _EPOCH + timedelta(days=min(max(shift, 0), 27)), max(due, 0))


def _whole(value: object, otherwise: int) -> int:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else otherwise
