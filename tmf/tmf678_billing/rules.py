"""Rules of the bill on demand."""

from __future__ import annotations

from tmf.declare import Circumstances, Document, GuidelineError


def someone_is_billed(new: Document, old: Document | None, _: Circumstances) -> Document:
    """Without an account or a party nobody knows what to put on the bill. A task that was loaded
    without any is there all the same, and is rejected.
    """
    if old is None and not new.get("billingAccount") and not new.get("relatedParty"):
        raise GuidelineError("conflict", "billingAccount or relatedParty must be given")
    return new
