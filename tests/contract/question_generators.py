"""Random list queries about given documents: criteria, JSONPath filters, order and page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.contract.filter_generators import Filters
from tests.contract.generators import Draw, Pool
from tests.contract.operand_generators import Operands
from tests.contract.questions import Has, Pair, Path, Question
from tests.contract.sample_api import SHAPES, kind_at

_SYMBOLS = {
    "eq": ("=", "=="),
    "ne": ("!=",),
    "gt": (">",),
    "gte": (">=",),
    "lt": ("<",),
    "lte": ("<=",),
    "regex": ("*=", "=~"),
}
_SORTABLE = re.compile(r"[^\s+,-](?:[^,]*[^\s,])?")
_NAMEABLE = re.compile(r"[^<>=.;]*[^<>=.;!*~]")
_LONGEST_FILTER = 3500


class Questions:
    """Draws queries about the documents of one example."""

    def __init__(self, draw: Draw, pool: Pool, documents: list[dict[str, Any]]) -> None:
        self._operands = Operands(draw, pool, documents)
        self._filters = Filters(self._operands)
        self._one_of = self._operands.one_of

    def question(self) -> Question:
        """One query."""
        self._operands.aim()
        parts: list[str] = []
        pairs: list[Pair] = []
        filters: list[Has] = []
        for path in self._together():
            for _ in range(self._one_of((1, 1, 1, 2))):
                pair, text = self._pair(path)
                pairs.append(pair)
                parts.append(text)
        for _ in range(self._one_of((0, 0, 0, 1, 1, 2))):
            asked, text = self._filters.filter()
            if len(text) < _LONGEST_FILTER:
                filters.append(asked)
                parts.append(f"filter={self._encoded(text)}")
        sort = self._sort()
        if sort:
            parts.append(f"sort={','.join(self._sort_key(*key) for key in sort)}")
        offset = self._one_of((*(0,) * 8, 1, 1, 2, self._operands.count, 2**53 - 1))
        limit = self._one_of((100, 100, 100, 0, 1, 2, 3, 1000))
        parts += [f"offset={offset}"] * bool(offset) + [f"limit={limit}"] * (limit != 100)
        return Question("&".join(parts), tuple(pairs), tuple(filters), sort, offset, limit)

    def _encoded(self, text: str) -> str:
        return quote(text, safe=self._one_of(("", "@$.,;:/?*()![]='\"<>|~")))

    # Plain criteria

    def _together(self) -> list[Path]:
        """No, one or a few attributes, often of one element."""
        count = self._one_of((0, 1, 1, 1, 2, 2, 2, 3))
        if not count:
            return []
        if self._one_of(range(20)) == 19:
            return [("price",)]  # an object: refused
        nameable = self._nameable()
        first = self._one_of(nameable)
        near = [path for path in nameable if path[0] == first[0]]
        wider = [*near * 2, *nameable]
        others = [self._one_of(wider) for _ in range(count - 1)]
        return list(dict.fromkeys([first, *others]))

    def _nameable(self) -> list[Path]:
        paths = [path for path in self._operands.paths if all(map(_NAMEABLE.fullmatch, path))]
        # An undeclared attribute called like an operator is only asked for in JSONPath.
        paths = [
            path for path in paths if len(path) == 1 or path[-1] not in _SYMBOLS or _declared(path)
        ]
        return [path for path in paths if kind_at(path) != "object"]

    def _pair(self, path: Path) -> tuple[Pair, str]:
        kind = kind_at(path)
        tests = self._tests(path, kind)
        written = [self._written(path, op, text) for op, text in tests]
        whole = ";".join([tests[0][1], *(name + sign + text for name, sign, text in written[1:])])
        name, sign, _ = written[0]
        encoded = self._encoded(name + sign)
        if kind == "instant" and len(tests) == 1:
            value = quote(whole, safe="+:")  # an unescaped plus stays one
        elif kind == "number" and self._operands.yes():
            value = quote(whole, safe="+")
        elif kind == "text" and self._operands.yes():
            value = quote(whole, safe=" ").replace(" ", "+")
        else:
            value = self._encoded(whole)
        return Pair(path, tuple(tests), whole), encoded + value

    def _tests(self, path: Path, kind: str) -> list[tuple[str, str]]:
        """One operator and operand, or a comma list, or alternatives of their own."""
        form = self._one_of("ssssscc;")
        if form == ";":
            tests = [self._operands.test(path, kind) for _ in range(self._one_of((2, 2, 3)))]
            return [(op, text.replace(";", "")) for op, text in tests]
        op, text = self._operands.test(path, kind)
        if form == "c" and op != "regex":
            text = ",".join([text, *(self._operands.operand(path, kind) for _ in range(2))])
        return [(op, text)]

    def _written(self, path: Path, op: str, text: str) -> tuple[str, str, str]:
        """Name, literal operator and value, with a suffix where the literal would mislead."""
        name = ".".join(path)
        symbol = self._one_of(_SYMBOLS[op])
        misleading = text[:1] in ("=", "~", "<", ">")
        if misleading or self._operands.yes():
            return f"{name}.{op}", "=", text
        return name, symbol, text

    # Order

    def _sort(self) -> tuple[tuple[Path, bool], ...]:
        usable = [path for path in self._nameable() if all(map(_SORTABLE.fullmatch, path))]
        usable += [("href",), ("start",), ("state",)]
        several = st.lists(st.sampled_from(usable), max_size=3, unique=True)
        chosen = self._operands.draw(several) or [self._one_of(usable)] * self._one_of((0, 1))
        return tuple((path, self._operands.yes()) for path in chosen)

    def _sort_key(self, path: Path, descending: bool) -> str:
        sign = "-" if descending else self._one_of(("", "+", "%2B"))
        return sign + self._encoded(".".join(path)).replace(",", "%2C")


def _declared(path: Path) -> bool:
    shape = "Sample"
    for name in path:
        shape = SHAPES.get(shape, {}).get(name, "").rstrip("*")
    return bool(shape)
