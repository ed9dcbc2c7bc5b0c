"""Search tokens: one 64-bit number per scalar `path=value` of a document.

Equality at any depth becomes a set question: a document that satisfies the criteria holds
certain tokens. The reverse is not certain (a hash may collide, two criteria may be met by
different elements), so candidates are judged again, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from struct import unpack
from typing import Any, TypeAlias

from tmf.spec.attributes import Attribute
from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node, Some
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.values import (
    canonical_number,
    is_number,
    parse_instant,
    parse_number,
)

LONGEST = 256
"""Characters of the longest text that has a token."""

Clause: TypeAlias = frozenset[int]
"""Tokens of which a matching document holds at least one."""

_OPEN = Attribute("open")

_KEPT = 64
"""Values of one attribute whose tokens are remembered: types, units, states come again."""

_SHORT = 80
"""Characters of the longest text among them."""

_DEEP = 12
"""Names in the longest path that is remembered, since paths may go round in circles."""

_STRANGE = 50
"""Attributes that are remembered of one resource though it does not declare them: anybody may
invent some.
"""


class TokenReader:
    """Reads the tokens of one resource's documents."""

    def __init__(self, attributes: Attribute) -> None:
        self._root = _Place(attributes, (), _Strange())

    def tokens(self, document: Document) -> list[int]:
        """The tokens of a document, sorted, each once."""
        digests: set[bytes | None] = set()
        _collect(document, self._root, digests)
        digests.discard(None)
        return sorted(unpack(f">{len(digests)}q", b"".join(digests)))  # type: ignore[arg-type]


def tokens_of(document: Document, attributes: Attribute) -> list[int]:
    """The tokens of a single document."""
    return TokenReader(attributes).tokens(document)


class _Strange:
    """How many attributes of a resource are remembered that it does not declare."""

    def __init__(self) -> None:
        self._left = _STRANGE

    def one_more(self) -> bool:
        """Whether another one is to be remembered; it counts then."""
        self._left -= 1
        return self._left >= 0


class _Place:
    """A path into documents, with the digests of values that were found there.

    What lies below it is remembered, but for what is too deep, or `strange` and too many.
    """

    __slots__ = ("_attribute", "_path", "_strange", "digests", "kind", "places", "start")

    def __init__(
        self, attribute: Attribute, path: tuple[str, ...], strange: _Strange | None
    ) -> None:
        self._attribute = attribute
        self._path = path
        self._strange = strange if len(path) <= _DEEP else None
        self.places: dict[str, _Place] = {}
        self.kind: str = "prose" if attribute.free_text else attribute.kind
        self.start = ".".join(path) + "\0"
        self.digests: dict[Any, bytes | None] = {}

    def below(self, name: str) -> _Place:
        """The place one name further."""
        place = self.places.get(name)
        if place is None:
            known = self._attribute.children.get(name)
            strange = self._strange
            if strange is not None and known is None and not strange.one_more():
                strange = None
            place = _Place(known or _OPEN, (*self._path, name), strange)
            if strange is not None:
                self.places[name] = place
        return place

    def digest(self, value: Any) -> bytes | None:
        """The digest of a scalar; None if it has no token."""
        if value is None or self.kind == "prose":
            return None
        if value is True or value is False:  # equal to 0 or 1, so not to be looked up
            return _digest(f"{self.start}b:{'true' if value else 'false'}")
        if value in self.digests:
            return self.digests[value]
        text = _token_text(value, self.kind)
        digest = None if text is None else _digest(self.start + text)
        if len(self.digests) < _KEPT and text is not None and len(text) <= _SHORT:
            self.digests[value] = digest
        return digest


def _collect(document: Document, place: _Place, digests: set[bytes | None]) -> None:
    """Types are looked at exactly and one by one: half of a create's time was spent here."""
    places = place.places
    for name, child in document.items():
        below = places.get(name) or place.below(name)
        kind = type(child)
        if kind is str:  # most values
            known = below.digests
            digests.add(known[child] if child in known else below.digest(child))
        elif kind is dict:
            _collect(child, below, digests)
        elif kind is list:
            _collect_elements(child, below, digests)
        else:
            digests.add(below.digest(child))


def _collect_elements(elements: list[Any], place: _Place, digests: set[bytes | None]) -> None:
    for element in elements:
        kind = type(element)
        if kind is dict:
            _collect(element, place, digests)
        elif kind is list:
            _collect_elements(element, place, digests)
        else:
            digests.add(place.digest(element))


def _token_text(value: Any, kind: str) -> str | None:
    if isinstance(value, str):
        if kind == "instant":
            moment = parse_instant(value)
            return None if moment is None else f"i:{moment}"
        return f"s:{value}" if len(value) <= LONGEST else None
    return f"n:{canonical_number(value)}" if is_number(value) else None


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()


def _hash(path: str, text: str) -> int:
    return int.from_bytes(_digest(f"{path}\0{text}"), "big", signed=True)


def tokens_of_texts(path: Sequence[str], values: Iterable[str]) -> list[int]:
    """The tokens of documents that have one of these texts at a path; long texts have none."""
    joined = ".".join(path)
    return [_hash(joined, f"s:{value}") for value in values if len(value) <= LONGEST]


def clauses_of(criteria: Node, attributes: Attribute) -> list[Clause]:
    """What a matching document's tokens must satisfy: every clause. No clauses: no help."""
    return [clause for clause in _clauses(criteria, attributes, "") if clause]


def _clauses(node: Node, attribute: Attribute, path: str) -> Iterable[Clause]:
    match node:
        case All(parts):
            return [clause for part in parts for clause in _clauses(part, attribute, path)]
        case Some(parts):
            return _either([list(_clauses(part, attribute, path)) for part in parts])
        case Field(name, inner):
            known = attribute.children.get(name, _OPEN)
            return _clauses(inner, known, f"{path}.{name}" if path else name)
        case Compare("eq", kind, operands) if not attribute.free_text:
            texts = [_operand_texts(kind, operand) for operand in operands]
            if all(texts):
                return [frozenset(_hash(path, text) for some in texts for text in some)]
    return []


def _either(options: list[list[Clause]]) -> list[Clause]:
    """One clause of every option, joined: whichever option holds, the join does."""
    if not options or not all(options):
        return []
    return [frozenset().union(*(min(option, key=len) for option in options))]


def _operand_texts(kind: str, operand: str) -> list[str]:
    """The token texts of values equal to the operand; none if such a value may lack a token."""
    match kind:
        case "boolean":
            return [f"b:{operand}"]
        case "instant":
            return [f"i:{parse_instant(operand)}"]
        case "number":
            return [f"n:{canonical_number(parse_number(operand))}"]
    if len(operand) > LONGEST:
        return []
    texts = [f"s:{operand}"]
    if kind == "open":
        number = parse_number(operand)
        texts += [f"n:{canonical_number(number)}"] if number is not None else []
        texts += [f"b:{operand}"] if operand in ("true", "false") else []
    return texts
