"""Paging by key: where a page ended, as text a client hands back, and as SQL.

A cursor holds the sort values of a page's last row and its id. Reading on from there costs the
same on every page, and finds each row once whatever has been created or deleted meanwhile.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from tmf.store.resource_tables import PREFIX
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.operands import refuse
from tmf.tmf630_guidelines.values import parse_number

LONGEST = 32_768
"""Characters of the longest cursor."""

_LONGEST_ID = 1024

_LETTERS = {"a": "numeric", "b": "text", "c": "bigint"}
"""What follows the letter in SQLite's sort values."""


class Term(NamedTuple):
    """One expression of an order. Its values are handed back in `type`: SQL's own, or `order`
    for the texts that SQLite sorts by, with their `collation`.
    """

    sql: str
    type: str
    descending: bool
    collation: str = ""

    @property
    def order(self) -> str:
        """The term in ORDER BY: absent values come last."""
        direction = "DESC" if self.descending else "ASC"
        return f"{self.sql}{self.collation} {direction} NULLS LAST"


class Cursor(NamedTuple):
    """The last row of a page: its sort values as text, None where absent, and its id."""

    values: tuple[str | None, ...]
    identity: str

    def encode(self) -> str:
        """As a client gets it."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def decode_cursor(text: str, types: Sequence[str]) -> Cursor:
    """The cursor in a client's text, its values of these SQL types; 400 if it is none of ours."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        cursor = _decoder.decode(urlsafe_b64decode(padded))
    except (ValueError, msgspec.DecodeError, binascii.Error) as error:
        raise _refused() from error
    fits = len(cursor.values) == len(types) and all(
        value is None or _is_of(value, kind)
        for value, kind in zip(cursor.values, types, strict=True)
    )
    if not fits or not 0 < len(cursor.identity) <= _LONGEST_ID or "\0" in cursor.identity:
        raise _refused()
    return cursor


def after(terms: Sequence[Term], cursor: Cursor, bind: Callable[[Any], str]) -> str:
    """A condition that holds of the rows that come after the cursor in the order of the terms,
    ties by id.
    """
    condition = f"id > {bind(cursor.identity)}"
    for term, value in reversed(list(zip(terms, cursor.values, strict=True))):
        sql = f"{term.sql}{term.collation}"
        if value is None:
            condition = f"({sql} IS NULL AND {condition})"
            continue
        sign = "<" if term.descending else ">"
        bound = bind(value) if term.type == "order" else f"CAST({bind(value)} AS {term.type})"
        condition = f"({sql} IS NULL OR {sql} {sign} {bound} OR ({sql} = {bound} AND {condition}))"
    return condition


_decoder = msgspec.json.Decoder(Cursor)


def _refused() -> GuidelineError:
    return refuse("cursor", "is none that a link of this list has given")


def _is_of(value: str, kind: str) -> bool:
    match kind:
        case "boolean":
            return value in ("true", "false")
        case "numeric":
            return parse_number(value) is not None
        case "bigint":
            digits = value.removeprefix("-")
            return digits.isascii() and digits.isdigit() and len(digits) < 20
        case "order":
            return _is_of(value[1:], _LETTERS.get(value[:1], ""))
        case "":
            return False
    return len(value) <= PREFIX and "\0" not in value
