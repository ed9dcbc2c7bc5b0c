"""Rules of the customer."""

from __future__ import annotations

from tmf.declare import Circumstances, Document, GuidelineError


def one_preferred_medium_of_a_type(
    new: Document, _old: Document | None, _: Circumstances
) -> Document:
    """Whoever writes to the customer must be able to tell which address to take."""
    preferred: set[str] = set()
    for medium in new.get("contactMedium") or ():
        kind = medium.get("mediumType")
        if medium.get("preferred") is not True:
            continue
        if kind in preferred:
            raise GuidelineError("conflict", f"two contactMedium of type {kind} are preferred")
        preferred.add(kind)
    return new
