"""Numbers of bills: one after the other within a year, without gaps.

Tax laws ask for that. A number is given in the transaction that makes the bill, as the last thing
there: whoever makes another bill waits from then on, and one that is not made uses none up.
"""

from __future__ import annotations

import re
from datetime import date

from tmf.declare import ReactionContext

_LAST = "billNumber"
"""The kind of record that holds the last number of a year."""


def next_number(context: ReactionContext, day: date) -> str:
    """The number of a bill of this day, such as `2030-000017`."""
    year = f"{day.year:04}"
    records = context.records(_LAST)
    last = (records.get(year, lock=True) or {}).get("last")
    if last is None:
        records.add(year, {"last": _given(context, year)})
        last = (records.get(year, lock=True) or {})["last"]
    number = int(last) + 1
    records.put(year, {"last": number})
    return f"{year}-{number:06}"


def _given(context: ReactionContext, year: str) -> int:
    """The last number of the year among bills that were brought from elsewhere."""
    found = context.find("TMF678.customerBill", f"billNo.gte={year}-&billNo.lt={year}.")
    numbered = (re.fullmatch(rf"{year}-(\d{{1,9}})", str(one.get("billNo"))) for one in found)
    return max((int(one[1]) for one in numbered if one), default=0)
