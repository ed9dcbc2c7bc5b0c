"""How many values a JSON text may hold: told before it is decoded.

Each value of a stored document costs a visit, memory many times its text and a search token that
is written while the database's write lock is held; ten million bytes could hold five million.
"""

from __future__ import annotations

import re

from tmf.tmf630_guidelines.errors import GuidelineError

MAX_VALUES = 100_000
"""Values in one document: members, elements, and the objects and arrays that hold them."""

# A text that does not end runs to the end of the document, which is then no JSON.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


def has_too_many_values(text: bytes) -> bool:
    """Whether the text has more than MAX_VALUES commas and opening brackets outside its texts."""
    if len(text) <= MAX_VALUES or _marks(text) <= MAX_VALUES:
        return False
    return count_values(text) > MAX_VALUES


def count_values(text: bytes) -> int:
    """The commas and opening brackets of a JSON text outside its texts: about its values."""
    return _marks(_TEXT.sub(b"", text))


def limit_values(text: bytes, code: str, what: str) -> None:
    """Refuse a text of too many values, by an error of that code; `what` is too large."""
    if has_too_many_values(text):
        raise GuidelineError(code, f"{what} has more than {MAX_VALUES} values")


def _marks(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")
