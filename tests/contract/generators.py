"""Random documents of the sample resource: awkward values, few at a time so that many are equal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from tests.contract.sample_api import INDEXED, SHAPES

Draw = Callable[[st.SearchStrategy[Any]], Any]


class NumberText(str):
    """A number as a document spells it."""

    __slots__ = ()


_LONG = "x" * 256
TEXTS = [
    ["", "a", "A", "b", "ab", "aab", "a b", " a", "a\n"],
    ["Smith, John", "Smith", " John", "John", ",", "Smith,"],
    ["true", "false", "null", "True", "1"],
    ["10", "10.0", "1E1", "010", "+10", " 10", "1_0", "Infinity", "-5", "+5", "-0", "0"],
    ["\u00e9", "e\u0301", "e", "\U0001f600", "\ue000", "\ufffd", "\u2028", "\u0130", "\u00df"],
    ["50%", "%20", "a+b", "a b", "#", "&", "?", "=x", "~x", ">1", "!", "x;y", "x", "y"],
    ["it's", 'quo"te', "back\\slash", "a\\", "line\nbreak", "\t", "\x01", "\x7f", "/", "$.a", "[]"],
    [_LONG, _LONG + "b", _LONG + "c", _LONG[:-1] + "y", _LONG[:-1], "\u00e9" * 256 + "z", "xx"],
    ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", "2026-01-01 00:00:00"],
]
INSTANTS = [
    ["2026-01-01T00:00:00Z", "2026-01-01t00:00:00z", "2026-01-01T01:00:00+01:00", "2026-01-01"],
    ["2026-01-01T00:00", "2025-12-31T19:00:00.000-05:00", "2025-12-31T23:59:60Z", "2026-01-01"],
    ["2026-01-01 00:00:00+0000", "2026-01-01", "2026-01-01T00:00:01Z", "2024-02-29T00:00:00Z"],
    ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500+00:00", "2026-01-01T00:00:00.05Z"],
    ["2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.1234569Z", "2026-01-01T00:00:00.1234567Z"],
    ["1969-12-31T23:59:59.9Z", "1970-01-01", "0001-01-01T00:00:00+23:59", "1969-12-31T23:59:60Z"],
    ["9999-12-31T23:59:60.999999-23:59", "9999-12-31", "2026-06-30T12:00:00.999+05:30"],
]
BAD_INSTANTS = [
    *("2026-02-30", "2026-13-01T00:00:00Z", "0000-01-01", "2026-01-01T24:00:00Z", "2026-1-1"),
    *("2026-01-01T00:00:00Z\n", "2026-01-01T00:00:00.Z", "2026-01-01T", "soon", "", "20260101"),
    *("2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01", "2026-W01-1", "\u0662026-01-01"),
    *("2026-01-01T00:00:61Z", "2026-01-01Z", " 2026-01-01", "2026-01-01T00:00Z+01:00"),
]
NUMBERS = [
    ["10", "10.00", "1e1", "1E+1", "100e-1", "9", "100"],
    ["0", "-0", "-0.0", "0e5", "0.00", "-1e-7", "1e-7", "-0E+2"],
    ["-5", "-5.0", "-50e-1", "-4.9", "5", "-51"],
    ["0.1", "0.10", "0.1" + "0" * 40 + "1", "0.1" + "0" * 40, "1e-1"],
    ["9007199254740993", "9007199254740992", "9007199254740992.5", "9007199254740993.0"],
    ["18446744073709551616", "18446744073709551615", "123456789012345678901234567890"],
    ["1e4000", "-1e4000", "1e-4000", "1.5e300", "1" + "0" * 300, "1e300", "3" * 300 + ".5"],
]
KEYS = [
    *("ext", "a-b", "@odd", "it's", 'quo"te', "$dollar", "x.y", "gr\u00f6\u00dfe", "\U0001f600"),
    *("sp ace", "gt", "0", "back\\slash", "e\u0301", "per%cent", "plus+", "and&", "semi;colon"),
    *(
        "col:on",
        "%(x)s",
        "?",
        "#",
        "tab\t",
        "*",
        "[0]",
        "comma,",
        "Name",
        "true",
        "null",
        "\u00b2",
        "",
    ),
]


_place = lru_cache(lambda count: st.integers(0, count - 1))
_ABSENT = object()
_CHARACTERS = st.characters(exclude_characters="\0", codec="utf-8")


def one_of(draw: Draw, options: Sequence[Any]) -> Any:
    """One of the options; as `sampled_from`, but without a new strategy for each draw."""
    return options[draw(_place(len(options)))]


@dataclass(frozen=True)
class Pool:
    """What one example's documents and queries are made of: few values, in few attributes.

    `shapes` says like SHAPES which attributes a schema has here; `keys` are those it does not
    declare.
    """

    text: list[str]
    instant: list[str]
    number: list[NumberText]
    boolean: list[bool]
    shapes: dict[str, dict[str, str]]
    keys: list[str]

    def of_kind(self, kind: str) -> list[Any]:
        """Values of a kind; of any if it is open."""
        everything = [*self.text, *self.instant, *self.number, *self.boolean]
        return list(getattr(self, kind.replace("prose", "text"), everything))

    def leaves(self, shape: str, *, strict: bool) -> list[Any]:
        """Values at an attribute: mostly of its kind, and unless `strict` seldom others."""
        usual = [*self.of_kind(shape) * 2, None, *BAD_INSTANTS[: 2 * (shape == "instant")]]
        return usual if strict else [*usual, *self.of_kind("open")[::3], {}, ["a"]]


@st.composite
def pools(draw: Draw) -> Pool:
    """Values of each kind, some of them equal but spelt differently."""
    texts = [
        *_some(draw, TEXTS, 4),
        one_of(draw, BAD_INSTANTS),
        draw(st.text(_CHARACTERS, max_size=3)),
    ]
    shapes = {
        schema: {
            name: SHAPES[schema][name]
            for name in draw(st.permutations([*SHAPES[schema]]))[:5]
            if schema != "Sample" or name not in ("id", "href")
        }
        for schema in SHAPES
    }
    return Pool(
        text=texts,
        instant=_some(draw, INSTANTS, 3),
        number=list(map(NumberText, _some(draw, NUMBERS, 3))),
        boolean=[True, False],
        shapes=shapes,
        keys=draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True)),
    )


def _some(draw: Draw, families: list[list[str]], count: int) -> list[str]:
    """Values of one family, and one of any."""
    values = draw(st.permutations(one_of(draw, families)))[:count]
    return [*values, one_of(draw, [value for family in families for value in family])]


class Documents:
    """Draws documents."""

    def __init__(self, draw: Draw, pool: Pool) -> None:
        self._draw = draw
        self._pool = pool

    def document(self) -> dict[str, Any]:
        """One document, without id and href."""
        return self._object("Sample", 0)

    def _one_of(self, options: Sequence[Any]) -> Any:
        return one_of(self._draw, options)

    def _object(self, schema: str, depth: int) -> dict[str, Any]:
        shapes = self._pool.shapes[schema].items()
        strict = INDEXED if not depth else ()
        known = {
            name: self._declared(shape, depth, strict=name in strict) for name, shape in shapes
        }
        others = {name: self._any(depth + 1) for name in self._pool.keys}
        return {name: value for name, value in (known | others).items() if value is not _ABSENT}

    def _declared(self, shape: str, depth: int, *, strict: bool) -> Any:
        if shape.endswith("*"):
            count = self._one_of((0, 1, 2, 2, 3))
            elements = [self._declared(shape[:-1], depth, strict=strict) for _ in range(count)]
            return [element for element in elements if element is not _ABSENT]
        if shape in SHAPES:
            return self._object(shape, depth + 1) if depth < 2 else _ABSENT
        if shape == "open":
            return self._any(depth + 1)
        return self._one_of([*self._pool.leaves(shape, strict=strict), _ABSENT, _ABSENT])

    def _any(self, depth: int) -> Any:
        """Any JSON value, or none."""
        form = self._one_of("-vvvvao" if depth < 4 else "-v")
        if form == "a":
            elements = [self._any(depth + 1) for _ in range(self._one_of((0, 1, 2, 3)))]
            return [None if element is _ABSENT else element for element in elements]
        if form == "o":
            values = {name: self._any(depth + 1) for name in self._pool.keys}
            return {name: value for name, value in values.items() if value is not _ABSENT}
        return self._one_of(self._pool.of_kind("open")) if form == "v" else _ABSENT


def json_text(value: Any) -> str:
    """The value as JSON, numbers spelt as they are."""
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, dict):
        inner = (f"{json.dumps(name)}:{json_text(child)}" for name, child in value.items())
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(json_text, value))}]"
    return json.dumps(value)


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every path in a document, with each node that is there (arrays gone through)."""
    if isinstance(value, list):
        for element in value:
            yield from places(element, path)
        return
    if path:
        yield path, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from places(child, (*path, name))


def spelling(scalar: Any) -> str | None:
    """A scalar as a query writes it; None for null and objects."""
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    return str(scalar) if isinstance(scalar, str) else None
