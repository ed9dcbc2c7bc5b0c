"""Search tokens of the hand-tuned services."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any

_FREE_TEXT = frozenset({"description"})


def tokens_of(document: dict[str, Any]) -> list[int]:
    """One number for each scalar of the document, free text left out."""
    return sorted({token(path, text) for path, text in _scalars(document, "")})


def _scalars(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, child in value.items():
            if name not in _FREE_TEXT:
                yield from _scalars(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for child in value:
            yield from _scalars(child, path)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    elif value is not None:
        yield path, str(value)


@lru_cache(maxsize=65_536)  # types, units and states come again
def token(path: str, text: str) -> int:
    """The number for one `path=value`."""
    digest = blake2b(f"{path}={text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
