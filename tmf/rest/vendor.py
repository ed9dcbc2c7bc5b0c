"""Vendor data: files of documents in the form `{"TMF678": {"customerBill": [{…}, …]}}`.

Read as a stream, one document in memory at a time. Here the stream is only cut where values end;
each document is then read like a request's body, so that its numbers keep their spelling (which
streaming parsers do not tell).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from tmf.tmf630_guidelines.body_size import limit_values
from tmf.tmf630_guidelines.documents import check_storable, decode
from tmf.tmf630_guidelines.errors import GuidelineError

_CHUNK = 1 << 16
_LARGEST = 1 << 26
"""Bytes of one document: more is a file that is not of the form, and must not fill the memory."""

_MARK = re.compile(rb"[^ \t\r\n]")
_SCALAR_END = re.compile(rb"[ \t\r\n,:\[\]{}\"]")
# A text that has not ended yet is only its quotation mark.
_PART = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.DOTALL)
_DEEPER = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}


class ByteSource(Protocol):
    """Anything that is read like a file."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""


class VendorDocument(NamedTuple):
    """One document and where it stands: API, resource, position in its list (from 0)."""

    api: str
    resource: str
    position: int
    document: Any

    @property
    def place(self) -> str:
        """As in `TMF678.customerBill[17]`."""
        return f"{self.api}.{self.resource}[{self.position}]"


def read_vendor_file(file: ByteSource) -> Iterator[VendorDocument]:
    """The documents of a file; 400 where it is not JSON or not of the form."""
    text = _JsonText(file)
    for api in text.members("an object of APIs"):
        for resource in text.members(f"an object of resources under {api}"):
            for position, document in enumerate(text.elements(f"a list under {api}.{resource}")):
                check_storable(document)
                yield VendorDocument(api, resource, position, document)
    if text.next():
        raise _malformed("something follows the object")


def _malformed(why: str) -> GuidelineError:
    return GuidelineError("invalidBody", f"not JSON: {why}")


class _JsonText:
    """JSON read from the front: objects and lists step by step, or a value at once."""

    def __init__(self, file: ByteSource) -> None:
        self._file = file
        self._buffer = b""
        self._at = 0

    def next(self) -> bytes:
        """The byte at which the next thing begins; none at the end of the file."""
        while (found := _MARK.search(self._buffer, self._at)) is None:
            self._at = len(self._buffer)
            if not self._read_on():
                return b""
        self._at = found.start()
        return found.group()

    def members(self, what: str) -> Iterator[str]:
        """The names in an object; whoever asks reads each one's value before the next name."""
        for _ in self._inside(b"{", b"}", what):
            name = self._value()
            if not isinstance(name, str) or not self._take(b":"):
                raise _malformed(f"a name and a colon must stand in {what}")
            yield name

    def elements(self, what: str) -> Iterator[Any]:
        """The values in a list."""
        for _ in self._inside(b"[", b"]", what):
            yield self._value()

    def _inside(self, start: bytes, end: bytes, what: str) -> Iterator[None]:
        """Stops before each thing between the brackets."""
        if not self._take(start):
            self._value()  # or is it no JSON at all?
            raise GuidelineError("invalidBody", f"expected {what}")
        if self._take(end):
            return
        while True:
            yield
            if self._take(end):
                return
            if not self._take(b","):
                raise _malformed(f"a comma or the end must stand in {what}")

    def _take(self, mark: bytes) -> bool:
        """Whether this byte is next; then it is behind us."""
        if self.next() != mark:
            return False
        self._at += 1
        return True

    def _value(self) -> Any:
        """The next value, decoded."""
        first = self.next()
        end = self._end_of_parts() if first in (b'"', b"{", b"[") else self._end_of_scalar()
        raw = self._buffer[self._at : end]
        self._at = end
        limit_values(raw, "invalidBody", "a document")
        try:
            return decode(raw)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise _malformed(str(error)) from error

    def _end_of_scalar(self) -> int:
        """Where a number or a word ends."""
        while (found := _SCALAR_END.search(self._buffer, self._at)) is None:
            if not self._read_on():
                return len(self._buffer)
        return max(found.start(), self._at + 1)

    def _end_of_parts(self) -> int:
        """Where a text, an object or a list ends."""
        depth = seen = 0
        while True:
            for part in _PART.finditer(self._buffer, self._at + seen):
                mark = part.group()
                if mark == b'"':
                    break
                seen = part.end() - self._at
                depth += _DEEPER.get(mark, 0)
                if depth <= 0:
                    return self._at + seen
            if not self._read_on():
                raise _malformed("the file ends too early")

    def _read_on(self) -> bool:
        """Have more in the buffer, and what is behind us no longer; False at the end."""
        kept = self._buffer[self._at :]
        if len(kept) > _LARGEST:
            raise _malformed(f"a document has more than {_LARGEST} bytes")
        # As much again as is kept, so that a large document is not copied many times.
        more = self._file.read(max(_CHUNK, len(kept)))
        self._buffer = kept + more
        self._at = 0
        return bool(more)
