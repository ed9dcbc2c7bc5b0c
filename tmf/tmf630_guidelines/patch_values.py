"""JSON values as a patch compares, copies and bounds them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tmf.tmf630_guidelines.documents import MAX_DEPTH
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import is_number

MAX_BYTES = 10_000_000
"""Of a patched document as JSON; also of all that the operations of a patch write into it."""


def same_value(one: Any, other: Any) -> bool:
    """Equality of JSON values (RFC 6902, 4.6): numbers by value, and true is not 1."""
    if one is other:  # what was not patched
        return True
    if type(one) is str:  # most values
        return type(other) is str and one == other
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same_value(value, other[name]) for name, value in one.items())
        )
    if isinstance(one, list):
        alike = isinstance(other, list) and len(one) == len(other)
        return alike and all(map(same_value, one, other))
    if is_number(one):
        return is_number(other) and _exact(one) == _exact(other)
    return type(one) is type(other) and bool(one == other)


def _exact(number: Any) -> Any:
    return Decimal(str(number)) if isinstance(number, float) else number


def copy_within(levels: int, value: Any) -> Any:
    """A copy that shares no object or array; patchNotApplicable if it has too many levels."""
    limit_depth(levels)
    if isinstance(value, dict):
        return {name: copy_within(levels - 1, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [copy_within(levels - 1, inner) for inner in value]
    return value


def limit_depth(levels: int) -> None:
    """Refuse a result that needs a level more than may nest."""
    if levels < 1:
        raise GuidelineError(
            "patchNotApplicable", f"the result nests deeper than {MAX_DEPTH} levels"
        )


def limit_bytes(size: int) -> None:
    """Refuse a result of so many bytes of JSON."""
    if size > MAX_BYTES:
        raise GuidelineError("patchNotApplicable", f"the result is larger than {MAX_BYTES} bytes")
