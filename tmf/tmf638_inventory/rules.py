"""Rules of the service."""

from __future__ import annotations

from tmf.declare import Circumstances, Document, GuidelineError


def no_service_supports_itself(
    new: Document, _old: Document | None, circumstances: Circumstances
) -> Document:
    """A service that rested on itself would never be found to be affected by anything else."""
    for support in new.get("supportingService") or ():
        if support.get("id") == circumstances.identity:
            raise GuidelineError("conflict", "supportingService names the service itself")
    return new
