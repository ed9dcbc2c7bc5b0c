"""TMF622 Product Ordering: what may be ordered, and what it costs."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf622_ordering.rules import REFUSE_UNKNOWN, items_can_be_had, items_have_their_own_ids

ORDERING = Extension(
    api="TMF622",
    rules={"productOrder": (items_have_their_own_ids, items_can_be_had)},
    settings=(REFUSE_UNKNOWN,),
)
