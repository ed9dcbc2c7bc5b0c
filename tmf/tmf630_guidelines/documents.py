"""Reading and writing JSON documents without changing what they say.

Numbers keep their text: `10.00` is read as `Decimal("10.00")` and written back as `10.00`;
a number with an exponent keeps its spelling through `NumberText`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from tmf.tmf630_guidelines.body_size import limit_values
from tmf.tmf630_guidelines.errors import GuidelineError

Document = dict[str, Any]

MAX_DIGITS = 1000
"""How many digits a number may have."""

_TOO_LARGE = 10**MAX_DIGITS

MAX_EXPONENT = 4000
"""How far an exponent may move a number's point."""

MAX_DEPTH = 64
"""How deep a document may nest. PostgreSQL and SQLite take far more; readers do not."""


class NumberText(Decimal):
    """A number whose spelling `Decimal` would not keep, such as `1e5` or `0.0000001`."""

    text: str

    def __new__(cls, text: str) -> NumberText:
        """From the number as spelt."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __deepcopy__(self, memo: Any) -> NumberText:
        return self


def _number(text: str) -> Decimal:
    # Decimal itself writes numbers below a millionth with an exponent.
    kept = "e" in text or "E" in text or "0.000000" in text
    return NumberText(text) if kept else Decimal(text)


def _spelling(value: Any) -> msgspec.Raw:
    if isinstance(value, NumberText):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is not a JSON value")


_ESCAPED = re.compile(r'["\\\x00-\x1f]')
"""What is written with a backslash in the names of a JSON object."""

_decoder = msgspec.json.Decoder(float_hook=_number)
_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_spelling)


def decode(text: bytes | str) -> Any:
    """The JSON value in `text`; numbers with a fraction or an exponent are `Decimal`."""
    return _decoder.decode(text)


@lru_cache(maxsize=256)
def decoder_of(names: frozenset[str]) -> Callable[[bytes], Document]:
    """As `decode` of an object, but only these attributes are read; the others cost little."""
    if any(_ESCAPED.search(name) for name in names):
        return decode  # the library's structures have no such names
    ordered = sorted(names)
    fields = [(f"a{number}", Any, msgspec.UNSET) for number in range(len(ordered))]
    rename = {field: name for (field, _, _), name in zip(fields, ordered, strict=True)}
    part = msgspec.defstruct("Part", fields, rename=rename)
    decoder = msgspec.json.Decoder(part, float_hook=_number)

    def read(text: bytes) -> Document:
        values = msgspec.structs.astuple(decoder.decode(text))
        pairs = zip(ordered, values, strict=True)
        return {name: value for name, value in pairs if value is not msgspec.UNSET}

    return read


def encode(value: Any) -> bytes:
    """Compact JSON of a value that `decode` gave (UTF-8)."""
    return _encoder.encode(value)


def parse_body(text: bytes) -> Any:
    """A request body as a value, or a 400 (413 for too many values) that says what is wrong."""
    limit_values(text, "bodyTooLarge", "the document")
    try:
        value = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError) as error:
        raise GuidelineError("invalidBody", str(error)) from error
    except RecursionError as error:
        raise GuidelineError("invalidBody", "the document nests too deeply") from error
    check_storable(value, may_hold_nul=b"\\u0000" in text)
    return value


_HARMLESS = frozenset((str, bool, type(None)))


def check_storable(value: Any, *, may_hold_nul: bool = True) -> None:
    """Refuse what no database keeps: a NUL character, endless nesting, absurd exponents."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                if may_hold_nul:
                    inner.extend(item)
                inner.extend(item.values())
            elif kind is list:
                inner.extend(item)
            elif kind is str:
                _check_text(item)
            elif item is not None:
                _check_number(item)
        if not may_hold_nul:
            inner = [item for item in inner if type(item) not in _HARMLESS]
        if not inner:
            return
        level = inner
    raise GuidelineError("invalidBody", f"the document nests deeper than {MAX_DEPTH} levels")


def _check_number(number: Decimal | int) -> None:
    """PostgreSQL's numbers end somewhere, and nobody counts that far."""
    if isinstance(number, int):
        small = -_TOO_LARGE < number < _TOO_LARGE
    else:
        text = str(number)
        if len(text) <= MAX_DIGITS and "E" not in text:  # most numbers, and cheaper to see
            return
        digits = len(number.as_tuple().digits)
        small = abs(number.adjusted()) <= MAX_EXPONENT and digits <= MAX_DIGITS
    if not small:
        raise GuidelineError("invalidBody", "a number is out of range")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise GuidelineError("invalidBody", "a string holds a NUL character")
