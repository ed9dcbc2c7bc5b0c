"""PATCH: the three patch formats of the guideline, on decoded documents.

Sources: TMF630 parts 1 and 5; RFC 7396 for the merge patch; RFC 6902 for the JSON patch
(`json_patch`) and its selectors (`json_patch_query`). A malformed patch is `invalidPatch`; a
well-formed one that does not fit the document, or would make too large a one, is
`patchNotApplicable`. Arguments are never changed, and a result shares no object or array with
them.
"""

from __future__ import annotations

from typing import Any

from tmf.tmf630_guidelines.body_size import limit_values
from tmf.tmf630_guidelines.documents import MAX_DEPTH, Document, encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.json_patch import apply_operations
from tmf.tmf630_guidelines.patch_values import copy_within, limit_bytes, limit_depth, same_value

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON_PATCH_QUERY = "application/json-patch-query+json"

_JSON = "application/json"

MERGING = (MERGE, _JSON)
"""Media types of a merge patch."""

ACCEPT_PATCH = ", ".join((MERGE, JSON_PATCH, JSON_PATCH_QUERY, _JSON))
"""The value of the header Accept-Patch (RFC 5789, 3.1)."""


def apply_patch(media_type: str, document: Document, patch: Any) -> Document:
    """The patched document, a new one.

    `media_type` is in lower case and without parameters; `application/json` means merge.
    Errors: invalidPatch, patchNotApplicable (both "operation 2: …", counted from 1),
    unsupportedMediaType.
    """
    if media_type in MERGING:
        if not isinstance(patch, dict):
            raise GuidelineError("invalidPatch", "a merge patch is an object")
        result: Document = _merge(document, patch, MAX_DEPTH)
    elif media_type in (JSON_PATCH, JSON_PATCH_QUERY):
        result = apply_operations(document, patch, selectors=media_type == JSON_PATCH_QUERY)
    else:
        raise GuidelineError(
            "unsupportedMediaType",
            f"a patch is one of {ACCEPT_PATCH}",
            headers={"Accept-Patch": ACCEPT_PATCH},
        )
    text = encode(result)
    limit_bytes(len(text))
    limit_values(text, "patchNotApplicable", "the result")
    return result


def changed_paths(before: Document, after: Document) -> tuple[str, ...]:
    """The first-level attributes that differ, sorted; numbers by value (`10.00` is `10`)."""
    return tuple(
        name
        for name in sorted(before.keys() | after.keys())
        if name not in before or name not in after or not same_value(before[name], after[name])
    )


def _merge(target: Any, patch: Any, levels: int) -> Any:
    """RFC 7396, section 2, into a new value of at most so many levels."""
    if not isinstance(patch, dict):
        return copy_within(levels, patch)
    limit_depth(levels)
    merged = {}
    for name, value in target.items() if isinstance(target, dict) else ():
        if name not in patch:
            merged[name] = copy_within(levels - 1, value)
        elif patch[name] is not None:
            merged[name] = _merge(value, patch[name], levels - 1)
    for name, value in patch.items():
        if value is not None and name not in merged:
            merged[name] = _merge(None, value, levels - 1)
    return merged
